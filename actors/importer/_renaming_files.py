"""Giving a file another name in its folder: at once or not at all, and never in the place of another file."""

from __future__ import annotations

import os
from pathlib import Path

from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import (
    Occupied,
    SourceChanged,
    SourceMissing,
    library_side,
)
from reeld.actors.importer._folders import Folder, open_below, open_library, same_file
from reeld.actors.importer._paths import safe_parts
from reeld.actors.importer._publishing import rename_to_free_name
from reeld.actors.importer._source import is_regular
from reeld.storage.crashpoints import crash_point


def rename(
    root: Path, old: str, new: str, known: tuple[int, int], _tick: Tick | None = None
) -> None:
    """Rename a file of the library. Running it twice is harmless.

    Args:
        root: The root folder.
        old: Its path below it.
        new: Its path to be, in the same folder.
        known: Size and inode of the file as it was planned for.

    Raises:
        Occupied: Something else has the new name: nothing was renamed.
        SourceMissing: The file has neither name.
        SourceChanged: Another file has the old name by now: nothing was renamed.
        RootFolderDown: The disk fails.
    """
    *parts, before = safe_parts(old)
    after = safe_parts(new)[-1]
    with library_side(root / old), _opened(root, tuple(parts), old) as folder:
        _rename_in(folder, before, after, known)
        folder.sync()
    crash_point("rename.file.synced")


def _opened(root: Path, parts: tuple[str, ...], old: str) -> Folder:
    try:
        return open_below(root, parts, opener=open_library)
    except FileNotFoundError:
        raise SourceMissing(f"There is no folder of {root / old} any more.") from None


def _rename_in(folder: Folder, old: str, new: str, known: tuple[int, int]) -> None:
    if folder.lstat(old) is None:
        if not _is_it(folder.lstat(new), known):
            raise SourceMissing(f"{folder.path / old} is not there any more.")
        return
    if not _is_it(folder.lstat(old), known):
        raise SourceChanged(f"{folder.path / old} was replaced: it is looked at anew.")
    if folder.lstat(new) is None:
        rename_to_free_name(folder, old, new)
        crash_point("rename.file.renamed")
    elif not _is_one_file(folder, old, new):
        raise Occupied(f"{folder.path / new} is another file: move it away, or delete it.")
    elif new not in folder.names():
        # A file system that does not tell `a` from `A`: only the case of the name changes.
        os.rename(old, new, src_dir_fd=folder.fd, dst_dir_fd=folder.fd)
    names = folder.names()
    if old in names and new in names and _is_one_file(folder, old, new):
        # Where files cannot be renamed without clobbering, a second name is made and the first one taken away.
        folder.remove_file(old)


def _is_it(there: os.stat_result | None, known: tuple[int, int]) -> bool:
    return there is not None and is_regular(there) and (there.st_size, there.st_ino) == known


def _is_one_file(folder: Folder, one: str, other: str) -> bool:
    first, second = folder.lstat(one), folder.lstat(other)
    return first is not None and second is not None and same_file(first, second)
