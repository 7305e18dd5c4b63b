"""The journal of files that get other names: what is being done, written before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reeld.domain.errors import NotFound, ReeldError
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.library import MovieFile
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.storage.events import append
from reeld.storage.repositories import history

_COLUMNS: Final = "id, movie_id, file_id, root_folder, from_path, to_path, size, inode"

_PLAN: Final = """
INSERT INTO file_rename (movie_id, file_id, root_folder, from_path, to_path, size, inode)
VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_OPEN_OF_MOVIE: Final = """
SELECT {columns} FROM file_rename WHERE movie_id = %s AND step = 'planned' ORDER BY id
""".replace("{columns}", _COLUMNS)

_RECORD: Final = """
UPDATE library_file SET relative_path = %(to_path)s
WHERE id = %(file_id)s AND root_folder = %(root_folder)s AND relative_path = %(from_path)s
"""

_END: Final = """
UPDATE file_rename SET step = %s, reason = %s, sentence = %s, step_at = now() WHERE id = %s AND step = 'planned'
"""

_ORIGINAL: Final = """
SELECT source FROM import_journal WHERE file_id = %s AND step IN ('recorded', 'retired', 'done') ORDER BY id DESC LIMIT 1
"""


class RenameTaken(ReeldError):
    """The rename has ended: somebody else went on with it."""

    default_reason = "step_taken"


@dataclass(frozen=True, slots=True)
class FileRename:
    """A plan: a file is to have another name in its folder.

    Attributes:
        size, inode: Of the file, by which it is known under either name.
    """

    id: int
    movie_id: int
    file_id: int
    root_folder: str
    from_path: str
    to_path: str
    size: int
    inode: int


async def plan(
    conn: Connection, file: MovieFile, to_path: str, *, size: int, inode: int
) -> FileRename:
    """Write the plan to rename a file, before it is touched."""
    params = (file.movie_id, file.id, file.root_folder, file.relative_path, to_path, size, inode)
    row = await fetch_one(conn, _PLAN, params)
    assert row is not None, "INSERT ... RETURNING answers with the row"
    return _rename(row)


async def open_of_movie(source: Reader, movie_id: int) -> list[FileRename]:
    """Return the renames of a movie that have not ended, oldest first."""
    return [_rename(row) for row in await fetch_all(source, _OPEN_OF_MOVIE, (movie_id,))]


async def record(conn: Connection, rename: FileRename) -> None:
    """Write that the file has its new name: row, history, event and journal.

    Raises:
        NotFound: The library's row is gone, or says something else by now.
        RenameTaken: It has ended.
    """
    params = {
        "file_id": rename.file_id,
        "root_folder": rename.root_folder,
        "from_path": rename.from_path,
        "to_path": rename.to_path,
    }
    if await execute(conn, _RECORD, params) != 1:
        raise NotFound(f"{rename.from_path} is not the movie's file any more.")
    path = f"{rename.root_folder}/{rename.to_path}"
    data = {"path": path, "from": f"{rename.root_folder}/{rename.from_path}", "size": rename.size}
    await history.append(conn, rename.movie_id, HistoryKind.FILE_RENAMED, data=data)
    payload = {"movie_id": rename.movie_id, "path": path}
    await append(conn, EventKind.FILE_MOVED, rename.movie_id, payload)
    await _end(conn, rename, "done")


async def fail(conn: Connection, rename: FileRename, reason: str, sentence: str) -> None:
    """End a rename that cannot be done."""
    await _end(conn, rename, "failed", reason, sentence)


async def original_of(source: Reader, file_id: int) -> str | None:
    """Return the path of the download that a file was imported from; None when nobody knows."""
    row = await fetch_one(source, _ORIGINAL, (file_id,))
    return None if row is None else str(row[0])


async def _end(
    conn: Connection,
    rename: FileRename,
    step: str,
    reason: str | None = None,
    sentence: str | None = None,
) -> None:
    if await execute(conn, _END, (step, reason, sentence, rename.id)) != 1:
        raise RenameTaken(f"Rename {rename.id} has ended: somebody else went on.")


def _rename(row: Row) -> FileRename:
    values = list(row)
    values[7] = int(values[7])
    return FileRename(*values)
