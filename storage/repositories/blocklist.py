"""Releases that are not fetched again for a movie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from reeld.storage._rows import Connection, Reader, execute, fetch_all, fetch_one

_COLUMNS: Final = "id, movie_id, indexer, guid, infohash, title, reason, sentence, at"

_ADD: Final = """
INSERT INTO blocklist (movie_id, indexer, guid, infohash, title, reason, sentence)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""

_ADD_OFFER: Final = """
INSERT INTO blocklist (movie_id, indexer, guid, title, reason, sentence)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (movie_id, indexer, guid) DO NOTHING
"""

_BY_MOVIE: Final = "SELECT {columns} FROM blocklist WHERE movie_id = %s ORDER BY id".replace(
    "{columns}", _COLUMNS
)

_PAGE: Final = """
SELECT {columns} FROM blocklist WHERE id < %s ORDER BY id DESC LIMIT %s
""".replace("{columns}", _COLUMNS)


_OF_MOVIES: Final = "%(movies)s::bigint[] IS NULL OR movie_id = ANY(%(movies)s::bigint[])"
_COUNT: Final = "SELECT count(*) FROM blocklist WHERE {movies}".replace("{movies}", _OF_MOVIES)
_NUMBERED_PAGE: Final = """
SELECT {columns} FROM blocklist WHERE {movies}
ORDER BY {order} {direction}, id {direction} OFFSET %(offset)s LIMIT %(limit)s
""".replace("{columns}", _COLUMNS).replace("{movies}", _OF_MOVIES)


class BlockOrder(StrEnum):
    """What blocked releases are sorted by: the expression of each."""

    AGE = "id"
    TITLE = "lower(title)"
    INDEXER = "lower(indexer)"
    MOVIE = "(SELECT lower(m.title) FROM movie m WHERE m.id = movie_id)"


def _numbered(order: BlockOrder, direction: str) -> str:
    return _NUMBERED_PAGE.replace("{order}", order).replace("{direction}", direction)


_NUMBERED: Final = {
    (order, descending): _numbered(order, "DESC" if descending else "ASC")
    for order in BlockOrder
    for descending in (False, True)
}


@dataclass(frozen=True, slots=True)
class Blocked:
    """A release that is not fetched again for a movie.

    Attributes:
        infohash: None when its torrent was never seen, or is blocked by another offer of it.
        reason: Why, for machines.
        sentence: Why, for people.
    """

    id: int
    movie_id: int
    indexer: str
    guid: str
    infohash: str | None
    title: str
    reason: str
    sentence: str
    at: datetime

    def covers(self, indexer: str, guid: str, infohash: str | None) -> bool:
        """Tell whether an offer is this release: the same torrent, or the same offer of the same indexer."""
        same_torrent = infohash is not None and infohash == self.infohash
        return same_torrent or (indexer, guid) == (self.indexer, self.guid)


async def add(
    conn: Connection,
    movie_id: int,
    *,
    indexer: str,
    guid: str,
    infohash: str | None,
    title: str,
    reason: str,
    sentence: str = "",
) -> bool:
    """Block a release for a movie; False when it was blocked before.

    Of several offers of one torrent the first keeps its infohash, and the others are known by who offers them.
    """
    params = (movie_id, indexer, guid, infohash, title, reason, sentence)
    if await execute(conn, _ADD, params) == 1:
        return True
    offer = (movie_id, indexer, guid, title, reason, sentence)
    return await execute(conn, _ADD_OFFER, offer) == 1


async def by_movie(source: Reader, movie_id: int) -> list[Blocked]:
    """Return what is blocked for a movie."""
    return [Blocked(*row) for row in await fetch_all(source, _BY_MOVIE, (movie_id,))]


async def page(source: Reader, *, before: int | None = None, limit: int = 100) -> list[Blocked]:
    """Return blocked releases, newest first; `before` is the number that ended the page before."""
    rows = await fetch_all(source, _PAGE, (before or 2**63 - 1, limit))
    return [Blocked(*row) for row in rows]


async def numbered_page(
    source: Reader,
    *,
    offset: int,
    limit: int,
    movie_ids: Sequence[int] | None = None,
    order: BlockOrder = BlockOrder.AGE,
    descending: bool = True,
) -> list[Blocked]:
    """Return blocked releases from the `offset`-th on, for clients that count pages: the further the slower.

    Args:
        source: Where to read from.
        offset: How many come before.
        limit: At most so many.
        movie_ids: Only those of these movies; None for all.
        order: What they are sorted by.
        descending: Whether the largest comes first: by age, the newest.
    """
    movies = None if movie_ids is None else list(movie_ids)
    params = {"movies": movies, "offset": offset, "limit": limit}
    rows = await fetch_all(source, _NUMBERED[order, descending], params)
    return [Blocked(*row) for row in rows]


async def count(source: Reader, *, movie_ids: Sequence[int] | None = None) -> int:
    """Return how many releases are blocked, for some movies or all."""
    movies = None if movie_ids is None else list(movie_ids)
    row = await fetch_one(source, _COUNT, {"movies": movies})
    return int(row[0]) if row else 0


async def remove(conn: Connection, blocked_id: int) -> bool:
    """Let a release be fetched again; False when it was not blocked."""
    return await execute(conn, "DELETE FROM blocklist WHERE id = %s", (blocked_id,)) == 1


async def clear(conn: Connection) -> None:
    """Let every release be fetched again."""
    await execute(conn, "DELETE FROM blocklist")
