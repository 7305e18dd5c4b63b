"""Work as people see it: lists, counts, retry and discard by hand, and what may be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from reeld.domain.history import EventKind
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.storage.events import append
from reeld.storage.work._job import QueueDepth, WorkError, WorkItem, WorkState

_COLUMNS: Final = """id, queue, kind, args, state, priority, run_at, attempt, max_attempts, snoozes, progress,
       reason, sentence, errors, created_at, finished_at"""

_LIST: Final = """
SELECT {columns} FROM work
WHERE (%(queue)s::text IS NULL OR queue = %(queue)s) AND {state} AND id < %(before)s
ORDER BY id DESC LIMIT %(limit)s
""".replace("{columns}", _COLUMNS)

# The state stands in the text, so that the planner sees which partial index fits.
_LISTS: Final[dict[WorkState | None, str]] = {
    None: _LIST.replace("{state}", "true"),
    **{state: _LIST.replace("{state}", f"state = '{state.value}'") for state in WorkState},
}

_GET: Final = "SELECT {columns} FROM work WHERE id = %s".replace("{columns}", _COLUMNS)

# The same work may have been asked for again since this died: then that one stands for it.
_RETRY: Final = """
UPDATE work SET state = 'available', attempt = 0, vanished = 0, run_at = now(), finished_at = NULL,
                reason = NULL, sentence = NULL
WHERE id = %(id)s AND state = 'dead' AND NOT EXISTS (
    SELECT FROM work other WHERE other.queue = work.queue AND other.kind = work.kind
      AND other.unique_key = work.unique_key AND other.state IN ('available', 'running'))
RETURNING pg_notify('reeld_work', queue)
"""

# What was asked for again since this died stands for it: then nothing of what it was for is given up.
_DISCARD: Final = """
UPDATE work SET state = 'cancelled', finished_at = now(), reason = 'discarded', sentence = 'A person discarded it.'
WHERE id = %s AND state IN ('dead', 'available')
RETURNING queue, kind, args, EXISTS (
    SELECT FROM work other WHERE other.queue = work.queue AND other.kind = work.kind AND other.id <> work.id
      AND other.unique_key = work.unique_key AND other.state IN ('available', 'running'))
"""

# One branch a state, because each has an index of its own and final work is much the most.
_DEPTHS: Final = """
SELECT queue, state, count(*), extract(epoch FROM max(now() - since))::float8 FROM (
    SELECT queue, state, run_at AS since FROM work WHERE state = 'available'
    UNION ALL
    SELECT queue, state, claimed_at FROM work WHERE state = 'running'
    UNION ALL
    SELECT queue, state, finished_at FROM work WHERE state = 'dead'
) AS open GROUP BY queue, state ORDER BY queue, state
"""

_PRUNE: Final = """
DELETE FROM work WHERE id IN (
    SELECT id FROM work
    WHERE state IN ('done', 'cancelled') AND finished_at < now() - make_interval(days => %(done_days)s)
    UNION ALL
    SELECT id FROM work
    WHERE state = 'dead' AND finished_at < now() - make_interval(days => %(dead_days)s)
    LIMIT %(limit)s
)
"""


async def get(conn: Reader, work_id: int) -> WorkItem | None:
    """Return one row, or None."""
    row = await fetch_one(conn, _GET, (work_id,))
    return None if row is None else _item(row)


async def list_work(
    conn: Reader, queue: str | None, state: WorkState | None, before: int | None, limit: int
) -> list[WorkItem]:
    """Return rows, newest first."""
    params = {"queue": queue, "before": before or 2**63 - 1, "limit": limit}
    return [_item(row) for row in await fetch_all(conn, _LISTS[state], params)]


async def retry_dead(conn: Connection, work_id: int) -> bool:
    """Make dead work available with all its attempts; False when it is not dead, or there is such work already."""
    return await fetch_one(conn, _RETRY, {"id": work_id}) is not None


async def discard(conn: Connection, work_id: int) -> bool:
    """Cancel work that is dead or waits, and tell who waits for it; False when it is neither."""
    row = await fetch_one(conn, _DISCARD, (work_id,))
    if row is None:
        return False
    queue, kind, args, is_asked_for_again = row
    if not is_asked_for_again:
        payload = {"work_id": work_id, "queue": queue, "kind": kind, "args": args}
        await append(conn, EventKind.WORK_DISCARDED, None, payload)
    return True


# Whoever worked on them is not there any more.
_ABANDON: Final = """
UPDATE work SET state = 'cancelled', finished_at = now(), reason = 'discarded', sentence = 'Its indexer was removed.'
WHERE state = 'available' AND starts_with(queue, %s) AND queue <> ALL(%s)
RETURNING id, queue, kind, args
"""


async def abandon_queues(conn: Connection, *, prefix: str, kept: Sequence[str]) -> int:
    """Cancel what waits in queues of this prefix that nobody works on, and tell who waits for it; return how much.

    Args:
        conn: The connection with the transaction.
        prefix: How the names of the queues begin.
        kept: Those that somebody works on.
    """
    rows = await fetch_all(conn, _ABANDON, (prefix, list(kept)))
    for work_id, queue, kind, args in rows:
        payload = {"work_id": work_id, "queue": queue, "kind": kind, "args": args}
        await append(conn, EventKind.WORK_DISCARDED, None, payload)
    return len(rows)


async def depths(conn: Reader) -> list[QueueDepth]:
    """Return how much work lies where; final states other than dead are left out."""
    return [
        QueueDepth(row[0], WorkState(row[1]), row[2], max(0.0, row[3]))
        for row in await fetch_all(conn, _DEPTHS)
    ]


async def prune(conn: Connection, done_days: int, dead_days: int, limit: int) -> int:
    """Delete up to `limit` old rows in final states and return how many went."""
    return await execute(
        conn, _PRUNE, {"done_days": done_days, "dead_days": dead_days, "limit": limit}
    )


def _item(row: Row) -> WorkItem:
    values = list(row)
    values[4] = WorkState(values[4])
    values[13] = tuple(
        WorkError(datetime.fromisoformat(e["at"]), e["attempt"], e["reason"], e["sentence"])
        for e in values[13]
    )
    return WorkItem(*values)


# Who was to wait longest comes last all the same.
_WAKE: Final = """
WITH woken AS (
    UPDATE work SET run_at = now() - interval '1 second' + (run_at - now()) / 1000000
    WHERE queue = %(queue)s AND state = 'available' AND snoozes > 0 AND run_at > now()
    RETURNING id
)
SELECT count(*), pg_notify('reeld_work', %(queue)s) FROM woken
"""

_DUE_QUEUES: Final = "SELECT DISTINCT queue FROM work WHERE state = 'available' AND run_at <= now()"


async def wake(conn: Connection, queue: str) -> int:
    """Make snoozed work of a queue due now; return how much."""
    row = await fetch_one(conn, _WAKE, {"queue": queue})
    return 0 if row is None else int(row[0])


async def due_queues(database: Reader) -> list[str]:
    """Return the queues in which work is due."""
    return [str(row[0]) for row in await fetch_all(database, _DUE_QUEUES)]
