"""Movies whole: the row, what TMDB says, the file, and by what one sees that any of it changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reeld.domain.availability import MinimumAvailability
from reeld.domain.library import MovieFile
from reeld.domain.movie import Movie, MovieDetails
from reeld.storage._rows import Reader, Row, fetch_all, fetch_one
from reeld.storage.repositories import library, metadata, movies

PAGE: Final = 500
"""Rows read at once, so that ten thousand movies do not hold up the loop."""

# xmin changes with every update of a row (PostgreSQL 5.5): what has the same is the same.
_MARK: Final = """
SELECT m.id, concat_ws('.', m.xmin, f.marks) FROM movie m
LEFT JOIN LATERAL (
    SELECT string_agg(concat_ws('-', id, xmin), '.' ORDER BY id) AS marks FROM library_file WHERE movie_id = m.id
) f ON true
"""
_MARKS: Final = f"{_MARK} WHERE m.id > %s ORDER BY m.id LIMIT %s"
_MARKS_OF: Final = f"{_MARK} WHERE m.id = ANY(%s) ORDER BY m.id"

_REST: Final = """
SELECT m.id, m.minimum_availability, m.tags, m.searched_at, p.id
FROM movie m JOIN quality_profile p ON p.name = m.profile
WHERE m.id = ANY(%s) ORDER BY m.id
"""


@dataclass(frozen=True, slots=True)
class ShelvedMovie:
    """A movie with everything that is known of it.

    Attributes:
        profile_id: The number of its quality profile.
        file: The newest of its files; None when it has none.
    """

    movie: Movie
    details: MovieDetails
    minimum_availability: MinimumAvailability
    tags: tuple[int, ...]
    searched_at: datetime | None
    profile_id: int
    file: MovieFile | None


async def marks(source: Reader) -> dict[int, str]:
    """Return a mark for every movie, by its number in ascending order: another one as soon as the movie or a file of it changed."""
    found: dict[int, str] = {}
    after = 0
    while True:
        rows = await fetch_all(source, _MARKS, (after, PAGE))
        found.update((row[0], row[1]) for row in rows)
        if len(rows) < PAGE:
            return found
        after = rows[-1][0]


async def marks_of(source: Reader, ids: Collection[int]) -> dict[int, str]:
    """Return the marks of some movies, by their numbers in ascending order; missing ones are left out."""
    return dict(await fetch_all(source, _MARKS_OF, (list(ids),)))


async def by_ids(source: Reader, ids: Sequence[int]) -> list[ShelvedMovie]:
    """Return movies by number; missing ones are left out. Ask for `PAGE` of them at most."""
    rows = {row.id: row for row in await movies.by_ids(source, ids)}
    details = await metadata.by_ids(source, ids)
    files = await library.of_movies(source, list(ids))
    return [
        _shelved(rows[rest[0]], details[rest[0]], files.get(rest[0], []), rest)
        for rest in await fetch_all(source, _REST, (list(ids),))
        if rest[0] in rows and rest[0] in details
    ]


async def get(source: Reader, movie_id: int) -> ShelvedMovie | None:
    """Return a movie, or None."""
    found = await by_ids(source, [movie_id])
    return found[0] if found else None


async def number_of_tmdb(source: Reader, tmdb_id: int) -> int | None:
    """Return the number of the movie with TMDB's number, or None."""
    row = await fetch_one(source, "SELECT id FROM movie WHERE tmdb_id = %s", (tmdb_id,))
    return None if row is None else int(row[0])


async def numbers_of_tmdb(source: Reader, tmdb_ids: Sequence[int]) -> dict[int, int]:
    """Return the numbers of movies by TMDB's; those that are not in the library are left out."""
    rows = await fetch_all(
        source, "SELECT tmdb_id, id FROM movie WHERE tmdb_id = ANY(%s)", (list(tmdb_ids),)
    )
    return dict(rows)


def _shelved(
    movie: Movie, details: MovieDetails, files: list[MovieFile], rest: Row
) -> ShelvedMovie:
    _, availability, tags, searched_at, profile_id = rest
    return ShelvedMovie(
        movie=movie,
        details=details,
        minimum_availability=MinimumAvailability(availability),
        tags=tuple(tags),
        searched_at=searched_at,
        profile_id=profile_id,
        file=files[-1] if files else None,
    )
