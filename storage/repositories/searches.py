"""Searches that ask several indexers at once: who has not answered yet, and until when the decision waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reeld.domain.history import EventKind
from reeld.domain.work import WorkKind
from reeld.storage._rows import Connection, Reader, execute, fetch_one
from reeld.storage.events import append

# Whoever answers takes the movie's row first as well: what it has not yet committed is waited for here.
_LOCK_MOVIE: Final = "SELECT id FROM movie WHERE id = %s FOR NO KEY UPDATE"

_IS_ASKED: Final = """
SELECT EXISTS (SELECT FROM work WHERE queue = %s AND kind = %s AND unique_key = %s AND state IN ('available', 'running')
               AND snoozes = 0 AND NOT progress ? 'cannot_answer')
"""

_CANNOT: Final = """
UPDATE work SET progress = progress || '{"cannot_answer": true}' WHERE id = %s AND state = 'running'
"""

# One that is open goes on with its own deadline, and waits for the others too.
_BEGIN: Final = """
INSERT INTO search AS s (movie_id, waiting, deadline_at)
VALUES (%(movie_id)s, %(waiting)s, now() + make_interval(secs => %(seconds)s))
ON CONFLICT (movie_id) WHERE ended_at IS NULL DO UPDATE SET
    waiting = ARRAY(SELECT DISTINCT unnest(s.waiting || excluded.waiting) ORDER BY 1)
RETURNING id, xmax = 0
"""

_ANSWERED: Final = """
UPDATE search SET waiting = array_remove(waiting, %(part)s),
                  ended_at = CASE WHEN waiting <@ ARRAY[%(part)s] THEN now() END
WHERE movie_id = %(movie_id)s AND ended_at IS NULL AND %(part)s = ANY(waiting)
RETURNING id, ended_at IS NOT NULL
"""

_END: Final = """
UPDATE search SET ended_at = now() WHERE id = %s AND ended_at IS NULL RETURNING movie_id, waiting
"""

_IS_OPEN: Final = """
SELECT EXISTS (SELECT FROM search WHERE movie_id = %s AND ended_at IS NULL AND deadline_at > now())
"""

_PRUNE: Final = "DELETE FROM search WHERE ended_at < now() - interval '7 days'"


async def lock_movie(conn: Connection, movie_id: int) -> bool:
    """Take a movie's row, so that nobody answers for it in between; False when there is no such movie."""
    return await fetch_one(conn, _LOCK_MOVIE, (movie_id,)) is not None


async def is_asked(source: Reader, part: str, key: str) -> bool:
    """Tell whether a part is asked for a movie now, and not held up."""
    row = await fetch_one(source, _IS_ASKED, (part, WorkKind.SEARCH_MOVIE, key))
    return row is not None and bool(row[0])


async def begin(
    conn: Connection, movie_id: int, parts: Sequence[str], *, seconds: float
) -> int | None:
    """Note that these are asked for a movie at once.

    Returns:
        The number of the search that was begun; None when one was open, which goes on with these as well.
    """
    params = {"movie_id": movie_id, "waiting": sorted(parts), "seconds": seconds}
    row = await fetch_one(conn, _BEGIN, params)
    assert row is not None, "it always returns a row"
    return int(row[0]) if row[1] else None


async def answered(conn: Connection, movie_id: int, part: str) -> None:
    """Note that one that was asked has answered, or cannot now; with the last one the search has ended, and says so.

    Call it behind what the answer changes, in the same transaction. It takes the movie's row, so that who is about to
    begin a search either sees that this one is done, or is seen here.
    """
    await lock_movie(conn, movie_id)
    row = await fetch_one(conn, _ANSWERED, {"movie_id": movie_id, "part": part})
    if row is not None and row[1]:
        await _tell(conn, movie_id, int(row[0]), [])


async def cannot_answer(conn: Connection, movie_id: int, part: str, work_id: int) -> None:
    """Note that one cannot be asked now: neither this search nor one that is about to begin waits for it.

    Args:
        conn: The connection with the transaction.
        movie_id: The movie.
        part: Who.
        work_id: The work that asks it, which is tried again later.
    """
    await answered(conn, movie_id, part)
    await execute(conn, _CANNOT, (work_id,))


async def end(conn: Connection, search_id: int) -> None:
    """End a search whose deadline has passed, if it is open."""
    row = await fetch_one(conn, _END, (search_id,))
    if row is not None:
        await _tell(conn, int(row[0]), search_id, list(row[1]))


async def is_open(source: Reader, movie_id: int) -> bool:
    """Tell whether indexers are being asked for a movie, so that a decision would come too early."""
    row = await fetch_one(source, _IS_OPEN, (movie_id,))
    return row is not None and bool(row[0])


async def prune(conn: Connection) -> int:
    """Delete searches that ended long ago."""
    return await execute(conn, _PRUNE, ())


async def _tell(conn: Connection, movie_id: int, search_id: int, late: list[str]) -> None:
    payload = {"movie_id": movie_id, "search_id": search_id, "late": late}
    await append(conn, EventKind.SEARCH_ENDED, movie_id, payload)
