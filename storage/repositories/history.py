"""History: what happened to each movie. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.types.json import Jsonb

from reeld.domain.history import HistoryEntry, HistoryKind
from reeld.storage._rows import Connection, Reader, Row, fetch_all, fetch_one

_APPEND: Final = """
INSERT INTO history (movie_id, kind, release_title, infohash, data) VALUES (%s, %s, %s, %s, %s) RETURNING id
"""

# Four statements instead of one with optional conditions: each is a walk along one index that ends after `limit`
# rows, however many there are.
_PAGE: Final = """
SELECT id, movie_id, kind, at, release_title, data FROM history
WHERE {filter}(at, id) < (%(at)s, %(id)s)
ORDER BY at DESC, id DESC LIMIT %(limit)s
"""
_ALL: Final = _PAGE.replace("{filter}", "")
_OF_MOVIE: Final = _PAGE.replace("{filter}", "movie_id = %(movie_id)s AND ")
_OF_KIND: Final = _PAGE.replace("{filter}", "kind = %(kind)s AND ")
_OF_BOTH: Final = _PAGE.replace("{filter}", "movie_id = %(movie_id)s AND kind = %(kind)s AND ")

_BY_INFOHASH: Final = """
SELECT id, movie_id, kind, at, release_title, data FROM history
WHERE infohash = %s ORDER BY at DESC LIMIT %s
"""


_NUMBERED: Final = """
SELECT id, movie_id, kind, at, release_title, data, infohash FROM history
WHERE kind = ANY(%(kinds)s) AND (%(movies)s::bigint[] IS NULL OR movie_id = ANY(%(movies)s))
  AND (%(infohash)s::text IS NULL OR infohash = %(infohash)s) AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
ORDER BY {order} OFFSET %(offset)s LIMIT %(limit)s
"""
_NEWEST_FIRST: Final = _NUMBERED.replace("{order}", "at DESC, id DESC")
_OLDEST_FIRST: Final = _NUMBERED.replace("{order}", "at, id")

_COUNT: Final = """
SELECT count(*) FROM history
WHERE kind = ANY(%(kinds)s) AND (%(movies)s::bigint[] IS NULL OR movie_id = ANY(%(movies)s))
  AND (%(infohash)s::text IS NULL OR infohash = %(infohash)s)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of history ended. Later rows do not move it, as they would move a page number."""

    at: datetime | str
    id: int

    @classmethod
    def after(cls, entry: HistoryEntry) -> Place:
        """Return the place behind an entry."""
        return cls(entry.at, entry.id)


_TOP: Final = Place("infinity", 2**63 - 1)


async def append(
    conn: Connection,
    movie_id: int,
    kind: HistoryKind,
    *,
    release_title: str | None = None,
    infohash: str | None = None,
    data: Mapping[str, object] | None = None,
) -> int:
    """Tell what happened, in the transaction that made it true; return the row's number.

    Args:
        conn: The connection with the transaction.
        movie_id: The movie. The row stays when the movie is deleted.
        kind: What happened.
        release_title: The release that it was about.
        infohash: The torrent that it was about.
        data: Values that JSON can hold; no secret.
    """
    params = (movie_id, kind, release_title, infohash, Jsonb(dict(data or {})))
    row = await fetch_one(conn, _APPEND, params)
    assert row is not None, "INSERT ... RETURNING answers with the row"
    return int(row[0])


async def page(
    source: Reader,
    *,
    movie_id: int | None = None,
    kind: HistoryKind | None = None,
    before: Place | None = None,
    limit: int = 50,
) -> list[HistoryEntry]:
    """Return a page of history, newest first; for the next one pass `Place.after` of its last entry."""
    place = before or _TOP
    params = {"movie_id": movie_id, "kind": kind, "at": place.at, "id": place.id, "limit": limit}
    rows = await fetch_all(source, _statement(movie_id, kind), params)
    return [_entry(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows of history are wanted.

    Attributes:
        movie_ids: None for those of every movie.
        infohash: Of one torrent; None for all.
    """

    kinds: tuple[HistoryKind, ...]
    movie_ids: tuple[int, ...] | None = None
    infohash: str | None = None

    def to_params(self) -> dict[str, object]:
        """Return it as a statement takes it."""
        movies = None if self.movie_ids is None else list(self.movie_ids)
        kinds = [str(kind) for kind in self.kinds]
        return {"kinds": kinds, "movies": movies, "infohash": self.infohash}


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """One row of history with its torrent."""

    entry: HistoryEntry
    infohash: str | None


async def numbered_page(
    source: Reader,
    choice: Choice,
    *,
    offset: int = 0,
    limit: int = 100,
    newest_first: bool = True,
    since: datetime | None = None,
) -> list[HistoryRecord]:
    """Return rows from the `offset`-th on, for clients that count pages: the further the slower."""
    statement = _NEWEST_FIRST if newest_first else _OLDEST_FIRST
    more = {"offset": offset, "limit": limit, "since": since}
    rows = await fetch_all(source, statement, choice.to_params() | more)
    return [HistoryRecord(_entry(row[:6]), row[6]) for row in rows]


async def count(source: Reader, choice: Choice) -> int:
    """Return how many rows there are."""
    row = await fetch_one(source, _COUNT, choice.to_params())
    return int(row[0]) if row else 0


async def get(source: Reader, history_id: int) -> HistoryRecord | None:
    """Return one row, or None."""
    statement = (
        "SELECT id, movie_id, kind, at, release_title, data, infohash FROM history WHERE id = %s"
    )
    row = await fetch_one(source, statement, (history_id,))
    return None if row is None else HistoryRecord(_entry(row[:6]), row[6])


async def by_infohash(source: Reader, infohash: str, *, limit: int = 100) -> list[HistoryEntry]:
    """Return what happened to a torrent, newest first."""
    return [_entry(row) for row in await fetch_all(source, _BY_INFOHASH, (infohash, limit))]


def _statement(movie_id: int | None, kind: HistoryKind | None) -> str:
    if movie_id is not None:
        return _OF_MOVIE if kind is None else _OF_BOTH
    return _ALL if kind is None else _OF_KIND


def _entry(row: Row) -> HistoryEntry:
    number, movie_id, kind, at, release_title, data = row
    return HistoryEntry(number, movie_id, HistoryKind(kind), at, release_title, data)
