"""DatabaseActor: the server, the schema, the lead over it, and what lives as long as that lead."""

from __future__ import annotations

import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import ClassVar, Final

import psycopg
import structlog
import trio

from reeld.actors.kernel import Actor, handles
from reeld.actors.kernel.breaker import Breaker, BreakerKeeper, BreakerState
from reeld.actors.leadership import outlast
from reeld.actors.outage import BREAKER, CONFIG, DatabaseGate, database_verdict, is_away
from reeld.domain.errors import BreakerOpen, DatabaseUnavailable, DeadlineExceeded, Unavailable
from reeld.domain.messages import Message, Overflow
from reeld.storage import Database
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.errors import LeadershipHeld
from reeld.storage.leader import Leader
from reeld.storage.work import Presence
from reeld.telemetry import Metrics

log = structlog.get_logger("reeld.actors")

CHECK_SECONDS: Final = 5.0
CHECK_DEADLINE_SECONDS: Final = 2.0
UNREACHED: Final = "PostgreSQL cannot be reached. Is it running, and is REELD_DATABASE_URL right?"
PREPARING: Final = "The database is being prepared. Nothing is lost; work begins when it is ready."
START_SECONDS: Final = 5.0
"""How long the rest of the tree waits for the database before it starts without one."""
RETRY_SECONDS: Final = (0.2, 10.0)
"""The first and the longest pause between attempts to reach a server that is away."""
CLOCK: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"
TRIAL: Final = """
CREATE TEMPORARY TABLE reeld_trial ON COMMIT DROP AS SELECT md5(n::text) FROM generate_series(1, 10000) n
"""
"""Writes some 600 KiB on the disk of the data, and takes them away again."""


@dataclass(frozen=True, slots=True)
class CheckDatabase(Message[None]):
    """Ask the database whether it answers."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


@dataclass(slots=True)
class DatabaseStatus:
    """What is known of the database without asking it: read by health checks on every request.

    Attributes:
        is_ready: Whether the schema is in place and this process leads.
        answered_at: The loop's time of the last answer; None before the first.
        epoch: The epoch in which this process leads.
        trouble: Why the start waits, for a person; None when it does not.
        rival: When another daemon that is known to live took the lead; None when there is none.
        breaker: Open while the server is away; None before the database's actor starts.
        clock_skew: Seconds by which the server's clock is ahead of ours; None before the first answer.
        disk_is_full: Whether the server has no room to write.
        was_ready: Set when it is ready for the first time.
    """

    is_ready: bool = False
    answered_at: float | None = None
    epoch: int | None = None
    trouble: str | None = None
    rival: datetime | None = None
    breaker: Breaker | None = None
    clock_skew: float | None = None
    disk_is_full: bool = False
    was_ready: trio.Event = field(default_factory=trio.Event)

    @property
    def is_away(self) -> bool:
        """Whether the server is known to be away: calls are refused at once then."""
        return is_away(self.breaker)


class DatabaseActor(Actor):
    """Runs the embedded server if there is one, takes and keeps the lead, and brings the schema up to date.

    A server that is away is waited for, and so is a lead that nobody renews. What a person must put right (another daemon leads, a database newer than this
    reeld) is a fault that escalates, so that the daemon ends and says so.

    Args:
        database: The pool that everybody uses.
        migrate: Brings the schema up to date; it comes as a function, since this room knows no migrations.
        server: The embedded server; None when the settings name another one.
        keeper: Restores and stores breakers while the database is there.
        presence: Shows other processes that this one lives.
        reconcile: Learns what the rows do not know after a restore, before anybody else may read or write them.
        on_ready: Called once after each time this process took the lead, before any other actor may write.
    """

    name = "database"

    def __init__(
        self,
        *,
        database: Database,
        migrate: Callable[[], Awaitable[object]],
        server: EmbeddedServer | None,
        keeper: BreakerKeeper,
        presence: Presence,
        metrics: Metrics,
        status: DatabaseStatus,
        on_ready: Callable[[], Awaitable[None]],
        reconcile: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        super().__init__()
        self._database = database
        self._migrations = migrate
        self._server = server
        self._keeper = keeper
        self._presence = presence
        self._metrics = metrics
        self._status = status
        self._on_ready = on_ready
        self._reconcile = reconcile
        self._leads = trio.Event()
        self._database.hold_back(PREPARING)

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Begin to serve, and give the database a moment; being ready is told by the status."""
        self._stand_guard()
        self.start_soon(self._serve)
        self.every("check", CHECK_SECONDS, CheckDatabase(), first=CHECK_SECONDS)
        # Whoever starts next looks at its rows at once. Looking in vain would cost it a whole interval: ten seconds
        # until the work of a killed daemon is taken up again.
        with trio.move_on_after(START_SECONDS):
            await self._leads.wait()

    @handles(CheckDatabase)
    async def check(self, _message: CheckDatabase) -> None:
        """Note whether the database answers; that it does not is state, not a fault."""
        try:
            async with self._breaker.call():
                await self._probe()
        except (BreakerOpen, DatabaseUnavailable, DeadlineExceeded) as error:
            log.debug("database_does_not_answer", reason=error.reason)
            self._metrics.set("reeld_db_up", 0)
            self._probe_again()
            return
        self._status.answered_at = trio.current_time()
        self._metrics.set("reeld_db_up", 1)
        if self._status.disk_is_full:
            await self._try_to_write()

    @property
    def _breaker(self) -> Breaker:
        return self.address.breakers[BREAKER]

    def _stand_guard(self) -> None:
        """Put the breaker, which outlives incarnations, before all calls. It is not stored: where would it be?"""
        if BREAKER not in self.address.breakers:
            observer = self._cell.observer if self._cell is not None else None
            self.address.breakers[BREAKER] = Breaker(
                BREAKER, CONFIG, observer=observer, judge=database_verdict
            )
        self._status.breaker = self._breaker
        gate = DatabaseGate(
            self._breaker,
            look=self._look,
            dismiss=self._database.dismiss_waiting,
            disk_is_full=self._note_full_disk,
        )
        self._database.guard(gate)

    def _look(self) -> None:
        # Whoever has called in vain must not suffer from an actor that rests.
        with suppress(Unavailable):
            self.address.tell(CheckDatabase())

    async def _probe(self) -> None:
        """Ask the server for its time. While nothing is known against it, it is asked twice before it counts as away.

        One session may have been ended by a person, and one answer be late on a busy machine.
        """
        if self._breaker.state is BreakerState.CLOSED:
            with suppress(DatabaseUnavailable):
                return await self._read_clock()
        return await self._read_clock()

    async def _read_clock(self) -> None:
        asked = time.time()
        row = await self._database.probe(CLOCK, deadline=CHECK_DEADLINE_SECONDS)
        if row is not None:
            self._status.clock_skew = float(row[0]) - (asked + time.time()) / 2

    def _probe_again(self) -> None:
        wait = self._breaker.snapshot().retry_in
        if self._breaker.state in (BreakerState.OPEN, BreakerState.HALF_OPEN):
            self.after(
                "probe", max(0.1, CONFIG.open_seconds if wait is None else wait), CheckDatabase()
            )

    def _note_full_disk(self) -> None:
        if not self._status.disk_is_full:
            self._status.disk_is_full = True
            log.error("database_disk_full")

    async def _try_to_write(self) -> None:
        """Find out whether there is room again: only a write can tell."""
        try:
            async with (
                self._database.connection(deadline=CHECK_DEADLINE_SECONDS) as connection,
                connection.transaction(),
            ):
                await connection.execute(TRIAL)
        except DatabaseUnavailable as error:
            log.debug("database_does_not_write", reason=error.reason)
            return
        self._status.disk_is_full = False
        log.info("database_writes_again")

    async def _serve(self) -> None:
        async with AsyncExitStack() as stack:
            if self._server is not None:
                await stack.enter_async_context(self._server.running())
            leader = Leader(self._database, sole_owner=self._server is not None)
            await self._patiently(partial(self._lay_ground, leader))
            epoch = await stack.enter_async_context(self._leading(leader))
            # Under the lead: nobody else works on the schema that is about to change.
            await self._patiently(self._migrate)
            if self._reconcile is not None:
                await self._patiently(self._reconcile)
            await stack.enter_async_context(self._ready(epoch))
            await trio.sleep_forever()

    async def _lay_ground(self, leader: Leader) -> None:
        try:
            is_possible = await leader.is_possible()
        except DatabaseUnavailable as error:
            raise DatabaseUnavailable(
                f"{UNREACHED} {error.sentence}", reason=error.reason
            ) from error
        if not is_possible:
            await self._migrate()

    async def _migrate(self) -> None:
        try:
            await self._migrations()
        except (psycopg.OperationalError, OSError) as error:
            raise DatabaseUnavailable(UNREACHED) from error

    @asynccontextmanager
    async def _leading(self, leader: Leader) -> AsyncIterator[int]:
        # Only the way in is tried again: once leading, the leader itself waits outages out.
        await self._patiently(partial(self._take_lead, leader))
        try:
            self.start_soon(leader.keep)
            epoch = leader.epoch
            assert epoch is not None
            yield epoch
        finally:
            self._database.hold_back(PREPARING)
            await leader.release()

    async def _take_lead(self, leader: Leader) -> None:
        try:
            await outlast(leader.acquire, self._note_trouble, alive=self._status.rival)
        except LeadershipHeld as held:
            self._status.rival = held.since
            raise

    def _note_trouble(self, sentence: str) -> None:
        self._status.trouble = sentence

    @asynccontextmanager
    async def _ready(self, epoch: int) -> AsyncIterator[None]:
        # Before any call to a service: nobody can claim work, and so make one, while the database is held back.
        await self._patiently(self._keeper.catch_up)
        self._database.hold_back(None)
        async with trio.open_nursery() as nursery:
            await nursery.start(self._presence.run)
            await nursery.start(self._keeper.run)
            await self._patiently(self._on_ready)
            self._status.is_ready, self._status.epoch = True, epoch
            self._status.answered_at = trio.current_time()
            self._status.was_ready.set()
            self._leads.set()
            self._metrics.set("reeld_leader", 1)
            self._metrics.add("reeld_leader_transitions_total")
            self._metrics.set("reeld_db_up", 1)
            log.info("database_ready", epoch=epoch, pid=os.getpid())
            try:
                yield
            finally:
                self._status.is_ready, self._status.epoch = False, None
                self._metrics.set("reeld_leader", 0)
                self._metrics.add("reeld_leader_transitions_total")
                nursery.cancel_scope.cancel(reason="the database actor stops")

    async def _patiently(self, step: Callable[[], Awaitable[object]]) -> None:
        """Do a step again and again while the database, or what the step looks at, is away."""
        pause, longest = RETRY_SECONDS
        told = ""
        while True:
            try:
                await step()
            except Unavailable as error:
                self._note_trouble(error.sentence)
                # What has been told is not told again with each attempt.
                tell = log.debug if error.reason == told else log.warning
                tell("database_awaited", reason=error.reason, sentence=error.sentence)
                told = error.reason
                await trio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, longest)
            else:
                self._status.trouble = None
                return
