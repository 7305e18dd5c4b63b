"""SchedulerActor: asks for the work that comes round again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import structlog

from reeld.actors.kernel import Actor, handles
from reeld.actors.resources import Resources
from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.messages import Message, Overflow, SettingsChanged
from reeld.domain.searching import ROUND_SECONDS as SEARCH_ROUND_SECONDS
from reeld.domain.settings import Settings
from reeld.domain.torznab import Indexer
from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import indexers
from reeld.storage.schedule import Schedule, Task, task_of_feed

log = structlog.get_logger("reeld.actors")

LONGEST_PAUSE_SECONDS: Final = 30.0
SHORTEST_PAUSE_SECONDS: Final = 0.2
REFRESH_SECONDS: Final = 6 * 3600.0
FIRST_BACKUP_SECONDS: Final = 3600.0
"""In its first hour a new daemon has nothing worth saving."""


@dataclass(frozen=True, slots=True)
class RunDue(Message[None]):
    """Look which tasks are due."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


def tasks_of(settings: Settings, rows: Sequence[Indexer] = ()) -> dict[str, Task]:
    """Return the tasks that the settings and the indexers' rows ask for, by name."""
    tasks: list[Task] = []
    if settings.hdbits is not None:
        tasks.append(
            _task(
                "hdbits-recent",
                settings.hdbits.poll_seconds,
                WorkRequest(Queue.HDBITS, WorkKind.POLL_RECENT, {}, "recent", Priority.BACKGROUND),
            )
        )
    if settings.searches_per_hour(has_indexers=bool(rows)):
        request = WorkRequest(
            Queue.DECISION, WorkKind.SEARCH_MISSING, {}, "missing", Priority.BACKGROUND
        )
        tasks.append(_task("search-missing", SEARCH_ROUND_SECONDS, request))
    if settings.tmdb is not None:
        tasks.append(
            _task(
                "refresh-movies",
                REFRESH_SECONDS,
                WorkRequest(Queue.TMDB, WorkKind.REFRESH_STALE, {}, "stale", Priority.BACKGROUND),
            )
        )
    for feed in settings.feeds:
        request = WorkRequest(Queue.RSS, WorkKind.POLL_FEED, {"feed": feed.name}, feed.name)
        tasks.append(_task(task_of_feed(feed.name), feed.interval_seconds, request))
    for indexer in rows:
        if indexer.enable_rss:
            request = WorkRequest(
                indexer.part, WorkKind.POLL_RECENT, {}, "recent", Priority.BACKGROUND
            )
            tasks.append(_task(indexer.part, settings.torznab.poll_seconds, request))
    if settings.backup.every_hours > 0:
        seconds = settings.backup.every_hours * 3600
        request = WorkRequest(Queue.BACKUP, WorkKind.MAKE_BACKUP, {}, "backup", Priority.BACKGROUND)
        first = min(seconds, FIRST_BACKUP_SECONDS)
        tasks.append(Task("backup", seconds, (request,), first_after=first))
    return {task.name: task for task in tasks}


def _task(name: str, seconds: float, request: WorkRequest) -> Task:
    return Task(name, seconds, (request,))


class SchedulerActor(Actor):
    """Keeps the schedule's rows as the settings say, and asks for the work of each task when it is due."""

    name = "scheduler"

    def __init__(self, resources: Resources) -> None:
        super().__init__()
        self._settings = resources.settings
        self._database = resources.database
        self._schedule = Schedule(resources.database)
        self._tasks: dict[str, Task] | None = None

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Look at once."""
        self.after("due", 0.0, RunDue())

    @handles(SettingsChanged)
    async def settings_changed(self, _message: SettingsChanged) -> None:
        """Declare the tasks anew."""
        self._tasks = None
        await self._look()

    @handles(RunDue)
    async def run_due(self, _message: RunDue) -> None:
        """Ask for what is due, and come back when the next task is."""
        await self._look()

    async def _look(self) -> None:
        pause = LONGEST_PAUSE_SECONDS
        try:
            there = await indexers.every(self._database)
            wanted = tasks_of(self._settings.current, there)
            if wanted != self._tasks:
                await self._schedule.declare(wanted)
                self._tasks = wanted
            for name in await self._schedule.run_due(wanted):
                log.debug("task_due", task=name)
            pause = await self._schedule.seconds_to_next() or pause
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("schedule_postponed", reason=error.reason)
            pause = 5.0 * random.uniform(0.8, 1.2)
        self.after("due", min(max(pause, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS), RunDue())
