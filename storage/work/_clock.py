"""What a clock that was set back leaves behind: work that is due only when its old time comes round again."""

from __future__ import annotations

from typing import Final

from reeld.storage._rows import Connection, execute

# When a row was asked for or claimed last tells the time at which its wait was counted. If that lies ahead, the clock
# was set back since, and the wait is counted anew. A minute is left alone: so much waits are off anyway.
_COUNT_ANEW: Final = """
UPDATE work SET
    run_at = now() + greatest(run_at - counted_at, interval '0'),
    created_at = least(created_at, now()), claimed_at = least(claimed_at, now())
FROM (
    SELECT id AS early, greatest(created_at, claimed_at) AS counted_at FROM work
    WHERE state = 'available' AND greatest(created_at, claimed_at) > now() + interval '1 minute'
    ORDER BY id FOR UPDATE SKIP LOCKED
) AS stepped
WHERE work.id = early
"""


async def count_anew(conn: Connection) -> int:
    """Let no row wait longer than it was to wait, although the server's clock was set back; returns how many would."""
    return await execute(conn, _COUNT_ANEW)
