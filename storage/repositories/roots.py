"""Root folders: the folders below which movies have theirs. The one of the settings is always among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reeld.domain.errors import InvalidField, Refused
from reeld.storage._rows import Connection, Reader, execute, fetch_all, fetch_one

DEFAULT_ID: Final = 1
"""The number of the folder that the settings name."""

_USED: Final = """
SELECT EXISTS (SELECT FROM movie WHERE root_folder = %(path)s)
    OR EXISTS (SELECT FROM library_file WHERE root_folder = %(path)s)
"""


@dataclass(frozen=True, slots=True)
class RootFolder:
    """A folder that movies may lie in.

    Attributes:
        is_default: Whether the settings name it.
    """

    id: int
    path: str
    is_default: bool = False


async def every(source: Reader, default: str) -> list[RootFolder]:
    """Return every root folder, the default one first.

    Args:
        source: Where to read from.
        default: The folder that the settings name.
    """
    rows = await fetch_all(source, "SELECT id, path FROM root_folder ORDER BY id")
    added = [RootFolder(*row) for row in rows if row[1] != default]
    return [RootFolder(DEFAULT_ID, default, is_default=True), *added]


async def get(source: Reader, root_id: int, default: str) -> RootFolder | None:
    """Return one root folder, or None; `default` is the folder that the settings name."""
    return next((each for each in await every(source, default) if each.id == root_id), None)


async def require(source: Reader, path: str, default: str) -> None:
    """Check that a folder is a root folder.

    Raises:
        InvalidField: It is none; the sentence names those that there are.
    """
    known = [each.path for each in await every(source, default)]
    if path not in known:
        raise InvalidField(
            "root_folder",
            f"{path!r} is no root folder; there are: {', '.join(known)}. Add it first.",
            reason="no_such_root_folder",
        )


async def add(conn: Connection, path: str, default: str) -> tuple[RootFolder, bool]:
    """Add a root folder, an absolute path that was looked at; return it, and whether it is new."""
    if path == default:
        return RootFolder(DEFAULT_ID, path, is_default=True), False
    statement = "INSERT INTO root_folder (path) VALUES (%s) ON CONFLICT DO NOTHING RETURNING id"
    row = await fetch_one(conn, statement, (path,))
    if row is not None:
        return RootFolder(row[0], path), True
    there = await fetch_one(conn, "SELECT id FROM root_folder WHERE path = %s", (path,))
    assert there is not None, "a conflicting row is visible once the insert has waited for it"
    return RootFolder(there[0], path), False


async def remove(conn: Connection, root_id: int) -> bool:
    """Forget a root folder; its files are not touched. False when there is none.

    Raises:
        Refused: The settings name it, or movies lie in it.
    """
    if root_id == DEFAULT_ID:
        raise Refused(
            "The settings name this root folder: change library.root_folder instead.",
            reason="root_folder_in_use",
        )
    row = await fetch_one(conn, "SELECT path FROM root_folder WHERE id = %s FOR UPDATE", (root_id,))
    if row is None:
        return False
    used = await fetch_one(conn, _USED, {"path": row[0]})
    if used == (True,):
        raise Refused(
            f"Movies lie in {row[0]}: move them to another root folder first.",
            reason="root_folder_in_use",
        )
    return await execute(conn, "DELETE FROM root_folder WHERE id = %s", (root_id,)) == 1
