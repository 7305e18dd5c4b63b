"""What people change of movies, one or many at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from reeld.domain.availability import MinimumAvailability
from reeld.domain.edits import Edited, MovieEdit, MovieSettings, TagsMode, missing_of
from reeld.domain.history import EventKind
from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest
from reeld.storage._rows import Connection, Reader, Row, fetch_all
from reeld.storage.events import append
from reeld.storage.repositories import profiles, roots, tags
from reeld.storage.work import submit

_SETTINGS: Final = """
SELECT id, monitored, profile, minimum_availability, root_folder, tags FROM movie WHERE id = ANY(%s) ORDER BY id
"""

# Locked by number, so that two edits of many movies never wait for each other.
_EDIT: Final = """
WITH wanted AS (
    SELECT id, root_folder AS former_root,
           coalesce(%(monitored)s, monitored) AS monitored, coalesce(%(profile)s, profile) AS profile,
           coalesce(%(minimum_availability)s, minimum_availability) AS minimum_availability,
           coalesce(%(root_folder)s, root_folder) AS root_folder,
           CASE %(mode)s
               WHEN 'add' THEN ARRAY(SELECT DISTINCT t FROM unnest(tags || %(tags)s::bigint[]) t ORDER BY t)
               WHEN 'remove' THEN ARRAY(SELECT t FROM unnest(tags) t WHERE t <> ALL(%(tags)s::bigint[]) ORDER BY t)
               WHEN 'replace' THEN %(tags)s::bigint[]
               ELSE tags
           END AS tags
    FROM movie WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE
), edited AS (
    UPDATE movie m SET monitored = w.monitored, profile = w.profile, minimum_availability = w.minimum_availability,
                       root_folder = w.root_folder, tags = w.tags
    FROM wanted w
    WHERE m.id = w.id AND (m.monitored, m.profile, m.minimum_availability, m.root_folder, m.tags)
        IS DISTINCT FROM (w.monitored, w.profile, w.minimum_availability, w.root_folder, w.tags)
    RETURNING m.id
)
SELECT w.id, e.id IS NOT NULL FROM wanted w LEFT JOIN edited e ON e.id = w.id ORDER BY w.id
"""

_TO_MOVE: Final = """
SELECT DISTINCT m.id FROM movie m JOIN library_file f ON f.movie_id = m.id
WHERE m.id = ANY(%s) AND f.root_folder <> coalesce(m.root_folder, %s) ORDER BY m.id
"""


async def settings_of(source: Reader, movie_ids: Collection[int]) -> dict[int, MovieSettings]:
    """Return what people have said of movies, by their numbers; missing ones are left out."""
    rows = await fetch_all(source, _SETTINGS, (list(movie_ids),))
    return {row[0]: _settings(row) for row in rows}


async def locked(conn: Connection, movie_id: int) -> MovieSettings | None:
    """Return what was said of a movie, and let nobody else change it before the transaction ends."""
    rows = await fetch_all(conn, f"{_SETTINGS} FOR UPDATE", ([movie_id],))
    return _settings(rows[0]) if rows else None


async def edit(
    conn: Connection,
    movie_ids: Collection[int],
    change: MovieEdit,
    *,
    default_root: str,
    move_files: bool = False,
) -> Edited:
    """Change movies: all of them, or none when something is wrong. Each one that became otherwise is an event.

    Args:
        conn: The connection with the transaction.
        movie_ids: Which; those that are not there are told.
        change: What is otherwise from now on.
        default_root: The root folder that the settings name.
        move_files: Whether files that lie elsewhere follow into the movie's root folder: durable work does it.

    Raises:
        InvalidField: There is no such root folder, tag or profile.
    """
    await _check(conn, change, default_root)
    params: dict[str, Any] = {
        "ids": sorted(set(movie_ids)),
        "monitored": change.monitored,
        "profile": change.profile,
        "minimum_availability": change.minimum_availability,
        "root_folder": change.root_folder,
        "tags": sorted(set(change.tags or ())),
        "mode": None if change.tags is None else str(change.tags_mode),
    }
    rows = await fetch_all(conn, _EDIT, params)
    there, changed = [row[0] for row in rows], tuple(row[0] for row in rows if row[1])
    for movie_id in changed:
        await append(conn, EventKind.MOVIE_CHANGED, movie_id, {"movie_id": movie_id})
    moving = await ask_to_move(conn, there, default_root) if move_files else ()
    return Edited(changed, moving, missing_of(movie_ids, there))


async def ask_to_move(
    conn: Connection, movie_ids: Sequence[int], default_root: str
) -> tuple[int, ...]:
    """Ask for the files of movies to be brought into their root folders; return the movies that have files elsewhere."""
    rows = await fetch_all(conn, _TO_MOVE, (list(movie_ids), default_root))
    moving = tuple(int(row[0]) for row in rows)
    await submit(
        conn,
        *(
            WorkRequest(
                Queue.IMPORTER,
                WorkKind.MOVE_FILES,
                {"movie_id": movie_id},
                unique_key=f"movie:{movie_id}",
                priority=Priority.PERSON_WAITS,
            )
            for movie_id in moving
        ),
    )
    return moving


async def _check(conn: Connection, change: MovieEdit, default_root: str) -> None:
    if change.profile is not None:
        await profiles.by_name(conn, change.profile)
    if change.root_folder is not None:
        await roots.require(conn, change.root_folder, default_root)
    if change.tags and change.tags_mode is not TagsMode.REMOVE:
        await tags.require(conn, change.tags)


def _settings(row: Row) -> MovieSettings:
    _, monitored, profile, availability, root_folder, tags = row
    return MovieSettings(
        monitored, profile, MinimumAvailability(availability), root_folder, tuple(tags)
    )
