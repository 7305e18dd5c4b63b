"""Movies, and how far each has come."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from reeld.domain.history import EventKind
from reeld.domain.movie import Movie, NewMovie, Stage
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.storage.events import append
from reeld.telemetry.tracing import current_traceparent

_COLUMNS: Final = """id, tmdb_id, title, year, imdb_id, original_title, secondary_year, runtime_minutes,
       alternative_titles, monitored, root_folder, profile, stage, progress, stage_note, added_at"""

_ADD: Final = """
INSERT INTO movie (tmdb_id, title, year, imdb_id, original_title, secondary_year, runtime_minutes,
                   alternative_titles, monitored, root_folder, profile, traceparent)
VALUES (%(tmdb_id)s, %(title)s, %(year)s, %(imdb_id)s, %(original_title)s, %(secondary_year)s,
        %(runtime_minutes)s, %(alternative_titles)s, %(monitored)s, %(root_folder)s, %(profile)s, %(traceparent)s)
ON CONFLICT (tmdb_id) DO NOTHING
RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_GET: Final = "SELECT {columns} FROM movie WHERE id = %s".replace("{columns}", _COLUMNS)
_BY_TMDB: Final = "SELECT {columns} FROM movie WHERE tmdb_id = %s".replace("{columns}", _COLUMNS)
_BY_IDS: Final = "SELECT {columns} FROM movie WHERE id = ANY(%s) ORDER BY id".replace(
    "{columns}", _COLUMNS
)
_BY_IMDB: Final = "SELECT {columns} FROM movie WHERE imdb_id = %s ORDER BY id LIMIT 1".replace(
    "{columns}", _COLUMNS
)
_LIST: Final = "SELECT {columns} FROM movie WHERE id > %s ORDER BY id LIMIT %s".replace(
    "{columns}", _COLUMNS
)
_LIST_STAGE: Final = """
SELECT {columns} FROM movie WHERE stage = %s AND id > %s ORDER BY id LIMIT %s
""".replace("{columns}", _COLUMNS)

# Asked for by a person, from then until what the search found has been decided about.
ASKED_FOR: Final = """(asked_at IS NOT NULL
    AND (coalesce(searched_at < asked_at, true) OR searched_at > now() - interval '1 hour'))"""

_IS_ASKED_FOR: Final = "SELECT {asked_for} FROM movie WHERE id = %s".replace(
    "{asked_for}", ASKED_FOR
)

_MOVE: Final = """
UPDATE movie SET
    stage = %(stage)s, progress = %(progress)s, stage_note = %(note)s,
    stage_at = CASE WHEN stage = %(stage)s THEN stage_at ELSE now() END,
    searches_in_vain = CASE WHEN %(stage)s = 'decided' THEN 0 ELSE searches_in_vain END
WHERE id = %(id)s AND stage = ANY(%(expected)s)
RETURNING stage_at = now()
"""

_PROGRESS: Final = """
UPDATE movie SET progress = %(progress)s
WHERE id = %(id)s AND stage = %(stage)s AND progress <> %(progress)s::real
"""

_DELETE: Final = """
DELETE FROM movie WHERE id = %s AND NOT EXISTS (
    SELECT FROM acquisition WHERE movie_id = movie.id AND state NOT IN ('imported', 'failed'))
"""

_ORDER: Final = (
    Stage.WANTED,
    Stage.SEARCHED,
    Stage.DECIDED,
    Stage.GRABBED,
    Stage.DOWNLOADING,
    Stage.IMPORTING,
    Stage.IN_LIBRARY,
)


def _before(stage: Stage) -> list[str]:
    if stage is Stage.FAILED:
        return [str(other) for other in Stage if other is not Stage.IN_LIBRARY]
    earlier = [str(one) for one in _ORDER[: _ORDER.index(stage) + 1]]
    # A movie that failed is looked for and decided about again; what still runs for it is a leftover.
    return [*earlier, str(Stage.FAILED)] if stage in _ORDER[:3] else earlier


_PREDECESSORS: Final[Mapping[Stage, list[str]]] = {stage: _before(stage) for stage in Stage}


async def add(
    conn: Connection, movie: NewMovie, *, traceparent: str | None = None
) -> tuple[Movie, bool]:
    """Add a movie as wanted and return it, and whether it is new: a TMDB id exists once."""
    params = {
        "tmdb_id": movie.tmdb_id,
        "title": movie.title,
        "year": movie.year,
        "imdb_id": movie.imdb_id,
        "original_title": movie.original_title,
        "secondary_year": movie.secondary_year,
        "runtime_minutes": movie.runtime_minutes,
        "alternative_titles": list(movie.alternative_titles),
        "monitored": movie.monitored,
        "root_folder": movie.root_folder,
        "profile": movie.profile,
        "traceparent": traceparent or current_traceparent(),
    }
    row = await fetch_one(conn, _ADD, params)
    if row is not None:
        return _movie(row), True
    there = await fetch_one(conn, _BY_TMDB, (movie.tmdb_id,))
    assert there is not None, "a conflicting row is visible once the insert has waited for it"
    return _movie(there), False


async def get(source: Reader, movie_id: int) -> Movie | None:
    """Return a movie, or None."""
    row = await fetch_one(source, _GET, (movie_id,))
    return None if row is None else _movie(row)


async def by_ids(source: Reader, ids: Collection[int]) -> list[Movie]:
    """Return the movies with these numbers, by number; missing ones are left out."""
    return [_movie(row) for row in await fetch_all(source, _BY_IDS, (list(ids),))]


async def by_tmdb_id(source: Reader, tmdb_id: int) -> Movie | None:
    """Return the movie with TMDB's number, or None."""
    row = await fetch_one(source, _BY_TMDB, (tmdb_id,))
    return None if row is None else _movie(row)


async def by_imdb_id(source: Reader, imdb_id: str) -> Movie | None:
    """Return the movie with an IMDb id, or None."""
    row = await fetch_one(source, _BY_IMDB, (imdb_id,))
    return None if row is None else _movie(row)


async def page(
    source: Reader, *, stage: Stage | None = None, after: int = 0, limit: int = 100
) -> list[Movie]:
    """Return movies by their number; `after` is the number that ended the page before."""
    if stage is None:
        return [_movie(row) for row in await fetch_all(source, _LIST, (after, limit))]
    return [_movie(row) for row in await fetch_all(source, _LIST_STAGE, (stage, after, limit))]


async def ask_for(conn: Connection, movie_id: int) -> None:
    """Note that a person asks for a search of a movie, monitored or not: what was in vain before counts no more."""
    statement = "UPDATE movie SET asked_at = now(), searches_in_vain = 0 WHERE id = %s"
    await execute(conn, statement, (movie_id,))


async def is_asked_for(source: Reader, movie_id: int) -> bool:
    """Tell whether a person asked for a search whose findings are still being decided about."""
    row = await fetch_one(source, _IS_ASKED_FOR, (movie_id,))
    return row is not None and bool(row[0])


async def was_searched(conn: Connection, movie_id: int) -> None:
    """Note that an indexer was asked for a movie just now, whatever stage it is at.

    The search was in vain, until a release is taken.
    """
    statement = "UPDATE movie SET searched_at = now(), searches_in_vain = searches_in_vain + 1 WHERE id = %s"
    await execute(conn, statement, (movie_id,))


async def advance(
    conn: Connection, movie_id: int, stage: Stage, *, progress: float = 0.0, note: str = ""
) -> bool:
    """Move a movie forward on its way.

    A late message cannot move it back: only a movie that is at an earlier stage, or at this one, is changed. A
    failed one may be wanted, searched or decided again, and anything that is not in the library may fail.

    Returns:
        Whether it was changed.
    """
    return await move(
        conn, movie_id, stage, expected=_PREDECESSORS[stage], progress=progress, note=note
    )


async def move(
    conn: Connection,
    movie_id: int,
    stage: Stage,
    *,
    expected: Collection[Stage | str],
    progress: float = 0.0,
    note: str = "",
) -> bool:
    """Move a movie to a stage, in whatever direction, if it is at one of the expected ones. A new stage is an event.

    Returns:
        Whether it was changed.
    """
    params = {
        "id": movie_id,
        "stage": stage,
        "expected": [str(one) for one in expected],
        "progress": progress,
        "note": note,
    }
    moved = await fetch_one(conn, _MOVE, params)
    if moved == (True,):
        payload = {"movie_id": movie_id, "stage": stage}
        await append(conn, EventKind.MOVIE_MOVED, movie_id, payload)
    return moved is not None


async def set_progress(conn: Connection, movie_id: int, stage: Stage, progress: float) -> bool:
    """Note how far a movie is within a stage; nothing happens when it is at another stage by now."""
    params = {"id": movie_id, "stage": stage, "progress": progress}
    return await execute(conn, _PROGRESS, params) == 1


async def set_monitored(conn: Connection, movie_id: int, monitored: bool) -> bool:
    """Say whether releases are grabbed for a movie; False when there is no such movie."""
    statement = "UPDATE movie SET monitored = %s WHERE id = %s"
    return await execute(conn, statement, (monitored, movie_id)) == 1


async def delete(conn: Connection, movie_id: int) -> bool:
    """Delete a movie with its rows (not its files); False when there is none, or something is being fetched for it."""
    if await execute(conn, _DELETE, (movie_id,)) != 1:
        return False
    await append(conn, EventKind.MOVIE_REMOVED, movie_id, {"movie_id": movie_id})
    return True


async def count_by_stage(source: Reader) -> dict[Stage, int]:
    """Return how many movies are at each stage; a stage without movies is left out."""
    rows = await fetch_all(source, "SELECT stage, count(*) FROM movie GROUP BY stage")
    return {Stage(stage): count for stage, count in rows}


def _movie(row: Row) -> Movie:
    values = list(row)
    values[8] = tuple(values[8])
    values[12] = Stage(values[12])
    return Movie(*values)
