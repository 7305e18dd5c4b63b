from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reeld.actors.kernel import ActorState, BreakerState
from reeld.cli.notify import one_line, status_line
from reeld.http.surface import Readiness
from reeld.supervisors import Control, NodeSnapshot, Supervisor, SupervisorSpec, TreeSnapshot

READY = Readiness()


async def idle(*, task_status: Any) -> None: ...


@pytest.fixture
async def tree() -> TreeSnapshot:
    """An empty tree."""
    return Control(Supervisor(SupervisorSpec(name="root", children=()))).tree()


def with_actors(tree: TreeSnapshot, *nodes: NodeSnapshot, parked: tuple[str, ...] = ()) -> Any:
    return replace(tree, children=nodes, parked=parked)


class Shown:
    """As much of a snapshot as the line reads."""

    def __init__(
        self, name: str, *breakers: tuple[str, BreakerState], children: tuple[Any, ...] = ()
    ) -> None:
        self.name, self.children, self.state = name, children, ActorState.RUNNING
        self.breakers = tuple(Named(*breaker) for breaker in breakers)


class Named:
    def __init__(self, name: str, state: BreakerState) -> None:
        self.name, self.state = name, state


async def test_the_line_says_what_runs_and_what_is_open_however_deep(tree: TreeSnapshot) -> None:
    hdbits: Any = Shown("hdbits", ("hdbits", BreakerState.OPEN))
    tmdb: Any = Shown("tmdb", ("tmdb", BreakerState.CLOSED))
    sources: Any = Shown("sources", children=(hdbits, tmdb))
    line = status_line(READY, with_actors(tree, sources), 3)
    assert line == "ready: 3 downloads, 1 breaker open (hdbits)"


async def test_a_breaker_that_is_forced_open_counts_and_one_that_probes_does_not(
    tree: TreeSnapshot,
) -> None:
    rss: Any = Shown(
        "rss",
        *(("b", BreakerState.FORCED_OPEN), ("a", BreakerState.OPEN)),
        *(("c", BreakerState.HALF_OPEN), ("d", BreakerState.DISABLED)),
    )
    line = status_line(READY, with_actors(tree, rss, parked=("importer",)), 1)
    assert line == "ready: 1 download, 2 breakers open (a, b), 1 actor parked (importer)"


async def test_long_lists_are_cut_short(tree: TreeSnapshot) -> None:
    rss: Any = Shown("rss", *((f"feed-{n}", BreakerState.OPEN) for n in range(9)))
    line = status_line(READY, with_actors(tree, rss), 0)
    assert line == "ready: 0 downloads, 9 breakers open (feed-0, feed-1, feed-2, 6 more)"


async def test_what_nobody_knows_is_left_out(tree: TreeSnapshot) -> None:
    assert status_line(READY, None, None) == "ready"
    assert status_line(READY, tree, None) == "ready"


async def test_faulty_settings_are_said(tree: TreeSnapshot) -> None:
    line = status_line(READY, tree, 0, reloaded=False)
    assert line == "ready: 0 downloads, changed settings are faulty, the former ones hold"


def test_a_daemon_that_is_not_ready_says_why() -> None:
    waiting = Readiness("database_unavailable", "PostgreSQL cannot be reached. Is it running?")
    line = status_line(waiting, None, None)
    assert line == "database unavailable: PostgreSQL cannot be reached. Is it running?"


@pytest.mark.parametrize(
    "text", ["a\nREADY=1", "a\r\nWATCHDOG=trigger", "a\x00b", "a\u2028b", "a\x1b[31m"]
)
def test_nothing_from_outside_can_begin_a_line_of_its_own(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert len(line.splitlines()) == 1


def test_the_line_has_a_bounded_length() -> None:
    assert len(one_line("x" * 10_000)) == 300
