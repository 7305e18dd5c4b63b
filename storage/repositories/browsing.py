"""Lists of movies as people look through them: filtered, searched, sorted, a page at a time.

Each order walks along an index from where the last page ended, so that a page costs the same however many movies there
are, unless a filter lets very few of them through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from reeld.domain.availability import MinimumAvailability
from reeld.domain.movie import MovieStatus, ReleaseDates, Stage
from reeld.storage._rows import Reader, Row, fetch_all, fetch_one

_COLUMNS: Final = """id, tmdb_id, imdb_id, title, original_title, year, runtime_minutes, overview, genres, status,
       certification, collection_tmdb_id, collection_title, release_dates, poster_path, backdrop_path, monitored,
       minimum_availability, root_folder, profile, tags, stage, progress, stage_note, stage_at, added_at, searched_at"""


# xmin changes with every update of a row (PostgreSQL 5.5): what has the same is the same.
_MARK: Final = """concat_ws('.', version, (
    SELECT string_agg(concat_ws('-', f.id, f.xmin), '.' ORDER BY f.id) FROM library_file f WHERE f.movie_id = page.id))"""


class MovieOrder(StrEnum):
    """What movies are sorted by."""

    ID = "id"
    TITLE = "title"
    YEAR = "year"
    ADDED = "added"


_KEYS: Final[Mapping[MovieOrder, tuple[str, str]]] = {
    MovieOrder.ID: ("id", "bigint"),
    MovieOrder.TITLE: ("lower(title)", "text"),
    MovieOrder.YEAR: ("coalesce(year, 0)", "integer"),
    MovieOrder.ADDED: ("added_at", "timestamptz"),
}
"""The expression that an index holds, and its type."""


@dataclass(frozen=True, slots=True)
class MovieFilter:
    """Which movies; what is None lets all through.

    Attributes:
        tag: The number of a tag that they have.
        root_folder: The path of the folder that they are to lie in.
        text: Words of the title or the original title; the last one may be cut short.
    """

    stage: Stage | None = None
    monitored: bool | None = None
    profile: str | None = None
    tag: int | None = None
    year: int | None = None
    has_file: bool | None = None
    root_folder: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class MoviePlace:
    """Where a page ended: the value that it is sorted by, as text, and the movie's number."""

    value: str
    id: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A movie on a page.

    Attributes:
        place: Where a page that ends with it ends.
        mark: Another one as soon as the movie or a file of it changed.
    """

    id: int
    place: MoviePlace
    mark: str


@dataclass(frozen=True, slots=True)
class BrowsedMovie:
    """A movie with everything that a list shows of it, but for its files.

    Attributes:
        root_folder: None for the default one.
    """

    id: int
    tmdb_id: int
    imdb_id: str | None
    title: str
    original_title: str | None
    year: int | None
    runtime_minutes: int | None
    overview: str
    genres: tuple[str, ...]
    status: MovieStatus
    certification: str | None
    collection_tmdb_id: int | None
    collection_title: str | None
    release_dates: ReleaseDates
    poster_path: str | None
    backdrop_path: str | None
    monitored: bool
    minimum_availability: MinimumAvailability
    root_folder: str | None
    profile: str
    tags: tuple[int, ...]
    stage: Stage
    progress: float
    stage_note: str
    stage_at: datetime
    added_at: datetime
    searched_at: datetime | None


async def page(
    source: Reader,
    which: MovieFilter,
    *,
    default_root: str,
    order: MovieOrder = MovieOrder.ID,
    descending: bool = False,
    after: MoviePlace | None = None,
    limit: int = 100,
) -> list[Listed]:
    """Return a page of movies.

    Args:
        source: Where to read from.
        which: Which movies.
        default_root: The root folder that the settings name.
        order: What they are sorted by; movies that are equal, by their number.
        descending: Whether the greatest comes first.
        after: The place of the last movie of the page before; None for the first page.
        limit: How many.
    """
    key, kind = _KEYS[order]
    sign, direction = ("<", "DESC") if descending else (">", "ASC")
    conditions, params = _conditions(which, default_root)
    if after is not None:
        conditions.append(f"({key}, id) {sign} (%(value)s::{kind}, %(after)s)")
        params |= {"value": after.value, "after": after.id}
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    # The marks are found for those of the page alone.
    statement = f"""
        SELECT id, key::text, {_MARK} FROM (
            SELECT id, {key} AS key, xmin AS version FROM movie {where}
            ORDER BY {key} {direction}, id {direction} LIMIT %(limit)s) AS page
        ORDER BY page.key {direction}, id {direction}
    """  # noqa: S608 - put together from this module's own words alone
    rows = await fetch_all(source, statement, {**params, "limit": limit})
    return [Listed(row[0], MoviePlace(row[1], row[0]), row[2]) for row in rows]


async def get(source: Reader, movie_id: int) -> BrowsedMovie | None:
    """Return one movie, or None."""
    statement = f"SELECT {_COLUMNS} FROM movie WHERE id = %s"  # noqa: S608 - as above
    row = await fetch_one(source, statement, (movie_id,))
    return None if row is None else _browsed(row)


async def by_ids(source: Reader, ids: Sequence[int]) -> list[BrowsedMovie]:
    """Return movies by their numbers, in the order of these; missing ones are left out."""
    statement = f"SELECT {_COLUMNS} FROM movie WHERE id = ANY(%s)"  # noqa: S608 - as above
    rows = {row[0]: row for row in await fetch_all(source, statement, (list(ids),))}
    return [_browsed(rows[number]) for number in ids if number in rows]


def _conditions(which: MovieFilter, default_root: str) -> tuple[list[str], dict[str, Any]]:
    params = {
        "stage": which.stage,
        "monitored": which.monitored,
        "profile": which.profile,
        "tag": None if which.tag is None else [which.tag],
        "year": which.year,
        "root_folder": which.root_folder,
        "default_root": default_root,
        "words": _words(which.text or ""),
    }
    known = {
        "stage": "stage = %(stage)s",
        "monitored": "monitored = %(monitored)s",
        "profile": "profile = %(profile)s",
        "tag": "tags @> %(tag)s::bigint[] AND tags <> '{}'",
        "year": "coalesce(year, 0) = %(year)s",
        "root_folder": "coalesce(root_folder, %(default_root)s) = %(root_folder)s",
        "words": "to_tsvector('simple', title || ' ' || coalesce(original_title, '')) @@ to_tsquery('simple', %(words)s)",
    }
    conditions = [each for name, each in known.items() if params[name] is not None]
    if which.has_file is not None:
        there = "EXISTS (SELECT FROM library_file WHERE movie_id = movie.id)"
        conditions.append(there if which.has_file else f"NOT {there}")
    return conditions, params


def _words(text: str) -> str | None:
    """Return the query that finds all words of a text; the last one may go on. None where there are none."""
    # Quoted, a word of a query is a word, whatever is in it (PostgreSQL manual, "tsquery").
    words = ["'" + word.replace("\\", " ").replace("'", " ") + "'" for word in text.split()]
    return " & ".join([*words[:-1], f"{words[-1]}:*"]) if words else None


def _browsed(row: Row) -> BrowsedMovie:
    values = list(row)
    values[8], values[20] = tuple(values[8]), tuple(values[20])
    values[9] = MovieStatus(values[9])
    values[13] = ReleaseDates(**{name: date.fromisoformat(day) for name, day in row[13].items()})
    values[17] = MinimumAvailability(values[17])
    values[21] = Stage(values[21])
    return BrowsedMovie(*values)


async def of_tmdb(source: Reader, tmdb_ids: Sequence[int]) -> dict[int, int]:
    """Return the numbers of movies by TMDB's; those that are not in the library are left out."""
    statement = "SELECT tmdb_id, id FROM movie WHERE tmdb_id = ANY(%s)"
    return dict(await fetch_all(source, statement, (list(tmdb_ids),)))
