"""DispatcherActor: turns committed events into work, and rows that are due into hints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

import structlog

from reeld.actors.kernel import Actor, handles
from reeld.actors.learning import learn
from reeld.actors.resources import Resources
from reeld.actors.tracing import stage_span
from reeld.domain.errors import DatabaseUnavailable, ReeldError
from reeld.domain.history import EventKind
from reeld.domain.messages import Message, Overflow, Sweep
from reeld.domain.reactions import work_after
from reeld.storage.crashpoints import crash_point
from reeld.storage.errors import LeadershipLost
from reeld.storage.events import CHANNEL as EVENTS_CHANNEL
from reeld.storage.events import Events, OutboxEvent
from reeld.storage.repositories import decisions, evidence, releases, sessions, throttles
from reeld.storage.work import CHANNEL as WORK_CHANNEL
from reeld.storage.work import submit

log = structlog.get_logger("reeld.actors")

PIPELINE: Final = "pipeline"
"""The subscriber whose reaction to an event is the work that follows from it."""
TELLER: Final = "teller"
"""The subscriber that tells people, in the log."""
LEARNER: Final = "learner"
"""The subscriber that keeps what events teach about release groups."""

POLL_SECONDS: Final = 5.0
RESCUE_SECONDS: Final = 10.0
PRUNE_SECONDS: Final = 3600.0
PRUNE_ROWS: Final = 1000
"""Rows of a kind that are deleted at once."""
PRUNE_PAUSE_SECONDS: Final = 0.2

_TOLD: Final = frozenset(
    {
        EventKind.MOVIE_ADDED,
        EventKind.MOVIE_GRABBED,
        EventKind.DOWNLOAD_COMPLETED,
        EventKind.DOWNLOAD_FAILED,
        EventKind.MOVIE_IMPORTED,
        EventKind.FILE_RETIRED,
        EventKind.CREDENTIALS_REJECTED,
        EventKind.WORK_DEAD,
        EventKind.BACKUP_CREATED,
        EventKind.BACKUP_VERIFIED,
        EventKind.BACKUP_RESTORED,
    }
)


@dataclass(frozen=True, slots=True)
class React(Message[None]):
    """Events may have been committed."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


@dataclass(frozen=True, slots=True)
class Poll(Message[None]):
    """Look for events and due rows that no notification announced."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


@dataclass(frozen=True, slots=True)
class Rescue(Message[None]):
    """Take work back from processes that are gone."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


@dataclass(frozen=True, slots=True)
class Prune(Message[None]):
    """Delete old rows that nobody needs."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE
    deadline_seconds: ClassVar[float | None] = 120.0


class DispatcherActor(Actor):
    """The truth is in rows; this actor is how quickly they are noticed.

    It listens for PostgreSQL's notifications, and polls in case they are lost. Each event becomes work in the
    transaction that moves the subscriber's cursor, so it does exactly once.
    """

    name = "dispatcher"

    def __init__(self, resources: Resources) -> None:
        super().__init__()
        self._resources = resources
        self._events = Events(resources.database)
        self._subscribed = False

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Begin to listen and to poll."""
        self.start_soon(self._listen)
        self.every("poll", POLL_SECONDS, Poll(), first=0.0, jitter=0.2)
        self.every("rescue", RESCUE_SECONDS, Rescue(), first=0.0, jitter=0.2)
        self.every("prune", PRUNE_SECONDS, Prune(), jitter=0.2)

    @handles(React)
    async def react(self, _message: React) -> None:
        """Handle every event that is new to a subscriber."""
        try:
            await self._handle_events()
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("events_postponed", reason=error.reason)

    @handles(Poll)
    async def poll(self, _message: Poll) -> None:
        """Handle new events, and hint at due rows."""
        try:
            await self._handle_events()
            for queue in await self._resources.work.due_queues():
                self._hint(queue)
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("poll_postponed", reason=error.reason)

    @handles(Rescue)
    async def rescue(self, _message: Rescue) -> None:
        """Give work of processes that are gone to others."""
        try:
            for row in await self._resources.work.rescue():
                self._hint(row.queue)
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("rescue_postponed", reason=error.reason)

    @handles(Prune)
    async def prune(self, _message: Prune) -> None:
        """Delete old finished work, events that everybody has read, and whatever else nobody needs any more."""
        days = self._resources.settings.current.decision.explanation_days
        try:
            gone = [
                await self._resources.work.prune(limit=PRUNE_ROWS),
                await self._events.prune(limit=PRUNE_ROWS),
            ]
            async with self._resources.database.transaction() as conn:
                gone.append(await releases.prune(conn, limit=PRUNE_ROWS))
                gone.append(await evidence.prune(conn, limit=PRUNE_ROWS))
                gone.append(await decisions.prune(conn, days=days, limit=PRUNE_ROWS))
                idle = timedelta(days=self._resources.settings.current.access.session_idle_days)
                gone.append(await sessions.prune(conn, idle, limit=PRUNE_ROWS))
                gone.append(await throttles.prune(conn, limit=PRUNE_ROWS))
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("prune_postponed", reason=error.reason)
            return
        if max(gone) >= PRUNE_ROWS:
            # The rest in pieces too: events and hints pass in between.
            self.after("prune the rest", PRUNE_PAUSE_SECONDS, Prune())

    async def _handle_events(self) -> None:
        if not self._subscribed:
            await self._events.subscribe(PIPELINE)
            await self._events.subscribe(TELLER, from_start=False)
            await self._events.subscribe(LEARNER)
            self._subscribed = True
        while events := await self._events.read_after(PIPELINE):
            await self._ask_for_work(events)
        while events := await self._events.read_after(TELLER):
            await self._tell_people(events)
        while events := await self._events.read_after(LEARNER):
            await self._learn(events)

    async def _ask_for_work(self, events: list[OutboxEvent]) -> None:
        async with self._resources.database.transaction() as conn:
            for event in events:
                await submit(
                    conn,
                    *work_after(event),
                    traceparent=event.traceparent,
                    movie_id=event.movie_id,
                )
            await self._events.advance(conn, PIPELINE, events[-1].id)

    async def _tell_people(self, events: list[OutboxEvent]) -> None:
        # Told before it is noted as told: after a crash in between, rather twice than never.
        for event in events:
            if event.kind in _TOLD:
                name = str(event.kind).replace(".", "_")
                with stage_span(
                    f"notify {event.kind}", "notify", event.movie_id, event.traceparent
                ):
                    log.info(name, **{"movie_id": event.movie_id, **event.payload})
        crash_point("told.event.logged")
        async with self._resources.database.transaction() as conn:
            await self._events.advance(conn, TELLER, events[-1].id)
        crash_point("told.event.noted")

    async def _learn(self, events: list[OutboxEvent]) -> None:
        async with self._resources.database.transaction() as conn:
            learned = await learn(conn, events)
            await self._events.advance(conn, LEARNER, events[-1].id)
            if learned:
                crash_point("learned.evidence.uncommitted")
        if learned:
            crash_point("learned.evidence.committed")
        for kind in learned:
            self._resources.metrics.add("reeld_group_evidence_total", kind=str(kind))

    def _hint(self, queue: str) -> None:
        try:
            self._resources.directory[queue].tell(Sweep())
        except ReeldError as error:
            # The row stays where it is; the actor's own sweep finds it.
            log.debug("hint_lost", queue=queue, reason=error.reason)

    async def _listen(self) -> None:
        async with self._resources.database.listen(WORK_CHANNEL, EVENTS_CHANNEL) as listener:
            async for heard in listener:
                if heard.gap:
                    # Whatever was committed while nobody listened was not announced to us.
                    self.address.tell(Poll())
                elif heard.channel == WORK_CHANNEL:
                    self._hint(heard.payload)
                else:
                    self.address.tell(React())
