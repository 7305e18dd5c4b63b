"""Releases that are right, but not yet: a better one may come, or the download client is away."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from reeld.domain.release import IndexerFlag
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one

# A release that waits on keeps since when: that is what a delay is counted from.
_PUT: Final = """
INSERT INTO pending_release AS p (release_id, movie_id, reason, due_at)
VALUES (%(release_id)s, %(movie_id)s, %(reason)s, %(due_at)s)
ON CONFLICT (release_id) DO UPDATE SET
    movie_id = excluded.movie_id, reason = excluded.reason, due_at = excluded.due_at,
    added_at = CASE WHEN p.movie_id = excluded.movie_id THEN p.added_at ELSE now() END
RETURNING release_id, movie_id, reason, added_at, due_at
"""

_OF_MOVIE: Final = """
SELECT release_id, movie_id, reason, added_at, due_at FROM pending_release
WHERE movie_id = %s ORDER BY added_at, release_id
"""

_PAGE: Final = """
SELECT release_id, movie_id, reason, added_at, due_at FROM pending_release ORDER BY due_at, release_id LIMIT %s
"""

_IN_QUEUE: Final = """
SELECT p.release_id, p.movie_id, p.reason, p.added_at, p.due_at, r.title, r.indexer, r.guid, r.infohash, r.size,
       r.flags, r.parsed, m.title
FROM pending_release p JOIN release r ON r.id = p.release_id JOIN movie m ON m.id = p.movie_id
"""
_QUEUE: Final = _IN_QUEUE + "WHERE p.reason <> 'fallback' ORDER BY p.due_at, p.release_id LIMIT %s"
_IN_QUEUE_ONE: Final = _IN_QUEUE + "WHERE p.release_id = %s"

_DUE: Final = """
SELECT movie_id FROM pending_release WHERE due_at <= now() GROUP BY movie_id ORDER BY min(due_at) LIMIT %s
"""

_WAITING_FOR: Final = """
SELECT DISTINCT movie_id FROM pending_release WHERE reason = ANY(%s) ORDER BY movie_id LIMIT %s
"""

_TAKE: Final = """
DELETE FROM pending_release WHERE release_id = %s RETURNING release_id, movie_id, reason, added_at, due_at
"""

_CLEAR: Final = "DELETE FROM pending_release WHERE movie_id = %s AND release_id <> ALL(%s)"


class PendingReason(StrEnum):
    """What a release waits for."""

    DELAY = "delay"
    """Its delay profile waits for a better one."""
    CLIENT_UNAVAILABLE = "client_unavailable"
    INDEXER_UNAVAILABLE = "indexer_unavailable"
    FALLBACK = "fallback"
    """For the one that waits in front of it to fail."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A release that waits.

    Attributes:
        added_at: Since when.
        due_at: When it is decided about again.
    """

    release_id: int
    movie_id: int
    reason: PendingReason
    added_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting(Pending):
    """A release that waits, for people.

    Attributes:
        parsed: What its name says, as JSON; empty when it was never read.
    """

    title: str
    indexer: str
    guid: str
    infohash: str | None
    size: int | None
    flags: IndexerFlag
    parsed: Mapping[str, Any]
    movie_title: str


async def put(
    conn: Connection, release_id: int, movie_id: int, reason: PendingReason, due_at: datetime
) -> Pending:
    """Let a release wait; of one that waits already the reason and the time are brought up to date."""
    params = {
        "release_id": release_id,
        "movie_id": movie_id,
        "reason": reason,
        "due_at": due_at,
    }
    row = await fetch_one(conn, _PUT, params)
    assert row is not None, "INSERT ... DO UPDATE ... RETURNING answers with the row"
    return _pending(row)


async def of_movie(source: Reader, movie_id: int) -> list[Pending]:
    """Return what waits for a movie, the longest first."""
    return [_pending(row) for row in await fetch_all(source, _OF_MOVIE, (movie_id,))]


async def page(source: Reader, *, limit: int = 100) -> list[Pending]:
    """Return what waits, the next that is due first."""
    return [_pending(row) for row in await fetch_all(source, _PAGE, (limit,))]


async def queue(source: Reader, *, limit: int = 1000) -> list[Waiting]:
    """Return what waits for people to see, the next that is due first; not what waits for another one to fail."""
    return [_waiting(row) for row in await fetch_all(source, _QUEUE, (limit,))]


async def get(source: Reader, release_id: int) -> Waiting | None:
    """Return a release that waits, or None."""
    row = await fetch_one(source, _IN_QUEUE_ONE, (release_id,))
    return None if row is None else _waiting(row)


async def due(source: Reader, *, limit: int = 100) -> list[int]:
    """Return the movies of which something is due, the longest first."""
    return [int(row[0]) for row in await fetch_all(source, _DUE, (limit,))]


async def movies_waiting_for(
    source: Reader, reasons: Collection[PendingReason], *, limit: int = 1000
) -> list[int]:
    """Return the movies of which a release waits for one of these reasons."""
    params = ([str(each) for each in reasons], limit)
    return [int(row[0]) for row in await fetch_all(source, _WAITING_FOR, params)]


async def take(conn: Connection, release_id: int) -> Pending | None:
    """End the wait of a release and return it; None when it did not wait."""
    row = await fetch_one(conn, _TAKE, (release_id,))
    return None if row is None else _pending(row)


async def clear(conn: Connection, movie_id: int, *, keep: Collection[int] = ()) -> int:
    """End the wait of a movie's releases, apart from some; return how many waited."""
    return await execute(conn, _CLEAR, (movie_id, sorted(keep)))


async def counts(source: Reader) -> dict[PendingReason, int]:
    """Return how many releases wait, by reason; one without any is left out."""
    rows = await fetch_all(source, "SELECT reason, count(*) FROM pending_release GROUP BY reason")
    return {PendingReason(reason): count for reason, count in rows}


def _pending(row: Row) -> Pending:
    release_id, movie_id, reason, added_at, due_at = row
    return Pending(release_id, movie_id, PendingReason(reason), added_at, due_at)


def _waiting(row: Row) -> Waiting:
    values = list(row)
    values[2] = PendingReason(values[2])
    values[10] = IndexerFlag(values[10])
    values[11] = values[11] or {}
    return Waiting(*values)
