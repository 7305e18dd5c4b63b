"""How claimed work ends: done, retried, snoozed, dead. Every statement is fenced by the claim."""

from __future__ import annotations

from typing import Final

from psycopg.types.json import Jsonb

from reeld.domain.errors import ReeldError
from reeld.domain.history import EventKind
from reeld.storage._rows import Connection, execute, fetch_one
from reeld.storage.events import append
from reeld.storage.work._errors import LostClaim
from reeld.storage.work._job import Job

# Asked for again while it ran: whatever the end of this run is, the work starts over with all its attempts.
_COMPLETE: Final = """
UPDATE work SET
    state = CASE WHEN again THEN 'available' ELSE 'done' END,
    run_at = CASE WHEN again THEN now() ELSE run_at END,
    attempt = CASE WHEN again THEN 0 ELSE attempt END,
    finished_at = CASE WHEN again THEN NULL ELSE now() END,
    progress = CASE WHEN again THEN '{}' ELSE progress END,
    vanished = 0, again = false, worker = NULL, owner = NULL, deadline_at = NULL
WHERE id = %(id)s AND state = 'running' AND worker = %(worker)s AND attempt = %(attempt)s
RETURNING CASE state WHEN 'available' THEN pg_notify('reeld_work', queue)::text END
"""

# Failed work waits for its own sake: without snoozes, nobody's recovery makes it due (see `wake`).
_FAIL: Final = """
UPDATE work SET
    state = CASE WHEN again OR NOT (%(permanent)s OR attempt >= max_attempts) THEN 'available' ELSE 'dead' END,
    run_at = CASE WHEN again THEN now() ELSE now() + make_interval(secs => %(delay)s) END,
    attempt = CASE WHEN again THEN 0 ELSE attempt END, snoozes = 0,
    finished_at = CASE WHEN again OR NOT (%(permanent)s OR attempt >= max_attempts) THEN NULL ELSE now() END,
    reason = %(reason)s, sentence = %(sentence)s,
    errors = jsonb_path_query_array(
        jsonb_build_array(jsonb_build_object(
            'at', now(), 'attempt', attempt, 'reason', %(reason)s::text, 'sentence', %(sentence)s::text)) || errors,
        '$[0 to 9]'),
    again = false, worker = NULL, owner = NULL, deadline_at = NULL
WHERE id = %(id)s AND state = 'running' AND worker = %(worker)s AND attempt = %(attempt)s
RETURNING state
"""

_SNOOZE: Final = """
UPDATE work SET
    state = 'available', attempt = attempt - 1, snoozes = snoozes + 1,
    run_at = now() + make_interval(secs => %(delay)s), reason = %(reason)s, sentence = %(sentence)s,
    again = false, worker = NULL, owner = NULL, deadline_at = NULL
WHERE id = %(id)s AND state = 'running' AND worker = %(worker)s AND attempt = %(attempt)s
"""

_PROGRESS: Final = """
UPDATE work SET
    progress = %(progress)s,
    deadline_at = CASE WHEN %(seconds)s::float8 IS NULL THEN deadline_at
                       ELSE now() + make_interval(secs => %(seconds)s) END
WHERE id = %(id)s AND state = 'running' AND worker = %(worker)s AND attempt = %(attempt)s
"""


async def complete(conn: Connection, job: Job) -> None:
    """End the work as done, in the transaction of its effect.

    Raises:
        LostClaim: Somebody else took the work over: the transaction must not commit.
    """
    if await execute(conn, _COMPLETE, _fence(job)) != 1:
        raise LostClaim(job.id)


async def fail(
    conn: Connection, job: Job, error: ReeldError, *, permanent: bool, delay: float
) -> bool:
    """End an attempt as failed; return whether the work is dead now.

    Raises:
        LostClaim: Somebody else took the work over.
    """
    params = {
        "reason": error.reason,
        "sentence": error.sentence,
        "permanent": permanent,
        "delay": delay,
    } | _fence(job)
    row = await fetch_one(conn, _FAIL, params)
    if row is None:
        raise LostClaim(job.id)
    if row[0] == "dead":
        await announce_death(conn, job.id, job.queue, job.kind, error.reason)
        return True
    return False


async def announce_death(
    conn: Connection, work_id: int, queue: str, kind: str, reason: str
) -> None:
    """Write the event of work that was given up."""
    payload = {"work_id": work_id, "queue": queue, "kind": kind, "reason": reason}
    await append(conn, EventKind.WORK_DEAD, None, payload)


async def snooze(conn: Connection, job: Job, delay: float, reason: str, sentence: str) -> None:
    """Put the work back for later, as if the attempt had not been.

    Raises:
        LostClaim: Somebody else took the work over.
    """
    params = {"delay": delay, "reason": reason, "sentence": sentence} | _fence(job)
    if await execute(conn, _SNOOZE, params) != 1:
        raise LostClaim(job.id)


async def note_progress(
    conn: Connection, job: Job, progress: dict[str, object], seconds: float | None
) -> None:
    """Note how far the work is, and give it more time.

    Raises:
        LostClaim: Somebody else took the work over.
    """
    params = {"progress": Jsonb(progress), "seconds": seconds} | _fence(job)
    if await execute(conn, _PROGRESS, params) != 1:
        raise LostClaim(job.id)


def _fence(job: Job) -> dict[str, object]:
    return {"id": job.id, "worker": job.worker, "attempt": job.attempt}
