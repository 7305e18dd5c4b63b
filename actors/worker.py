"""Actors that work on rows: claim, act, and commit the effect together with the row's completion."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final, TypeVar

import structlog
import trio
from opentelemetry.trace import Span

from reeld.actors.kernel import Actor, BreakerState, Observer, handles
from reeld.actors.resources import Resources
from reeld.actors.tracing import work_span
from reeld.domain.errors import (
    CredentialsRejected,
    DatabaseUnavailable,
    DeadlineExceeded,
    NotFound,
    RateLimited,
    ReeldError,
    Refused,
    ServiceError,
    Unavailable,
)
from reeld.domain.messages import SettingsChanged, Sweep
from reeld.domain.work import Queue, WorkKind
from reeld.storage import TrioConnection
from reeld.storage.colliding import committed
from reeld.storage.errors import LeadershipLost
from reeld.storage.work import Job, LostClaim
from reeld.telemetry import tracing

log = structlog.get_logger("reeld.actors")

Effect = Callable[[TrioConnection], Awaitable[None]]
"""What a job changes: runs in the transaction that completes the job, so both happen or neither does."""

Handler = Callable[[Any, Job], Awaitable[Effect | None]]
HandlerT = TypeVar("HandlerT", bound=Handler)

SNOOZE_SECONDS: Final = 10.0
"""How long work waits for somebody else's recovery when nobody can say how long that takes."""
CREDENTIALS_SNOOZE_SECONDS: Final = 3600.0
"""Work that waits for a person; a change of the settings wakes it at once."""
OUTAGE_SHARE: Final = 1.5
"""So much longer than the breaker refuses calls waits the work whose call made it refuse them."""
ENDING_PAUSE_SECONDS: Final = 5.0
JOB_OUTCOMES: Final = ("ok", "retried", "snoozed", "dead", "lost")
"""What becomes of a row, as `reeld_job_executions_total` tells it."""
_LETTING_THROUGH: Final = frozenset(
    {BreakerState.HALF_OPEN, BreakerState.CLOSED, BreakerState.DISABLED}
)


def works(kind: WorkKind) -> Callable[[HandlerT], HandlerT]:
    """Mark the method of a `WorkerActor` that does the work of a kind.

    The method observes and acts, and returns the effect to be committed. It may run again after a crash at any point:
    it must find what it did before.
    """

    def mark(method: HandlerT) -> HandlerT:
        method.__dict__["reeld_work_kind"] = kind
        return method

    return mark


class WorkerActor(Actor):
    """Works on the rows of one queue, some at once, each as a task of the incarnation.

    What a handler raises decides what becomes of its row:

    - somebody else must recover first (`Unavailable`, `RateLimited`, `CredentialsRejected`, or any failure of a service
      with which its breaker opened): it is snoozed, and the attempt does not count;
    - asking again cannot help (`Refused`, `NotFound`): it is dead, where a person can see and retry it;
    - any other `ReeldError`, or the deadline: it is retried with backoff, not before the service asked to be called
      again, and dead after its last attempt;
    - a fault: the incarnation crashes and the row is given back; three such ends and it is dead.
    """

    queue: ClassVar[Queue]
    slots: ClassVar[int] = 1
    """How many rows are worked on at once."""
    job_seconds: ClassVar[float] = 120.0
    """The deadline of one run of a handler."""
    sweep_seconds: ClassVar[float] = 5.0
    """How often rows are looked for that no hint announced."""

    _kinds: ClassVar[dict[str, Handler]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {
            str(method.__dict__["reeld_work_kind"]): method
            for method in vars(cls).values()
            if "reeld_work_kind" in getattr(method, "__dict__", {})
        }
        cls._kinds = {**cls._kinds, **own}

    def __init__(self, resources: Resources) -> None:
        super().__init__()
        self.resources = resources
        self._jobs: dict[int, Job] = {}
        self._job_ended = trio.Event()
        self._drained = False
        self._claim_unknown = False
        self._claiming = trio.Lock()
        # Whatever rows waited for before this incarnation may have come true since.
        self._wake_wanted = True
        self._breaker_revisions: dict[str, int] = {}

    @property
    def kernel_observer(self) -> Observer | None:
        """Who is told of this actor, and so of its breakers."""
        return self._cell.observer if self._cell is not None else None

    @property
    def part(self) -> str:
        """The name of the rows that it works on: its queue, or its own part of a queue that several share."""
        return str(self.queue)

    @property
    def working(self) -> int:
        """How many rows are worked on."""
        return len(self._jobs)

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Begin to sweep."""
        self.every("sweep", self.sweep_seconds, Sweep(hinted=False), first=0.0, jitter=0.2)

    async def drain(self) -> None:
        """Let the rows that are worked on be done; none is claimed any more. What is cut off is given back."""
        while self._jobs:
            self._job_ended = trio.Event()
            await self._job_ended.wait()

    @handles(Sweep)
    async def sweep(self, message: Sweep) -> None:
        """Claim as many due rows as there are free slots, and start on them."""
        # Two looks at once would both take the same slots for free, and one let go what the other is about to start on.
        async with self._claiming:
            await self._sweep(message)

    async def _sweep(self, message: Sweep) -> None:
        self._wake_wanted = self._has_recovered() or self._wake_wanted
        free = self.slots - len(self._jobs)
        if free <= 0:
            return
        try:
            if self._wake_wanted:
                await self.resources.work.wake(self.part)
                self._wake_wanted = False
            jobs = await self._claim(free)
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("sweep_postponed", actor=self.name, reason=error.reason)
            return
        if not message.hinted and self._drained:
            self._count_unhinted(jobs)
        self._drained = len(jobs) < free
        metrics = self.resources.metrics
        for job in jobs:
            due = (job.claimed_at - job.run_at).total_seconds()
            metrics.observe("reeld_job_wait_seconds", max(due, 0.0), queue=self.queue)
            self._jobs[job.id] = job
            self.start_soon(self._run, job)

    async def _claim(self, free: int) -> list[Job]:
        if self._claim_unknown:
            # Rows may be ours that nobody works on, and nobody else may take them before their deadline.
            await self.resources.work.let_go(self.incarnation, tuple(self._jobs))
        self._claim_unknown = True
        jobs = await self.resources.work.claim(
            self.part, free, self.incarnation, seconds=self.job_seconds * 1.5 + 30
        )
        self._claim_unknown = False
        return jobs

    @handles(SettingsChanged)
    async def settings_changed(self, _message: SettingsChanged) -> None:
        """Wake the rows that waited for other settings."""
        self._wake_wanted = True
        self.address.tell(Sweep())

    def _has_recovered(self) -> bool:
        """Tell whether a breaker lets calls through again, by itself or by a person, that did not at the last look."""
        before = self._breaker_revisions
        # The state first: a breaker whose wait is over changes when it is looked at.
        now = {name: (each.state, each.revision) for name, each in self.address.breakers.items()}
        self._breaker_revisions = {name: revision for name, (_, revision) in now.items()}
        return any(
            before.get(name, revision) != revision and state in _LETTING_THROUGH
            for name, (state, revision) in now.items()
        )

    def _count_unhinted(self, jobs: list[Job]) -> None:
        fresh = sum(job.attempt == 1 for job in jobs)
        if fresh:
            self.resources.metrics.add("reeld_unhinted_rows_total", fresh, actor=self.name)

    async def _run(self, job: Job) -> None:
        structlog.contextvars.bind_contextvars(work=job.id, kind=job.kind)
        started = time.perf_counter()
        try:
            with work_span(job) as span:
                outcome = await self._attempt(job, span)
                span.set_attribute("reeld.work.outcome", outcome)
        finally:
            del self._jobs[job.id]
            self._job_ended.set()
        self.resources.metrics.add("reeld_job_executions_total", queue=self.queue, outcome=outcome)
        self.resources.metrics.observe(
            "reeld_job_duration_seconds", time.perf_counter() - started, queue=self.queue
        )
        self.address.tell(Sweep())

    async def _attempt(self, job: Job, span: Span) -> str:
        handler = self._kinds.get(job.kind)
        try:
            if handler is None:
                raise Refused(
                    f"This version of reeld has no {job.kind!r} work for {self.name}.",
                    reason="unknown_work",
                )
            with trio.fail_after(self.job_seconds):
                await self._commit(job, await handler(self, job))
        except trio.TooSlowError:
            slow = DeadlineExceeded(
                f"The work was not done within {self.job_seconds:g} seconds; it is tried again."
            )
            tracing.fail(span, slow)
            return await self._end(job, slow)
        except ReeldError as error:
            tracing.fail(span, error)
            return await self._end(job, error)
        return "ok"

    async def _commit(self, job: Job, effect: Effect | None) -> None:
        """Commit effect and completion; when the transaction collides with another one, do it again at once."""

        async def both(conn: TrioConnection) -> None:
            if effect is not None:
                await effect(conn)
            await self.resources.work.complete(conn, job)

        await committed(self.resources.database, both)

    async def _end(self, job: Job, error: ReeldError) -> str:
        # While the database is away the row stays ours: its end is written when the database is back, unless the row
        # was rescued meanwhile.
        while True:
            try:
                return await self._end_once(job, error)
            except (LostClaim, LeadershipLost):
                return "lost"
            except DatabaseUnavailable:
                await trio.sleep(ENDING_PAUSE_SECONDS * random.uniform(0.8, 1.2))

    async def _end_once(self, job: Job, error: ReeldError) -> str:
        work = self.resources.work
        match error:
            case LostClaim() | LeadershipLost():
                return "lost"
            case CredentialsRejected():
                await work.snooze(job, CREDENTIALS_SNOOZE_SECONDS, error.reason, error.sentence)
                return "snoozed"
            case Unavailable() | RateLimited():
                seconds = error.retry_after or SNOOZE_SECONDS
                await work.snooze(
                    job, seconds * random.uniform(1.0, 1.1), error.reason, error.sentence
                )
                return "snoozed"
            case ReeldError(outage_seconds=float(wait)):
                # Behind what else waits for the service: the next probe may be for something that it can do.
                await work.snooze(
                    job,
                    max(wait * OUTAGE_SHARE, SNOOZE_SECONDS),
                    error.reason,
                    error.sentence,
                )
                return "snoozed"
            case Refused() | NotFound():
                await work.bury(job, error.reason, error.sentence)
                return "dead"
            case _:
                asked = error.retry_after if isinstance(error, ServiceError) else None
                dead = await work.retry(job, error, at_least=asked or 0.0)
                return "dead" if dead else "retried"
