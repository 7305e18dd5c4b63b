"""The actor tree: the one place that says which actors exist, and who looks after whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol
from uuid import UUID

import trio

from reeld.actors.backup import BackupActor
from reeld.actors.database import DatabaseActor
from reeld.actors.decision import DecisionActor
from reeld.actors.dispatcher import DispatcherActor
from reeld.actors.hdbits import HdbitsActor
from reeld.actors.health import HealthActor
from reeld.actors.importer import ImportActor
from reeld.actors.indexers import IndexersActor, KeepActors
from reeld.actors.kernel import Actor
from reeld.actors.qbit import QbitActor
from reeld.actors.resources import Resources
from reeld.actors.rss import RssActor
from reeld.actors.scheduler import SchedulerActor
from reeld.actors.tmdb import TmdbActor
from reeld.domain.work import Queue
from reeld.supervisors._brood import Brood, Wanted
from reeld.supervisors._kit import IncarnationEnded
from reeld.supervisors._life import EndCause
from reeld.supervisors._spec import (
    ChildSpec,
    OnExhausted,
    Strategy,
    SupervisorSpec,
    TaskSpec,
)

_WORKERS = frozenset(str(queue) for queue in Queue)


class WebService(Protocol):
    """What serves HTTP; it comes from outside, since this room knows nothing of the web."""

    async def run(self, *, task_status: trio.TaskStatus[object]) -> None:
        """Serve until told to stop."""

    def stop(self) -> None:
        """Let open requests end, then return from `run`."""


MakeDatabase = Callable[[], DatabaseActor]
MakeHealth = Callable[[], HealthActor]


def tree_of(
    resources: Resources,
    *,
    web: WebService,
    ops: WebService | None = None,
    events: WebService | None = None,
    database: MakeDatabase,
    health: MakeHealth,
) -> SupervisorSpec:
    """Return the tree of a daemon.

    The surface is up before the rest and down after it, so that health can be asked while the database still recovers.
    Core actors escalate: without them nothing works, and the init system had better start the daemon again. Each other
    actor has a budget of its own and is parked when it is used up, which takes no neighbour down.

    Args:
        resources: What the actors share.
        web: Serves HTTP.
        ops: Serves the ops surface by a door of its own, if it has one.
        events: Tells live events to the clients of `web`: down before it, so that they are told that it goes.
        database: Makes the database's actor, which needs to know where the database is.
        health: Makes the actor that keeps health results fresh.
    """
    brood = Brood()
    return SupervisorSpec(
        name="root",
        strategy=Strategy.ONE_FOR_ONE,
        children=(
            SupervisorSpec(
                name="surface",
                children=(
                    *(
                        _door(name, served)
                        for name, served in (("web", web), ("ops", ops))
                        if served
                    ),
                    *(
                        [TaskSpec(name="events", run=events.run, stop=events.stop)]
                        if events
                        else ()
                    ),
                    _leaf("health", health),
                ),
            ),
            SupervisorSpec(
                name="core",
                strategy=Strategy.REST_FOR_ONE,
                children=(
                    _core("database", database),
                    _core("dispatcher", lambda: DispatcherActor(resources.of("dispatcher"))),
                    _core("scheduler", lambda: SchedulerActor(resources.of("scheduler"))),
                ),
            ),
            SupervisorSpec(
                name="sources",
                children=(
                    _leaf("tmdb", lambda: TmdbActor(resources.of("tmdb"))),
                    _leaf("hdbits", lambda: HdbitsActor(resources.of("hdbits"))),
                    _leaf("rss", lambda: RssActor(resources.of("rss"))),
                    _leaf(
                        "indexers", lambda: IndexersActor(resources.of("indexers"), _keeper(brood))
                    ),
                    # One actor an indexer's row; the actor before says which.
                    SupervisorSpec(name="torznab", children=(), brood=brood),
                ),
            ),
            SupervisorSpec(
                name="pipeline",
                children=(
                    _leaf("decision", lambda: DecisionActor(resources.of("decision"))),
                    _leaf("qbit", lambda: QbitActor(resources.of("qbit"))),
                    _leaf("importer", lambda: ImportActor(resources.of("importer"))),
                    _leaf("backup", lambda: BackupActor(resources.of("backup"))),
                ),
            ),
        ),
    )


def _keeper(brood: Brood) -> KeepActors:
    def keep(wanted: Mapping[str, tuple[str, Callable[[], Actor]]]) -> None:
        brood.keep({name: Wanted(*each) for name, each in wanted.items()})

    return keep


def _door(name: str, served: WebService) -> TaskSpec:
    return TaskSpec(name=name, run=served.run, stop=served.stop, on_exhausted=OnExhausted.ESCALATE)


def _leaf(name: str, factory: Callable[[], Actor]) -> ChildSpec:
    return ChildSpec(name=name, factory=factory)


def _core(name: str, factory: Callable[[], Actor]) -> ChildSpec:
    return ChildSpec(name=name, factory=factory, on_exhausted=OnExhausted.ESCALATE)


def returns_rows(resources: Resources) -> IncarnationEnded:
    """Return the hook that gives the rows of an ended incarnation back at once."""

    async def give_back(name: str, incarnation: UUID, cause: str) -> None:
        # Nobody else claims rows; and when the database's own actor ends there is nothing to write to.
        if name.partition(":")[0] in _WORKERS:
            await resources.work.give_back(incarnation, crashed=cause == EndCause.CRASHED)

    return give_back
