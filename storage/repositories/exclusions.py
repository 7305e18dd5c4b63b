"""Movies that no list may add again. A person still can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reeld.storage._rows import Connection, Reader, execute, fetch_all, fetch_one

_COLUMNS: Final = "id, tmdb_id, title, year, added_at"

_ADD: Final = """
INSERT INTO exclusion (tmdb_id, title, year) VALUES (%s, %s, %s)
ON CONFLICT (tmdb_id) DO UPDATE SET title = excluded.title, year = excluded.year
RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_OF_MOVIES: Final = """
INSERT INTO exclusion (tmdb_id, title, year) SELECT tmdb_id, title, year FROM movie WHERE id = ANY(%s)
ON CONFLICT (tmdb_id) DO NOTHING
"""

_PAGE: Final = "SELECT {columns} FROM exclusion WHERE id > %s ORDER BY id LIMIT %s".replace(
    "{columns}", _COLUMNS
)

_GET: Final = "SELECT {columns} FROM exclusion WHERE id = %s".replace("{columns}", _COLUMNS)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A movie that no list adds."""

    id: int
    tmdb_id: int
    title: str
    year: int | None
    added_at: datetime


async def add(conn: Connection, tmdb_id: int, title: str, year: int | None = None) -> Exclusion:
    """Exclude a movie, which need not be in the library; one that is excluded takes the new title."""
    row = await fetch_one(conn, _ADD, (tmdb_id, title, year))
    assert row is not None, "INSERT ... DO UPDATE ... RETURNING answers with the row"
    return Exclusion(*row)


async def add_movies(conn: Connection, movie_ids: Sequence[int]) -> int:
    """Exclude movies of the library; return how many were not excluded before."""
    return await execute(conn, _OF_MOVIES, (list(movie_ids),))


async def page(source: Reader, *, after: int = 0, limit: int = 100) -> list[Exclusion]:
    """Return exclusions by their number; `after` is the number that ended the page before."""
    return [Exclusion(*row) for row in await fetch_all(source, _PAGE, (after, limit))]


async def get(source: Reader, exclusion_id: int) -> Exclusion | None:
    """Return one exclusion, or None."""
    row = await fetch_one(source, _GET, (exclusion_id,))
    return None if row is None else Exclusion(*row)


async def is_excluded(source: Reader, tmdb_id: int) -> bool:
    """Tell whether lists may not add a movie."""
    return (
        await fetch_one(source, "SELECT FROM exclusion WHERE tmdb_id = %s", (tmdb_id,)) is not None
    )


async def remove(conn: Connection, exclusion_id: int) -> bool:
    """Let lists add a movie again; False when it was not excluded."""
    return await execute(conn, "DELETE FROM exclusion WHERE id = %s", (exclusion_id,)) == 1
