"""The journal of files that go to another root folder: what is being done, written before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from reeld.domain.acquisition import LinkKind
from reeld.domain.errors import NotFound, ReeldError
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.library import MovieFile
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.storage.events import append
from reeld.storage.repositories import history

_COLUMNS: Final = """id, movie_id, file_id, from_root, to_root, relative_path, size, step, link_kind, device, inode,
       recycle_path, created_at"""

_PLAN: Final = """
INSERT INTO file_move (movie_id, file_id, from_root, to_root, relative_path, size)
VALUES (%(movie_id)s, %(file_id)s, %(from_root)s, %(to_root)s, %(relative_path)s, %(size)s)
RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_OPEN_OF_MOVIE: Final = """
SELECT {columns} FROM file_move WHERE movie_id = %s AND step NOT IN ('done', 'failed') ORDER BY id
""".replace("{columns}", _COLUMNS)

_STEP: Final = """
UPDATE file_move SET
    step = %(to)s, step_at = now(), link_kind = coalesce(%(link)s, link_kind), device = coalesce(%(device)s, device),
    inode = coalesce(%(inode)s, inode), recycle_path = coalesce(%(recycle_path)s, recycle_path),
    reason = %(reason)s, sentence = %(sentence)s
WHERE id = %(id)s AND step = %(expected)s
RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_RECORD: Final = """
UPDATE library_file SET root_folder = %(to_root)s, device = %(device)s, inode = %(inode)s, link_kind = %(link)s
WHERE id = %(file_id)s AND root_folder = %(from_root)s AND relative_path = %(relative_path)s
"""

_IMPORTING: Final = """
SELECT EXISTS (
    SELECT FROM import_journal j JOIN work w ON w.queue = 'importer' AND w.kind = 'import'
        AND w.unique_key = 'acquisition:' || j.acquisition_id AND w.state IN ('available', 'running')
    WHERE j.movie_id = %s AND j.step NOT IN ('done', 'failed'))
"""

_MOVING: Final = """
SELECT EXISTS (SELECT FROM file_move WHERE movie_id = %(movie_id)s AND step NOT IN ('done', 'failed'))
   AND EXISTS (SELECT FROM work WHERE queue = 'importer' AND kind = 'move-files'
               AND unique_key = 'movie:' || %(movie_id)s AND state IN ('available', 'running'))
   OR EXISTS (SELECT FROM file_rename r JOIN work w ON w.queue = 'importer' AND w.kind = 'rename-files'
              AND w.args->>'movie_id' = r.movie_id::text AND w.state IN ('available', 'running')
              WHERE r.movie_id = %(movie_id)s AND r.step = 'planned')
"""

_OPEN: Final = "SELECT id, to_root FROM file_move WHERE step NOT IN ('done', 'failed')"


class MoveStep(StrEnum):
    """The steps of a move, in their order."""

    PLANNED = "planned"
    PLACED = "placed"
    """The file lies whole under its new name, and under its old one."""
    VERIFIED = "verified"
    RECORDED = "recorded"
    """The library's row points to the new name."""
    DONE = "done"
    FAILED = "failed"


class MoveTaken(ReeldError):
    """The journal is not at the step that this one follows: somebody else went on with the move."""

    default_reason = "step_taken"


@dataclass(frozen=True, slots=True)
class FileMove:
    """A row of the journal.

    Attributes:
        device, inode: Of the file under its new name, from `placed` on.
        recycle_path: Where a file that lay under the new name is kept.
    """

    id: int
    movie_id: int
    file_id: int
    from_root: str
    to_root: str
    relative_path: str
    size: int
    step: MoveStep
    link: LinkKind | None
    device: int | None
    inode: int | None
    recycle_path: str | None
    created_at: datetime


async def plan(conn: Connection, file: MovieFile, to_root: str) -> FileMove:
    """Write the plan to move a file, before it is touched."""
    params = {
        "movie_id": file.movie_id,
        "file_id": file.id,
        "from_root": file.root_folder,
        "to_root": to_root,
        "relative_path": file.relative_path,
        "size": file.size,
    }
    row = await fetch_one(conn, _PLAN, params)
    assert row is not None, "INSERT ... RETURNING answers with the row"
    return _move(row)


async def open_of_movie(source: Reader, movie_id: int) -> list[FileMove]:
    """Return the moves of a movie that have not ended, oldest first."""
    return [_move(row) for row in await fetch_all(source, _OPEN_OF_MOVIE, (movie_id,))]


async def step(
    conn: Connection,
    move: FileMove,
    to: MoveStep,
    *,
    link: LinkKind | None = None,
    device: int | None = None,
    inode: int | None = None,
    recycle_path: str | None = None,
    reason: str | None = None,
    sentence: str | None = None,
) -> FileMove:
    """Go on in the journal, fenced by the step that `move` is at. What is left out stays.

    Raises:
        MoveTaken: It is at another step: the transaction should not commit.
    """
    params: dict[str, Any] = {
        "id": move.id,
        "expected": move.step,
        "to": to,
        "link": link,
        "device": device,
        "inode": inode,
        "recycle_path": recycle_path,
        "reason": reason,
        "sentence": sentence,
    }
    row = await fetch_one(conn, _STEP, params)
    if row is None:
        raise MoveTaken(f"Move {move.id} is not {move.step} any more: somebody else went on.")
    return _move(row)


async def record(conn: Connection, move: FileMove) -> FileMove:
    """Write that the file lies below its new root folder: row, history, event and step.

    Raises:
        NotFound: The library's row is gone, or says something else by now.
        MoveTaken: It is at another step.
    """
    params = {
        "file_id": move.file_id,
        "from_root": move.from_root,
        "to_root": move.to_root,
        "relative_path": move.relative_path,
        "device": move.device,
        "inode": move.inode,
        "link": move.link,
    }
    if await execute(conn, _RECORD, params) != 1:
        raise NotFound(f"{move.relative_path} is not the movie's file any more.")
    path = f"{move.to_root}/{move.relative_path}"
    data = {"path": path, "from": f"{move.from_root}/{move.relative_path}", "size": move.size}
    await history.append(conn, move.movie_id, HistoryKind.FILE_MOVED, data=data)
    payload = {"movie_id": move.movie_id, "path": path}
    await append(conn, EventKind.FILE_MOVED, move.movie_id, payload)
    return await step(conn, move, MoveStep.RECORDED)


async def import_runs(conn: Connection, movie_id: int) -> bool:
    """Tell whether files of a movie are being imported. Lock the movie first: then no new import begins."""
    return await fetch_one(conn, _IMPORTING, (movie_id,)) == (True,)


async def is_moving(source: Reader, movie_id: int) -> bool:
    """Tell whether files of a movie are on their way to another root folder, or to another name."""
    return await fetch_one(source, _MOVING, {"movie_id": movie_id}) == (True,)


async def unfinished(source: Reader) -> list[tuple[int, str]]:
    """Return the moves that have not ended, each with the root folder that it writes to."""
    return [(int(row[0]), str(row[1])) for row in await fetch_all(source, _OPEN)]


def _move(row: Row) -> FileMove:
    values = list(row)
    values[7] = MoveStep(values[7])
    values[8] = None if values[8] is None else LinkKind(values[8])
    values[9], values[10] = (None if v is None else int(v) for v in values[9:11])
    return FileMove(*values)
