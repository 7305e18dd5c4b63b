"""Taking work back from workers that will not end it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from reeld.storage._rows import Connection, fetch_all
from reeld.storage.work._finish import announce_death
from reeld.storage.work._job import Returned

VANISHINGS: Final = 3
"""After so many workers that vanished with it, work is taken for their murderer and is dead."""

_BATCH: Final = 500

# Work that crashes its worker is told from work that happened to be there by waiting a little, differently each.
_TAKE_BACK: Final = """
UPDATE work SET
    vanished = vanished + (taken.cause = 'crashed_worker')::int,
    attempt = attempt - (taken.cause = 'stopped')::int,
    state = CASE WHEN taken.is_dead THEN 'dead' ELSE 'available' END,
    finished_at = CASE WHEN taken.is_dead THEN now() END,
    run_at = CASE WHEN taken.cause = 'stopped' THEN run_at
                  ELSE now() + make_interval(secs => vanished * random()) END,
    reason = taken.cause, sentence = taken.sentence,
    errors = CASE WHEN taken.cause = 'stopped' THEN errors ELSE jsonb_path_query_array(
        jsonb_build_array(jsonb_build_object(
            'at', now(), 'attempt', attempt, 'reason', taken.cause, 'sentence', taken.sentence)) || errors,
        '$[0 to 9]') END,
    again = false, worker = NULL, owner = NULL, deadline_at = NULL
FROM (
    SELECT id, cause, sentence,
           cause = 'crashed_worker' AND lost_before + 1 >= %(vanishings)s
           OR cause <> 'stopped' AND attempt >= max_attempts AS is_dead
    FROM lost
) AS taken
WHERE work.id = taken.id
RETURNING work.id, queue, kind, reason, state = 'dead'
"""

_GIVE_BACK: Final = """
WITH lost AS MATERIALIZED (
    SELECT id, vanished AS lost_before, attempt, max_attempts, %(cause)s::text AS cause, %(sentence)s::text AS sentence
    FROM work WHERE worker = %(worker)s AND state = 'running' AND id <> ALL (%(kept)s::bigint[])
    ORDER BY id FOR UPDATE
)
{take_back}""".replace("{take_back}", _TAKE_BACK)

# An owner is alive while its session holds its advisory lock: no clock is asked. Where sessions are pooled, while its
# lease runs. Our own rows are left alone: their incarnations give them back.
_RESCUE: Final = """
WITH alive AS MATERIALIZED (
    SELECT o.owner FROM work_owner o
    WHERE CASE WHEN o.locks THEN EXISTS (
        SELECT FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND ((l.classid::bigint << 32) | l.objid::bigint) = o.lock_key)
    ELSE o.lease_until > now() END
), lost AS MATERIALIZED (
    SELECT id, vanished AS lost_before, attempt, max_attempts,
           CASE WHEN gone THEN 'crashed_worker' ELSE 'deadline_exceeded' END AS cause,
           CASE WHEN gone THEN 'The process that ran this work is gone.'
                ELSE 'The work was not done before its deadline.' END AS sentence
    FROM (
        SELECT w.*, w.owner <> %(owner)s AND w.owner NOT IN (SELECT owner FROM alive) AS gone
        FROM work w WHERE w.state = 'running'
    ) AS running
    WHERE gone OR deadline_at < now()
    ORDER BY id LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
)
{take_back}""".replace("{take_back}", _TAKE_BACK)


async def give_back(
    conn: Connection, worker: UUID, *, crashed: bool, kept: Sequence[int] = ()
) -> tuple[Returned, ...]:
    """Make every row that a worker had claimed available again, or dead; but for those that it keeps."""
    params = {
        "worker": worker,
        "kept": list(kept),
        "vanishings": VANISHINGS,
        "cause": "crashed_worker" if crashed else "stopped",
        "sentence": "The actor that ran this work crashed."
        if crashed
        else "The worker was stopped.",
    }
    return await _take(conn, _GIVE_BACK, params)


async def rescue(conn: Connection, owner: UUID) -> tuple[Returned, ...]:
    """Take back up to 500 rows whose process is gone or whose deadline passed."""
    params = {"owner": owner, "vanishings": VANISHINGS, "batch": _BATCH}
    return await _take(conn, _RESCUE, params)


async def _take(
    conn: Connection, statement: str, params: dict[str, object]
) -> tuple[Returned, ...]:
    taken = tuple(Returned(*row) for row in await fetch_all(conn, statement, params))
    for row in taken:
        if row.is_dead:
            await announce_death(conn, row.id, row.queue, row.kind, row.reason)
    return taken
