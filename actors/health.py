"""HealthActor: looks at every part on a timer, so that a health request only reads what is known."""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Final

import psutil
import structlog
import trio

from reeld.actors.database import DatabaseStatus
from reeld.actors.kernel import Actor, ActorSnapshot, ActorState, Breaker, BreakerState, handles
from reeld.actors.resources import Resources
from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.messages import Message, Overflow
from reeld.storage.repositories import feeds
from reeld.storage.repositories.feeds import FeedState
from reeld.storage.work import WorkState
from reeld.telemetry import Check, HealthBoard, Status

log = structlog.get_logger("reeld.actors")

LOOK_SECONDS: Final = 5.0
DISK_SECONDS: Final = 2.0
"""A network file system that hangs must not hang the health of everything else."""
SILENT_SECONDS: Final = 15.0
"""How long the database may be silent before it counts as away."""
LOW_DISK_RATIO: Final = 0.05
FULL_MAILBOX_RATIO: Final = 0.8
STALE_FEED_INTERVALS: Final = 3
STALE_FEED_SECONDS: Final = 60.0
STUCK_WORK_SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True)
class Look(Message[None]):
    """Check everything now."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


class HealthActor(Actor):
    """Checks actors, breakers, database, disks, work and feeds, each with a deadline, and posts what it found."""

    name = "health"

    def __init__(self, resources: Resources, board: HealthBoard, database: DatabaseStatus) -> None:
        super().__init__()
        self._resources = resources
        self._board = board
        self._database = database
        # One each: a look that hangs in one folder must not use up the room of another.
        self._disks: defaultdict[str, trio.CapacityLimiter] = defaultdict(
            lambda: trio.CapacityLimiter(1)
        )

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Begin to look."""
        self.every("look", LOOK_SECONDS, Look(), first=0.0)
        self.start_soon(self._look_when_ready)

    @handles(Look)
    async def look(self, _message: Look) -> None:
        """Check everything and post the results."""
        checks = [self._check_database(), check_memory()]
        for address in self._resources.directory:
            checks.append(check_actor(address.snapshot()))
            checks.extend(check_breaker(each) for each in address.breakers.values())
        checks += await self._check_disks()
        try:
            checks += await self._check_work()
            checks += await self._check_feeds()
        except DatabaseUnavailable as error:
            log.debug("rows_not_checked", reason=error.reason)
        self._board.post(checks)

    async def _look_when_ready(self) -> None:
        await self._database.was_ready.wait()
        self.address.tell(Look())

    def _check_database(self) -> Check:
        answered = self._database.answered_at
        silent = None if answered is None else trio.current_time() - answered
        if self._database.is_ready and silent is not None and silent <= SILENT_SECONDS:
            return _passed("database:answers", round(silent, 1), "s", kind="datastore")
        return Check(
            "database:answers",
            Status.FAIL,
            kind="datastore",
            sentence="PostgreSQL does not answer. Nothing is lost; work goes on when it is back.",
            observed=None if silent is None else round(silent, 1),
            unit="s",
        )

    async def _check_disks(self) -> list[Check]:
        settings = self._resources.settings.current
        folders = {"library": settings.library.root_folder, "data": settings.data_dir}
        return [await self._check_disk(name, folder) for name, folder in folders.items()]

    async def _check_disk(self, name: str, folder: Path) -> Check:
        check = f"disk:{name}"
        with trio.move_on_after(DISK_SECONDS):
            try:
                total, _, free = await trio.to_thread.run_sync(
                    shutil.disk_usage, folder, abandon_on_cancel=True, limiter=self._disks[name]
                )
            except OSError as error:
                sentence = f"The {name} folder {folder} cannot be read: {error.strerror}."
                return Check(check, Status.FAIL, kind="system", sentence=sentence)
            if name == "library":
                root = str(folder)
                self._resources.metrics.set("reeld_library_free_bytes", free, root=root)
                self._resources.metrics.set("reeld_library_total_bytes", total, root=root)
            if total and free / total >= LOW_DISK_RATIO:
                return _passed(check, free, "bytes", kind="system")
            sentence = (
                f"Less than {LOW_DISK_RATIO:.0%} of the {name} folder's disk is free. Make room."
            )
            return Check(
                check, Status.WARN, kind="system", sentence=sentence, observed=free, unit="bytes"
            )
        sentence = f"The {name} folder {folder} does not answer: is its file system mounted?"
        return Check(check, Status.FAIL, kind="system", sentence=sentence)

    async def _check_work(self) -> list[Check]:
        depths = await self._resources.work.depths()
        dead = sum(each.count for each in depths if each.state is WorkState.DEAD)
        late = max(
            (each.oldest_seconds for each in depths if each.state is WorkState.AVAILABLE),
            default=0.0,
        )
        return [_check_dead(dead), _check_late(late)]

    async def _check_feeds(self) -> list[Check]:
        settings = self._resources.settings.current
        polled = {feed.name: feed.interval_seconds for feed in settings.feeds}
        if settings.hdbits is not None:
            polled["hdbits"] = settings.hdbits.poll_seconds
        states = {state.name: state for state in await feeds.every(self._resources.database)}
        now = datetime.now(UTC)
        return [
            check_feed(name, states.get(name), seconds, now) for name, seconds in polled.items()
        ]


def check_feed(name: str, state: FeedState | None, interval: float, now: datetime) -> Check:
    """Judge a source that is read again and again by how long ago that went well."""
    last_ok = state.last_ok if state is not None else None
    age = None if last_ok is None else (now - last_ok).total_seconds()
    if age is not None and age <= STALE_FEED_INTERVALS * interval + STALE_FEED_SECONDS:
        return _passed(f"feed:{name}", round(age), "s")
    why = (state.sentence if state is not None else None) or "It was not read yet."
    return Check(f"feed:{name}", Status.WARN, sentence=why, observed=age, unit="s")


def check_memory() -> Check:
    """Observe how much memory the daemon holds."""
    return _passed("memory:resident", psutil.Process().memory_info().rss, "bytes", kind="system")


def check_actor(actor: ActorSnapshot) -> Check:
    """Judge an actor by its state and its mailbox."""
    name = f"actor:{actor.name}"
    fill = actor.mailbox_depth / actor.mailbox_capacity if actor.mailbox_capacity else 0.0
    match actor.state:
        case ActorState.PARKED | ActorState.STOPPED:
            sentence = (
                f"{actor.name} crashed too often and rests ({actor.last_error})."
                " Restart it, or wait until it is tried again."
            )
            return Check(name, Status.FAIL, sentence=sentence, observed=str(actor.state))
        case ActorState.BACKOFF:
            sentence = f"{actor.name} crashed and is about to restart ({actor.last_error})."
            return Check(name, Status.WARN, sentence=sentence, observed=str(actor.state))
        case _ if fill >= FULL_MAILBOX_RATIO:
            sentence = f"{actor.name} has more to do than it gets done."
            return Check(name, Status.WARN, sentence=sentence, observed=actor.mailbox_depth)
        case _:
            return _passed(name, str(actor.state))


def check_breaker(breaker: Breaker) -> Check:
    """Judge a breaker by its state: open is degraded, forced open wants a person."""
    snapshot = breaker.snapshot()
    name = f"breaker:{snapshot.name}"
    match snapshot.state:
        case BreakerState.FORCED_OPEN:
            status = Status.FAIL
        case BreakerState.OPEN | BreakerState.HALF_OPEN:
            status = Status.WARN
        case _:
            return _passed(name, str(snapshot.state))
    return Check(name, status, sentence=snapshot.sentence, observed=str(snapshot.state))


def _check_dead(count: int) -> Check:
    if not count:
        return _passed("work:dead", 0)
    sentence = f"{count} pieces of work were given up: see `reeld work list --state dead`."
    return Check("work:dead", Status.WARN, sentence=sentence, observed=count)


def _check_late(seconds: float) -> Check:
    if seconds <= STUCK_WORK_SECONDS:
        return _passed("work:oldest_due", round(max(seconds, 0.0)), "s")
    sentence = "Work has been due for long: see `reeld status` for the actor that does not do it."
    return Check(
        "work:oldest_due", Status.WARN, sentence=sentence, observed=round(seconds), unit="s"
    )


def _passed(
    name: str, observed: float | str | None = None, unit: str = "", kind: str = "component"
) -> Check:
    return Check(name, Status.PASS, kind=kind, observed=observed, unit=unit)
