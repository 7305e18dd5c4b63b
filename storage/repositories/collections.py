"""Series of movies, as far as movies of the library belong to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reeld.storage._rows import Reader, Row, fetch_all, fetch_one

_SERIES: Final = """
SELECT m.collection_tmdb_id, max(m.collection_title),
       jsonb_agg(jsonb_build_object('id', m.id, 'tmdb_id', m.tmdb_id, 'title', m.title, 'year', m.year,
                                    'monitored', m.monitored, 'has_file', f.there)
                 ORDER BY m.year NULLS LAST, m.id)
FROM ({which}) AS series
JOIN movie m USING (collection_tmdb_id)
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM library_file WHERE movie_id = m.id) AS there) AS f
GROUP BY m.collection_tmdb_id ORDER BY m.collection_tmdb_id
"""
_PAGE: Final = _SERIES.replace(
    "{which}",
    """SELECT DISTINCT collection_tmdb_id FROM movie WHERE collection_tmdb_id > %(after)s
       ORDER BY collection_tmdb_id LIMIT %(limit)s""",
)
_ONE: Final = _SERIES.replace(
    "{which}", "SELECT DISTINCT collection_tmdb_id FROM movie WHERE collection_tmdb_id = %(number)s"
)


@dataclass(frozen=True, slots=True)
class Series:
    """A collection and those of its movies that are in the library.

    Attributes:
        movies: [{"id", "tmdb_id", "title", "year", "monitored", "has_file"}], oldest first.
    """

    tmdb_id: int
    name: str
    movies: tuple[Mapping[str, Any], ...]


async def page(source: Reader, *, after: int = 0, limit: int = 100) -> list[Series]:
    """Return collections by TMDB's number of them; `after` is the number that ended the page before."""
    rows = await fetch_all(source, _PAGE, {"after": after, "limit": limit})
    return [_series(row) for row in rows]


async def get(source: Reader, number: int) -> Series | None:
    """Return a collection by TMDB's number of it; None when no movie of the library belongs to it."""
    row = await fetch_one(source, _ONE, {"number": number})
    return None if row is None else _series(row)


def _series(row: Row) -> Series:
    return Series(row[0], row[1] or "", tuple(row[2]))
