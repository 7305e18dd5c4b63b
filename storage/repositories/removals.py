"""Taking movies and files out of the library: the rows at once, the files by durable work.

No file is touched here. What is to leave is a row of a journal, committed together with the rows that go; the work on it
brings the file to the recycle folder.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from reeld.domain.acquisition import AcquisitionState, FailureReason
from reeld.domain.edits import missing_of
from reeld.domain.errors import Refused
from reeld.domain.history import EventKind
from reeld.domain.movie import Stage
from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.storage.crashpoints import crash_point
from reeld.storage.events import append
from reeld.storage.repositories import acquisitions, exclusions, movies
from reeld.storage.work import enqueue, submit

HANDED_OVER_SECONDS: Final = 30.0
"""A torrent that is just being handed to the client shows up in it within so long."""

_LOCK: Final = "SELECT id, tmdb_id FROM movie WHERE id = ANY(%s) ORDER BY id FOR UPDATE"

_BUSY: Final = """
SELECT m.id, m.title FROM movie m
WHERE m.id = ANY(%(ids)s) AND (
    EXISTS (SELECT FROM import_journal j JOIN work w ON w.queue = 'importer' AND w.kind = 'import'
            AND w.unique_key = 'acquisition:' || j.acquisition_id AND w.state IN ('available', 'running')
            WHERE j.movie_id = m.id AND j.step NOT IN ('done', 'failed'))
    OR EXISTS (SELECT FROM file_move v JOIN work w ON w.queue = 'importer' AND w.kind = 'move-files'
            AND w.unique_key = 'movie:' || v.movie_id AND w.state IN ('available', 'running')
            WHERE v.movie_id = m.id AND v.step NOT IN ('done', 'failed'))
    OR EXISTS (SELECT FROM file_rename r JOIN work w ON w.queue = 'importer' AND w.kind = 'rename-files'
            AND w.args->>'movie_id' = r.movie_id::text AND w.state IN ('available', 'running')
            WHERE r.movie_id = m.id AND r.step = 'planned'))
ORDER BY m.id LIMIT 1
"""

_ACTIVE: Final = """
SELECT id, state, infohash, ours FROM acquisition
WHERE movie_id = ANY(%s) AND state IN ('intent', 'fetched', 'sent', 'downloading', 'complete') ORDER BY id
"""

_CANCEL_WORK: Final = """
UPDATE work SET state = 'cancelled', finished_at = now(), reason = 'movie_removed', sentence = 'Its movie was deleted.'
WHERE movie_id = ANY(%s) AND state = 'available'
"""

# A file that was on its way to another root folder, in work that was given up, has two names. A removal whose work was
# given up is taken up again.
_PLAN: Final = """
INSERT INTO file_removal (movie_id, root_folder, relative_path, size)
SELECT movie_id, root_folder, relative_path, size FROM (
    SELECT movie_id, root_folder, relative_path, size FROM library_file WHERE {which}
    UNION
    SELECT movie_id, CASE step WHEN 'recorded' THEN from_root ELSE to_root END, relative_path, size
    FROM file_move WHERE {which_move} AND step IN ('placed', 'verified', 'recorded')
) AS leaving ORDER BY root_folder, relative_path
ON CONFLICT (root_folder, relative_path) WHERE step = 'planned'
DO UPDATE SET movie_id = excluded.movie_id, size = excluded.size, step_at = now()
RETURNING id
"""
_PLAN_MOVIES: Final = _PLAN.replace("{which}", "movie_id = ANY(%(ids)s)").replace(
    "{which_move}", "movie_id = ANY(%(ids)s)"
)
_PLAN_FILE: Final = _PLAN.replace("{which}", "id = %(id)s").replace(
    "{which_move}", "file_id = %(id)s"
)

_TELL: Final = """
INSERT INTO history (movie_id, kind, data)
SELECT id, 'removed', jsonb_build_object('title', title, 'year', year, 'tmdb_id', tmdb_id, 'with_files', %(with_files)s::boolean)
FROM movie WHERE id = ANY(%(ids)s) ORDER BY id
"""

_GET: Final = """
SELECT id, movie_id, root_folder, relative_path, size, step, recycle_path, created_at FROM file_removal WHERE id = %s
"""

_STEP: Final = """
UPDATE file_removal SET step = %(to)s, recycle_path = %(kept)s, step_at = now() WHERE id = %(id)s AND step = 'planned'
"""

_HELD: Final = """
SELECT EXISTS (
    SELECT FROM file_removal r JOIN work w ON w.queue = 'importer' AND w.kind = 'remove-file'
        AND w.unique_key = 'removal:' || r.id AND w.state IN ('available', 'running')
    WHERE r.root_folder = %s AND r.relative_path = %s AND r.step = 'planned')
"""

_OPEN: Final = "SELECT id FROM file_removal WHERE step = 'planned'"


class RemovalStep(StrEnum):
    """How far a removal is."""

    PLANNED = "planned"
    RETIRED = "retired"
    """The file has left the library; it is kept in the recycle folder, if it was there."""
    LEFT = "left"
    """Another row of the library has the path by now: the file stays."""


class MovieBusy(Refused):
    """Files of a movie are being imported or moved: it cannot be deleted meanwhile."""

    default_reason = "movie_busy"


@dataclass(frozen=True, slots=True)
class Removal:
    """A file that is to leave the library, or has left it."""

    id: int
    movie_id: int
    root_folder: str
    relative_path: str
    size: int
    step: RemovalStep
    recycle_path: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Removed:
    """What a deletion came to.

    Attributes:
        movies: The movies whose rows are gone.
        files: The removals that durable work carries out.
        missing: Numbers that no movie has.
    """

    movies: tuple[int, ...]
    files: tuple[int, ...]
    missing: tuple[int, ...]


async def remove_movies(
    conn: Connection, movie_ids: Collection[int], *, with_files: bool = False, exclude: bool = False
) -> Removed:
    """Delete movies with their rows: all of them, or none when one is busy.

    What was being fetched for them is given up and leaves the download client, unless it is complete: then it goes on
    seeding. What waited to be done for them is cancelled.

    Args:
        conn: The connection with the transaction.
        movie_ids: Which; those that are not there are told.
        with_files: Whether their files go to the recycle folder: durable work does it.
        exclude: Whether no list may add them again.

    Raises:
        MovieBusy: An import or a move of one of them is under way.
    """
    there = [row[0] for row in await fetch_all(conn, _LOCK, (sorted(set(movie_ids)),))]
    await _require_idle(conn, there)
    await execute(conn, _CANCEL_WORK, (there,))
    await _give_up_downloads(conn, there)
    files = await _plan(conn, _PLAN_MOVIES, {"ids": there}) if with_files else ()
    if exclude:
        await exclusions.add_movies(conn, there)
    await execute(conn, _TELL, {"ids": there, "with_files": with_files})
    await execute(conn, "DELETE FROM movie WHERE id = ANY(%s)", (there,))
    for movie_id in there:
        await append(conn, EventKind.MOVIE_REMOVED, movie_id, {"movie_id": movie_id})
    crash_point("remove.intent.uncommitted")
    return Removed(tuple(there), files, missing_of(movie_ids, there))


async def remove_file(conn: Connection, file_id: int) -> Removed | None:
    """Take one file out of the library; its movie is wanted again. None when there is no such file.

    Raises:
        MovieBusy: An import or a move of its movie is under way.
    """
    row = await fetch_one(conn, "SELECT movie_id FROM library_file WHERE id = %s", (file_id,))
    if row is None:
        return None
    movie_id = int(row[0])
    await fetch_all(conn, _LOCK, ([movie_id],))
    await _require_idle(conn, [movie_id])
    files = await _plan(conn, _PLAN_FILE, {"id": file_id})
    if await execute(conn, "DELETE FROM library_file WHERE id = %s", (file_id,)) != 1:
        return None
    left = await fetch_one(conn, "SELECT FROM library_file WHERE movie_id = %s", (movie_id,))
    if left is None:
        await movies.move(conn, movie_id, Stage.WANTED, expected=(Stage.IN_LIBRARY,))
    crash_point("remove.intent.uncommitted")
    return Removed((), files, ())


async def get(source: Reader, removal_id: int) -> Removal | None:
    """Return a removal, or None."""
    row = await fetch_one(source, _GET, (removal_id,))
    return None if row is None else _removal(row)


async def step(conn: Connection, removal_id: int, to: RemovalStep, kept: str | None) -> bool:
    """End a removal; False when it has ended before."""
    return await execute(conn, _STEP, {"id": removal_id, "to": to, "kept": kept}) == 1


async def holds(source: Reader, root_folder: str, relative_path: str) -> bool:
    """Tell whether a file of that path is about to leave: nothing may be put there meanwhile."""
    row = await fetch_one(source, _HELD, (root_folder, relative_path))
    return row == (True,)


async def unfinished(source: Reader) -> list[int]:
    """Return the numbers of the removals that have not ended."""
    return [int(row[0]) for row in await fetch_all(source, _OPEN)]


async def _require_idle(conn: Connection, movie_ids: Sequence[int]) -> None:
    row = await fetch_one(conn, _BUSY, {"ids": list(movie_ids)})
    if row is not None:
        raise MovieBusy(
            f"Files of {row[1]!r} (movie {row[0]}) are being imported or moved: try again when that is done, or discard "
            "the work on them."
        )


async def _give_up_downloads(conn: Connection, movie_ids: Sequence[int]) -> None:
    for number, state, infohash, is_ours in await fetch_all(conn, _ACTIVE, (list(movie_ids),)):
        await acquisitions.move(
            conn,
            number,
            AcquisitionState.FAILED,
            failure=FailureReason.MOVIE_REMOVED,
            note="Its movie was deleted.",
        )
        if infohash is not None and state != AcquisitionState.COMPLETE:
            fresh = state == AcquisitionState.FETCHED
            await enqueue(
                conn,
                Queue.QBIT,
                WorkKind.DROP_TORRENT,
                {"acquisition_id": number, "infohash": infohash, "ours": is_ours},
                unique_key=f"acquisition:{number}",
                delay=HANDED_OVER_SECONDS if fresh else 0.0,
            )


async def _plan(conn: Connection, statement: str, params: dict[str, object]) -> tuple[int, ...]:
    planned = [int(row[0]) for row in await fetch_all(conn, statement, params)]
    await submit(
        conn,
        *(
            WorkRequest(
                Queue.IMPORTER,
                WorkKind.REMOVE_FILE,
                {"removal_id": number},
                unique_key=f"removal:{number}",
                priority=Priority.PERSON_WAITS,
            )
            for number in planned
        ),
    )
    return tuple(planned)


def _removal(row: Row) -> Removal:
    values = list(row)
    values[5] = RemovalStep(values[5])
    return Removal(*values)
