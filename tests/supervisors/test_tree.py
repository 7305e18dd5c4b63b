"""The tree of the daemon, as a table: the daemon's own tests run it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock
from uuid import uuid4

import pytest
import structlog
import trio

from reeld.actors.resources import Resources
from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.work import Queue
from reeld.supervisors import (
    ChildSpec,
    EndCause,
    Kit,
    OnExhausted,
    Strategy,
    SupervisorSpec,
    TaskSpec,
)
from reeld.supervisors.tree import returns_rows, tree_of


class Web:
    async def run(self, *, task_status: trio.TaskStatus[object]) -> None:
        task_status.started()

    def stop(self) -> None: ...


@pytest.fixture
def tree() -> SupervisorSpec:
    resources = MagicMock(spec=Resources)
    return tree_of(resources, web=Web(), database=MagicMock(), health=MagicMock())


def leaves(spec: SupervisorSpec) -> Iterator[Any]:
    for child in spec.children:
        if isinstance(child, SupervisorSpec):
            yield from leaves(child)
        else:
            yield child


def test_the_surface_is_up_before_the_rest_and_down_after_it(tree: SupervisorSpec) -> None:
    assert [child.name for child in tree.children] == ["surface", "core", "sources", "pipeline"]
    assert tree.strategy is Strategy.ONE_FOR_ONE


def test_a_database_that_restarts_takes_along_who_lives_from_it(tree: SupervisorSpec) -> None:
    core = tree.children[1]
    assert isinstance(core, SupervisorSpec)
    assert core.strategy is Strategy.REST_FOR_ONE
    assert [child.name for child in core.children] == ["database", "dispatcher", "scheduler"]


def test_only_what_nothing_works_without_escalates(tree: SupervisorSpec) -> None:
    escalating = {c.name for c in leaves(tree) if c.on_exhausted is OnExhausted.ESCALATE}
    assert escalating == {"web", "database", "dispatcher", "scheduler"}


def test_every_queue_has_an_actor_of_its_name(tree: SupervisorSpec) -> None:
    actors = {child.name for child in leaves(tree) if isinstance(child, ChildSpec)}
    # Of Torznab each indexer has an actor of its own, as rows come.
    assert {str(queue) for queue in Queue} - {str(Queue.TORZNAB)} <= actors


def test_the_web_server_is_asked_to_stop_and_not_cancelled(tree: SupervisorSpec) -> None:
    (web,) = (child for child in leaves(tree) if isinstance(child, TaskSpec))
    assert web.stop is not None


@pytest.mark.parametrize(
    ("name", "cause", "given_back"),
    [
        ("qbit", EndCause.CRASHED, True),
        ("qbit", EndCause.REQUESTED, False),
        ("database", EndCause.CRASHED, None),
        ("health", EndCause.SHUTDOWN, None),
    ],
)
async def test_the_rows_of_an_incarnation_that_ended_are_given_back(
    name: str, cause: EndCause, given_back: bool | None
) -> None:
    calls: list[tuple[object, bool]] = []

    class Work:
        async def give_back(self, worker: object, *, crashed: bool) -> None:
            calls.append((worker, crashed))

    resources = MagicMock(spec=Resources)
    resources.work = Work()
    incarnation = uuid4()
    await returns_rows(resources)(name, incarnation, cause.value)
    assert calls == ([] if given_back is None else [(incarnation, given_back)])


async def test_rows_that_cannot_be_given_back_while_the_database_is_away_alarm_nobody() -> None:
    async def away(*_: object) -> None:
        raise DatabaseUnavailable("PostgreSQL is away.")

    with structlog.testing.capture_logs() as records:
        await Kit(incarnation_ended=away).tell_end("qbit", uuid4(), "shutdown")
    (record,) = records
    assert (record["log_level"], record["reason"]) == ("info", "database_unavailable")
