"""Decisions, each with its explanation. One that was made again with the same end is counted, not stored again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from reeld.storage._rows import Connection, Reader, execute, fetch_all, fetch_one

_COLUMNS: Final = "id, movie_id, cause, release_id, explanation, times, at, last_at"

# Compared with the newest alone: what was decided in between counts as a change of mind.
_STORE: Final = """
WITH newest AS (
    SELECT id, digest FROM decision WHERE movie_id = %(movie_id)s ORDER BY id DESC LIMIT 1
), again AS (
    UPDATE decision SET times = times + 1, last_at = now() FROM newest
    WHERE decision.id = newest.id AND newest.digest = %(digest)s RETURNING decision.id
), new AS (
    INSERT INTO decision (movie_id, cause, release_id, explanation, digest)
    SELECT %(movie_id)s, %(cause)s, %(release_id)s, %(explanation)s::text::jsonb, %(digest)s
    WHERE NOT EXISTS (SELECT FROM again) RETURNING id
)
SELECT id, true FROM new UNION ALL SELECT id, false FROM again
"""

_NEWEST: Final = """
SELECT {columns} FROM decision WHERE movie_id = %s ORDER BY id DESC LIMIT 1
""".replace("{columns}", _COLUMNS)

_OF_MOVIE: Final = """
SELECT {columns} FROM decision WHERE movie_id = %s AND id < %s ORDER BY id DESC LIMIT %s
""".replace("{columns}", _COLUMNS)

# The last one about a movie stays: it is the answer to why the movie stands where it stands.
_DELETE_OLD: Final = """
DELETE FROM decision WHERE id IN (
    SELECT id FROM decision d
    WHERE last_at < now() - make_interval(days => %(days)s)
      AND EXISTS (SELECT FROM decision newer WHERE newer.movie_id = d.movie_id AND newer.id > d.id)
    ORDER BY last_at LIMIT %(limit)s
)
"""


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision as it was stored.

    Attributes:
        cause: What asked for it.
        release_id: The release that was taken; None when none was, or when it is known no more.
        explanation: The document that says why; see `reeld.domain.decision.Explanation`.
        times: How often it was made in a row with the same end.
        at: When first.
        last_at: When last.
    """

    id: int
    movie_id: int
    cause: str
    release_id: int | None
    explanation: Mapping[str, Any]
    times: int
    at: datetime
    last_at: datetime


async def store(
    conn: Connection,
    movie_id: int,
    *,
    cause: str,
    release_id: int | None,
    explanation: bytes,
    digest: bytes,
) -> tuple[int, bool]:
    """Store a decision; one with the digest of the movie's newest is only counted once more.

    Args:
        conn: The connection with the transaction.
        movie_id: The movie.
        cause: What asked for it.
        release_id: The release that was taken.
        explanation: As JSON, written already: of hundreds of releases that takes longer than the loop may stand.
        digest: Equal for decisions with the same end.

    Returns:
        Its number, and whether it is a new row.
    """
    params = {
        "movie_id": movie_id,
        "cause": cause,
        "release_id": release_id,
        "explanation": explanation.decode(),
        "digest": digest,
    }
    row = await fetch_one(conn, _STORE, params)
    assert row is not None, "it is either counted or inserted"
    return int(row[0]), bool(row[1])


async def newest(source: Reader, movie_id: int) -> StoredDecision | None:
    """Return the last decision about a movie, or None."""
    row = await fetch_one(source, _NEWEST, (movie_id,))
    return None if row is None else StoredDecision(*row)


async def of_movie(
    source: Reader, movie_id: int, *, before: int | None = None, limit: int = 20
) -> list[StoredDecision]:
    """Return the decisions about a movie, newest first; `before` is the number that ended the page before."""
    rows = await fetch_all(source, _OF_MOVIE, (movie_id, before or 2**63 - 1, limit))
    return [StoredDecision(*row) for row in rows]


async def prune(conn: Connection, *, days: int = 90, limit: int = 1000) -> int:
    """Delete up to `limit` decisions that were last made more than `days` ago, apart from the newest of each movie."""
    return await execute(conn, _DELETE_OLD, {"days": days, "limit": limit})
