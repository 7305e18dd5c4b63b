"""What TMDB says of a movie, kept with its row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from psycopg.types.json import Jsonb

from reeld.domain.movie import Collection, MovieDetails, MovieStatus, ReleaseDates
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one

_REFRESH: Final = """
UPDATE movie SET
    title = %(title)s, year = %(year)s, imdb_id = coalesce(%(imdb_id)s, imdb_id), original_title = %(original_title)s,
    original_language = %(original_language)s, secondary_year = %(secondary_year)s,
    runtime_minutes = %(runtime_minutes)s, alternative_titles = %(alternative_titles)s, overview = %(overview)s,
    genres = %(genres)s, status = %(status)s, release_dates = %(release_dates)s,
    certification = %(certification)s, collection_tmdb_id = %(collection_tmdb_id)s,
    collection_title = %(collection_title)s, wikidata_id = %(wikidata_id)s, poster_path = %(poster_path)s,
    backdrop_path = %(backdrop_path)s, refreshed_at = now()
WHERE id = %(id)s
"""

_COLUMNS: Final = """tmdb_id, title, year, imdb_id, original_title, original_language, secondary_year, runtime_minutes,
       alternative_titles, overview, genres, status, release_dates, certification, collection_tmdb_id,
       collection_title, wikidata_id, poster_path, backdrop_path"""

_DETAILS: Final = "SELECT {columns} FROM movie WHERE id = %s".replace("{columns}", _COLUMNS)
_BY_IDS: Final = "SELECT id, {columns} FROM movie WHERE id = ANY(%s)".replace("{columns}", _COLUMNS)


async def get(source: Reader, movie_id: int) -> MovieDetails | None:
    """Return what TMDB said of a movie when it was last refreshed, or None."""
    row = await fetch_one(source, _DETAILS, (movie_id,))
    return None if row is None else _details(row)


async def by_ids(source: Reader, ids: Sequence[int]) -> dict[int, MovieDetails]:
    """Return what TMDB said of these movies, by their numbers; missing ones are left out."""
    return {row[0]: _details(row[1:]) for row in await fetch_all(source, _BY_IDS, (list(ids),))}


async def stale(source: Reader, *, seconds: float, limit: int) -> list[int]:
    """Return the movies whose facts are older than `seconds`, or were never read; the oldest first."""
    statement = """
        SELECT id FROM movie WHERE refreshed_at IS NULL OR refreshed_at < now() - make_interval(secs => %s)
        ORDER BY refreshed_at NULLS FIRST, id LIMIT %s
    """
    return [int(row[0]) for row in await fetch_all(source, statement, (seconds, limit))]


async def refresh(conn: Connection, movie_id: int, details: MovieDetails) -> bool:
    """Store what TMDB says of a movie; False when there is no such movie any more.

    An IMDb number that TMDB leaves out is kept: without it the movie could not be searched any more.
    """
    collection = details.collection
    dates = details.release_dates
    params: dict[str, Any] = {
        "id": movie_id,
        "title": details.title,
        "year": details.year,
        "imdb_id": details.imdb_id,
        "original_title": details.original_title,
        "original_language": details.original_language,
        "secondary_year": details.secondary_year,
        "runtime_minutes": details.runtime_minutes,
        "alternative_titles": list(details.alternative_titles),
        "overview": details.overview,
        "genres": list(details.genres),
        "status": details.status,
        "release_dates": Jsonb(
            {
                name: day.isoformat()
                for name in ("in_cinemas", "digital", "physical")
                if (day := getattr(dates, name)) is not None
            }
        ),
        "certification": details.certification,
        "collection_tmdb_id": collection and collection.tmdb_id,
        "collection_title": collection and collection.name,
        "wikidata_id": details.wikidata_id,
        "poster_path": details.poster_path,
        "backdrop_path": details.backdrop_path,
    }
    return await execute(conn, _REFRESH, params) == 1


async def mark_deleted(conn: Connection, movie_id: int) -> bool:
    """Note that TMDB does not know a movie any more; everything else stays as it was. False when there is no movie."""
    statement = "UPDATE movie SET status = 'deleted', refreshed_at = now() WHERE id = %s"
    return await execute(conn, statement, (movie_id,)) == 1


def _details(row: Row) -> MovieDetails:
    values = list(row)
    dates = {name: date.fromisoformat(day) for name, day in values[12].items()}
    collection_id, collection_title = values[14:16]
    collection = None if collection_id is None else Collection(collection_id, collection_title)
    return MovieDetails(
        tmdb_id=values[0],
        title=values[1],
        year=values[2],
        imdb_id=values[3],
        original_title=values[4],
        original_language=values[5],
        secondary_year=values[6],
        runtime_minutes=values[7],
        alternative_titles=tuple(values[8]),
        overview=values[9],
        genres=tuple(values[10]),
        status=MovieStatus(values[11]),
        release_dates=ReleaseDates(**dates),
        certification=values[13],
        collection=collection,
        wikidata_id=values[16],
        poster_path=values[17],
        backdrop_path=values[18],
    )
