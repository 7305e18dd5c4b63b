"""The queue as the actors use it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import psycopg
import structlog

from reeld.domain.errors import ReeldError
from reeld.storage._rows import Connection
from reeld.storage.database import Database
from reeld.storage.work import _claim, _clock, _enqueue, _finish, _people, _rescue
from reeld.storage.work._backoff import Backoff
from reeld.storage.work._job import Job, QueueDepth, Returned, WorkItem, WorkState

CLAIM_SECONDS = 300.0
"""How long claimed work may run before it is taken away, unless its worker asks for more."""

log = structlog.get_logger("reeld.storage")


class WorkQueue:
    """Durable work of one process.

    Every method but `enqueue`, `submit` and `complete` is a short transaction of its own, fenced by the leader's
    epoch and bounded by the database's deadlines; all raise `DatabaseUnavailable`.

    Args:
        database: The database.
        owner: The UUID of this process, whose `Presence` must be running before anything is claimed.
        backoff: How long failed work waits.
    """

    def __init__(self, database: Database, owner: UUID, *, backoff: Backoff | None = None) -> None:
        self._database = database
        self._owner = owner
        self._backoff = backoff or Backoff()
        self._owed: dict[UUID, bool] = {}

    enqueue = staticmethod(_enqueue.enqueue)
    submit = staticmethod(_enqueue.submit)

    async def claim(
        self, queue: str, limit: int, worker: UUID, *, seconds: float = CLAIM_SECONDS
    ) -> list[Job]:
        """Claim due work, most urgent first.

        Args:
            queue: The name of the queue.
            limit: How many pieces at most.
            worker: The incarnation that will run them.
            seconds: When they are taken away again. The handler's own deadline must be shorter.
        """
        async with self._database.transaction() as conn:
            return await _claim.claim(conn, queue, limit, worker, self._owner, seconds)

    async def complete(self, conn: Connection, job: Job) -> None:
        """End work as done, in the transaction of its effect.

        Raises:
            LostClaim: The work was taken over meanwhile; the transaction must not commit.
        """
        await _finish.complete(conn, job)

    async def retry(
        self, job: Job, error: ReeldError, *, delay: float | None = None, at_least: float = 0.0
    ) -> bool:
        """Note a failed attempt and try again later; after `max_attempts` the work is dead.

        Args:
            job: The claimed work.
            error: What went wrong.
            delay: Seconds to the next attempt; the backoff's when left out.
            at_least: Seconds that the backoff may not fall short of: what a service asked for, say.

        Returns:
            Whether the work is dead now.

        Raises:
            LostClaim: The work was taken over meanwhile.
        """
        wait = max(self._backoff.seconds(job.attempt), at_least) if delay is None else delay
        async with self._database.transaction() as conn:
            dead = await _finish.fail(conn, job, error, permanent=False, delay=wait)
        # That it is dead is told under that name by whoever tells events.
        log.info(
            "work_failed",
            dead=dead,
            work=job.id,
            kind=job.kind,
            attempt=job.attempt,
            reason=error.reason,
        )
        return dead

    async def bury(
        self, job: Job, reason: str, sentence: str, *, conn: Connection | None = None
    ) -> None:
        """Give work up: it is dead now, and a person may retry it.

        Args:
            job: The claimed work.
            reason: Why, for machines.
            sentence: Why, and what to do, for people.
            conn: The transaction to do it in; one of its own when left out.

        Raises:
            LostClaim: The work was taken over meanwhile.
        """
        error = ReeldError(sentence, reason=reason)
        if conn is not None:
            await _finish.fail(conn, job, error, permanent=True, delay=0.0)
            return
        async with self._database.transaction() as own:
            await _finish.fail(own, job, error, permanent=True, delay=0.0)

    async def snooze(self, job: Job, seconds: float, reason: str, sentence: str = "") -> None:
        """Put work back for `seconds`, because somebody else must recover first: no attempt is used up.

        Raises:
            LostClaim: The work was taken over meanwhile.
        """
        async with self._database.transaction() as conn:
            await _finish.snooze(conn, job, seconds, reason, sentence)

    async def progress(
        self, job: Job, progress: dict[str, object], *, seconds: float | None = None
    ) -> None:
        """Note how far work is, for people and for the next attempt.

        Args:
            job: The claimed work.
            progress: Replaces what was noted before.
            seconds: A new time, from now, after which the work is taken away; the old one stays when left out.

        Raises:
            LostClaim: The work was taken over meanwhile: stop.
        """
        async with self._database.transaction() as conn:
            await _finish.note_progress(conn, job, progress, seconds)

    async def give_back(self, worker: UUID, *, crashed: bool = True) -> tuple[Returned, ...]:
        """Give back everything that an incarnation of this process had claimed and will not end.

        When that fails, for want of the database perhaps, `rescue` tries it again: nobody else may take rows of a
        process that lives before their deadline, which may be hours away.

        Args:
            worker: The incarnation.
            crashed: Whether it crashed: then the attempt counts, and work that saw three of its workers vanish is
                dead. When it was stopped in order, it is as if the attempt had not been.
        """
        self._owed[worker] = crashed
        async with self._database.transaction() as conn:
            taken = await _rescue.give_back(conn, worker, crashed=crashed)
        self._owed.pop(worker, None)
        _tell(taken)
        return taken

    async def let_go(self, worker: UUID, kept: Sequence[int]) -> tuple[Returned, ...]:
        """Give back what a living incarnation has claimed without knowing: the answer to a claim was lost.

        Args:
            worker: The incarnation.
            kept: The rows that it works on.
        """
        async with self._database.transaction() as conn:
            taken = await _rescue.give_back(conn, worker, crashed=False, kept=kept)
        _tell(taken)
        return taken

    async def rescue(self) -> tuple[Returned, ...]:
        """Take back work of processes that are gone, and work that is past its deadline; call it every few seconds.

        A process counts as gone when PostgreSQL knows no session of it any more, so this is right at once after a
        crash. Up to 500 rows a call, and whatever our own incarnations could not give back when they ended. Work that
        would wait for a time which a clock that was set back has yet to reach again waits no longer than it was to.
        """
        returned: tuple[Returned, ...] = ()
        for worker, crashed in tuple(self._owed.items()):
            returned += await self.give_back(worker, crashed=crashed)
        async with self._database.transaction() as conn:
            taken = await _rescue.rescue(conn, self._owner)
            if stepped := await _clock.count_anew(conn):
                log.warning("clock_was_set_back", rows=stepped)
        _tell(taken)
        return returned + taken

    async def get(self, work_id: int) -> WorkItem | None:
        """Return one piece of work, or None."""
        return await _people.get(self._database, work_id)

    async def retry_dead(self, work_id: int) -> bool:
        """Try dead work again with all its attempts.

        Returns:
            False when it is not dead, or the same work was asked for again meanwhile.
        """
        try:
            async with self._database.transaction() as conn:
                return await _people.retry_dead(conn, work_id)
        except psycopg.errors.UniqueViolation:
            return False  # asked for in the moment between the look and the update

    async def discard(self, work_id: int) -> bool:
        """Cancel work that is dead or still waits; False when it is neither."""
        async with self._database.transaction() as conn:
            return await _people.discard(conn, work_id)

    async def wake(self, queue: str) -> int:
        """Make work due now that waits for somebody else's recovery; return how much."""
        async with self._database.transaction() as conn:
            return await _people.wake(conn, queue)

    async def due_queues(self) -> list[str]:
        """Return the queues in which work is due."""
        return await _people.due_queues(self._database)

    async def depths(self) -> list[QueueDepth]:
        """Return how much work waits, runs and is dead, and for how long."""
        return await _people.depths(self._database)

    async def prune(self, *, done_days: int = 7, dead_days: int = 90, limit: int = 1000) -> int:
        """Delete up to `limit` old rows in final states; call it again while it returns `limit`."""
        async with self._database.transaction() as conn:
            return await _people.prune(conn, done_days, dead_days, limit)

    async def list(
        self,
        *,
        queue: str | None = None,
        state: WorkState | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[WorkItem]:
        """Return work, newest first; `before` is the id that ended the page before."""
        return await _people.list_work(self._database, queue, state, before, limit)


def _tell(taken: tuple[Returned, ...]) -> None:
    for row in taken:
        log.warning(
            "work_taken_back", work=row.id, kind=row.kind, reason=row.reason, dead=row.is_dead
        )
