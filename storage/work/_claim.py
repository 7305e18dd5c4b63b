"""Claiming work."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from reeld.storage._rows import Connection, Row, fetch_all
from reeld.storage.work._job import Job

# The materialised CTE is a fence: without it the planner may update more rows than LIMIT. The attempt counts from
# the claim on, so that work which kills its process is counted too.
_CLAIM: Final = """
WITH picked AS MATERIALIZED (
    SELECT id FROM work
    WHERE queue = %(queue)s AND state = 'available' AND run_at <= now()
    ORDER BY priority, run_at, id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE work SET
    state = 'running', attempt = attempt + 1, worker = %(worker)s, owner = %(owner)s, claimed_at = now(),
    deadline_at = now() + make_interval(secs => %(seconds)s), again = false, reason = NULL, sentence = NULL
FROM picked WHERE work.id = picked.id
RETURNING work.id, queue, kind, args, args_version, attempt, max_attempts, worker, priority, progress,
          run_at, claimed_at, deadline_at, traceparent, movie_id,
          (SELECT movie.traceparent FROM movie WHERE movie.id = work.movie_id)
"""


async def claim(
    conn: Connection, queue: str, limit: int, worker: UUID, owner: UUID, seconds: float
) -> list[Job]:
    """Claim up to `limit` due rows for a worker, most urgent first."""
    params = {"queue": queue, "limit": limit, "worker": worker, "owner": owner, "seconds": seconds}
    jobs = [_job(row) for row in await fetch_all(conn, _CLAIM, params)]
    # RETURNING promises no order.
    return sorted(jobs, key=lambda job: (job.priority, job.run_at, job.id))


def _job(row: Row) -> Job:
    return Job(*row)
