from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from reeld.storage import crashpoints
from reeld.storage.crashpoints import (
    UnknownCrashPoint,
    arm,
    crash_point,
    hit_counts,
    registry,
    watch,
)


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    crashpoints.disarm()


def run(code: str) -> int:
    program = f"from reeld.storage.crashpoints import *\n{code}"
    return subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode


def test_a_point_does_nothing_unless_a_test_armed_it() -> None:
    crash_point("grab.torrent.stored")
    assert hit_counts() == {}


def test_an_armed_point_kills_the_process_at_the_asked_hit() -> None:
    code = """
import sys
arm("grab.torrent.stored", hit=2)
crash_point("grab.torrent.stored")
crash_point("grab.intent.committed")
print("once", flush=True)
crash_point("grab.torrent.stored")
sys.exit(7)
"""
    assert run(code) == -signal.SIGKILL


def test_other_points_than_the_armed_one_let_the_process_live() -> None:
    assert (
        run('import sys; arm("import.folder.made"); crash_point("import.part.linked"); sys.exit(7)')
        == 7
    )


def test_no_environment_variable_arms_a_point(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REELD_CRASH_POINT", "CRASH_AT", "REELD_CRASH_AT"):
        monkeypatch.setenv(name, "grab.torrent.stored")
    assert run('import sys; crash_point("grab.torrent.stored"); sys.exit(7)') == 7


def test_hits_are_counted_while_watched() -> None:
    watch()
    for _ in range(3):
        crash_point("import.file.renamed")
    crash_point("import.file.synced")
    assert hit_counts() == {"import.file.renamed": 3, "import.file.synced": 1}


@pytest.mark.parametrize("call", [crash_point, arm])
def test_a_name_that_nobody_registered_is_an_error(call: object) -> None:
    with pytest.raises(UnknownCrashPoint):
        call("grab.no.such.point")  # type: ignore[operator]


def test_a_point_cannot_be_armed_for_a_hit_that_never_comes() -> None:
    with pytest.raises(ValueError, match="first time"):
        arm("grab.torrent.stored", hit=0)


def test_the_registry_covers_every_case_from_search_to_restore_with_unique_names() -> None:
    cases = {point.case for point in registry().values()}
    numbers = range(1, 8)
    pipeline = {"S1", "T1", "L1", *(f"G{n}" for n in numbers), *(f"I{n}" for n in numbers)}
    library = {"F1", "F2", "F3", "F4"}
    assert cases == pipeline | library | {"B1", "B2", "R1", "R2", "R3", "K1", "K2", "K3"}
    assert len(registry()) == len(crashpoints.POINTS)
