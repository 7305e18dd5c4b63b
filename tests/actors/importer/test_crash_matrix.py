"""An upgrade is killed at every crash point, and again at every point of its recovery.

The journal here is one JSON file replaced atomically; the actor's own tests use the real one.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reeld.actors.importer import _copying, _parts
from reeld.actors.importer._parts import Means, Transfer
from reeld.actors.importer.placement import place, verify
from reeld.actors.importer.recycle import retire
from reeld.domain.acquisition import LinkKind
from reeld.storage import crashpoints

# Python 3.12 warns of a fork beside the threads of other tests; the child touches none of theirs.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),
]

NEW, OLD = b"NEW" * 1000, b"OLD" * 1500
FINAL = "Movie (2020)/Movie (2020).mkv"
OTHER = "Film (2020)/Film.mkv"
LINK, COPY = Means(), Means(transfer=Transfer.COPY, reserve=0)


def tick(done: int) -> None:
    pass


def run_import(world: Any, order: Any, old: str) -> None:
    """The steps of the actor, with a journal that is good enough for one process."""
    journal = world.library.parent / "journal"
    step = json.loads(journal.read_text()) if journal.exists() else {"step": "planned"}

    def commit(**values: str) -> None:
        step.update(values)
        journal.with_suffix(".new").write_text(json.dumps(step))
        journal.with_suffix(".new").rename(journal)

    if step["step"] == "planned":
        placed = place(order, tick)
        crashpoints.crash_point("import.plan.committed")  # before the journal knows
        commit(step="placed", link=placed.link)
    if step["step"] == "placed":
        verify(order, LinkKind(step["link"]), tick, whole=True)
        commit(step="recorded")
    if step["step"] == "recorded":
        retire(order.root_folder, old, order.destination, order.shelf, tick)
        crashpoints.crash_point("import.retired.committed")
        commit(step="done")


def always(world: Any, old: str) -> None:
    """What holds at every moment, before any recovery."""
    assert world.source.read_bytes() == NEW, "the download was touched"
    everywhere = [path for path in world.library.rglob("*") if path.is_file()]
    whole = [path for path in everywhere if not path.name.endswith(".part")]
    assert all(path.read_bytes() in (NEW, OLD) for path in whole), "a half file has a final name"
    assert any(path.read_bytes() == OLD for path in whole), "the old file is lost"
    if old == FINAL:
        assert world.final.exists(), "the final name was empty for a moment"
    if not world.final.exists() or world.final.read_bytes() == OLD:
        assert (world.library / old).read_bytes() == OLD, (
            "the old file went before the new one came"
        )


def finally_(world: Any, old: str) -> None:
    always(world, old)
    assert world.tree() == [f".recycle/2026-09-14T101500Z-7/{old}", FINAL]
    assert world.final.read_bytes() == NEW
    assert not (world.library / "Film (2020)").exists()


def in_child(world: Any, order: Any, old: str, kill: tuple[str, int] | None) -> dict[str, int]:
    """Run the import in a process of its own; the answer is empty when it was killed."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            crashpoints.watch() if kill is None else crashpoints.arm(*kill)
            run_import(world, order, old)
            os.write(write, json.dumps(dict(crashpoints.hit_counts())).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        hits = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return json.loads(hits) if status == 0 else {}


def moments(hits: dict[str, int]) -> Iterator[tuple[str, int]]:
    for name, count in hits.items():
        for hit in range(1, count + 1):
            yield name, hit


@pytest.mark.parametrize("means", [LINK, COPY], ids=["hardlink", "copy"])
@pytest.mark.parametrize("old", [FINAL, OTHER], ids=["same name", "another name"])
def test_an_upgrade_survives_two_kills_anywhere(
    tmp_path: Path, make_world: Any, means: Means, old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_copying, "_RANGE", 1500)
    monkeypatch.setattr(_parts, "clone", lambda *_: False)
    counter = itertools.count()

    def fresh() -> tuple[Any, Any]:
        world = make_world(tmp_path / f"{next(counter)}")
        (world.library / old).parent.mkdir(parents=True)
        (world.library / old).write_bytes(OLD)
        return world, world.order(means=means)

    world, order = fresh()
    points = in_child(world, order, old, None)
    finally_(world, old)
    assert sum(points.values()) >= 10, points

    for first in moments(points):
        world, order = fresh()
        assert in_child(world, order, old, first) == {}, f"{first} was not reached"
        always(world, old)
        recovery = in_child(world, order, old, None)
        finally_(world, old)
        for second in moments(recovery):
            world, order = fresh()
            in_child(world, order, old, first)
            in_child(world, order, old, second)
            always(world, old)
            in_child(world, order, old, None)
            finally_(world, old)
