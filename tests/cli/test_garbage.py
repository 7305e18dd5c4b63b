from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import gc, json, weakref
from reeld.cli.garbage import keep_what_is_loaded

class Ring:
    def __init__(self):
        self.itself = self

loaded = [Ring() for _ in range(1000)]
before = gc.get_freeze_count()
keep_what_is_loaded()
frozen = gc.get_freeze_count() - before
looked = []
gc.callbacks.append(lambda phase, info: looked.append(info["generation"]) if phase == "stop" else None)
refs = []
for _ in range(30_000):
    ring = Ring()
    refs.append(weakref.ref(ring))
    del ring
alive = sum(ref() is not None for ref in refs)
print(json.dumps({"frozen": frozen, "looked": looked, "alive": alive, "made": len(refs)}))
"""


def ran() -> dict[str, object]:
    """In a process of its own: what is loaded there stays for good."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_what_is_loaded_is_not_looked_through_again_and_rings_that_come_after_it_are_still_collected() -> (
    None
):
    found = ran()

    assert isinstance(found["frozen"], int)
    assert found["frozen"] > 1000
    looked = found["looked"]
    assert isinstance(looked, list)
    assert 0 < len(looked) < 12
    assert 2 not in looked
    assert isinstance(found["alive"], int)
    assert found["alive"] < 15_000
