"""Asking for work, inside the transaction that makes it necessary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from psycopg.types.json import Jsonb

from reeld.domain.work import WorkRequest
from reeld.storage._rows import Connection, fetch_one
from reeld.telemetry.tracing import current_traceparent, followed_movie

CHANNEL: Final = "reeld_work"
"""The channel of the hint that work came; the payload is the queue. PostgreSQL sends it once a transaction."""

# Work that runs may have read its inputs already. Asking for the same work again must not be lost: the running row
# is marked, and runs once more. Only that row is written to; one that still waits will see the new inputs anyway.
_ENQUEUE: Final = """
WITH asked AS (
    INSERT INTO work (queue, kind, args, args_version, unique_key, run_at, priority, max_attempts, traceparent,
                      movie_id)
    VALUES (%(queue)s, %(kind)s, %(args)s, %(args_version)s, %(unique_key)s,
            coalesce(%(run_at)s, now()) + make_interval(secs => %(delay)s),
            %(priority)s, %(max_attempts)s, %(traceparent)s, %(movie_id)s)
    ON CONFLICT (queue, kind, unique_key) WHERE unique_key IS NOT NULL AND state IN ('available', 'running')
    DO UPDATE SET again = true WHERE work.state = 'running'
    RETURNING id, state
), told AS (
    SELECT id, pg_notify(%(channel)s, %(queue)s) FROM asked WHERE state = 'available'
)
SELECT id FROM told
"""


async def enqueue(
    conn: Connection,
    queue: str,
    kind: str,
    args: Mapping[str, object],
    *,
    unique_key: str | None = None,
    run_at: datetime | None = None,
    delay: float = 0.0,
    priority: int = 2,
    max_attempts: int = 25,
    args_version: int = 1,
    traceparent: str | None = None,
    movie_id: int | None = None,
) -> int | None:
    """Ask for work in the caller's transaction: it exists exactly when that commits.

    Args:
        conn: The connection with the transaction.
        queue: The name of the actor that does it.
        kind: What is to be done.
        args: Values that JSON can hold; no secret.
        unique_key: Work of one queue and kind with an equal key exists once until it is final. Asked for again
            while it waits, it stays as it is; while it runs, it runs once more afterwards.
        run_at: The earliest time; now when left out.
        delay: Seconds after `run_at`.
        priority: 0 to 9; smaller goes first.
        max_attempts: After how many failed attempts it is dead.
        args_version: The version of the shape of `args`.
        traceparent: The span that led to it; the current one when left out.
        movie_id: The movie that it is about; when left out, the one that its arguments name or that is followed now.

    Returns:
        The row's id, or None when such work was there already.
    """
    row = await fetch_one(
        conn,
        _ENQUEUE,
        {
            "queue": queue,
            "kind": kind,
            "args": Jsonb(dict(args)),
            "args_version": args_version,
            "unique_key": unique_key,
            "run_at": run_at,
            "delay": delay,
            "priority": priority,
            "max_attempts": max_attempts,
            "traceparent": traceparent or current_traceparent(),
            "movie_id": movie_id or args.get("movie_id") or followed_movie(),
            "channel": CHANNEL,
        },
    )
    return None if row is None else int(row[0])


_HASTEN: Final = """
UPDATE work SET priority = %(priority)s, run_at = least(run_at, now())
WHERE queue = %(queue)s AND kind = %(kind)s AND unique_key = %(unique_key)s AND state = 'available'
  AND priority > %(priority)s
RETURNING pg_notify(%(channel)s, queue)
"""


async def hasten(conn: Connection, request: WorkRequest) -> bool:
    """Let work that waits already be done as soon as this request of it wants; False when there is none less urgent."""
    params = {
        "queue": request.queue,
        "kind": request.kind,
        "unique_key": request.unique_key,
        "priority": request.priority,
        "channel": CHANNEL,
    }
    return await fetch_one(conn, _HASTEN, params) is not None


async def submit(
    conn: Connection,
    *requests: WorkRequest,
    traceparent: str | None = None,
    movie_id: int | None = None,
) -> tuple[int, ...]:
    """Enqueue requests in the caller's transaction and return the ids of those that are new; see `enqueue`."""
    ids = [
        await enqueue(
            conn,
            request.queue,
            request.kind,
            request.args,
            unique_key=request.unique_key,
            priority=request.priority,
            traceparent=traceparent,
            movie_id=movie_id,
        )
        # In one order everywhere, so that two transactions that ask for the same work never wait for each other.
        for request in sorted(requests, key=lambda r: (r.queue, r.kind, r.unique_key or ""))
    ]
    return tuple(new for new in ids if new is not None)
