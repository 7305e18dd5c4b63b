"""Taking a file's old name away once the file has another one, below another root folder.

Two root folders may show one and the same file: a bind mount, a network folder that is mounted twice, a pool of disks
beside one of its disks. No number of a device tells that. So the old name is set aside first, and goes only while the
new one is seen to be there without it.
"""

from __future__ import annotations

import os
from pathlib import Path

from reeld.actors.importer._content import same_content
from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import (
    SourceChanged,
    SourceMissing,
    VerificationFailed,
    library_side,
)
from reeld.actors.importer._folders import (
    Folder,
    open_below,
    open_library,
    remove_empty_folders,
    same_file,
)
from reeld.actors.importer._paths import safe_parts
from reeld.actors.importer._source import OpenFile, opened, opened_in
from reeld.storage.crashpoints import crash_point


def aside_name(move_id: int) -> str:
    """Return the name under which a moved file's old name waits for its end; no sweep removes it."""
    return f".reeld-{move_id}.moved"


def withdraw(move_id: int, from_root: Path, to_root: Path, relative: str, tick: Tick) -> bool:
    """Remove the old name of a file that was moved. Running it twice is harmless.

    It goes only when the file under the new name holds the same bytes, all of them: that is looked at once more, since a
    crash or a person may have come in between. Folders that become empty go too.

    Args:
        move_id: Names what is set aside.
        from_root: The root folder that the file leaves.
        to_root: The root folder that holds it by now.
        relative: Its path below either.
        tick: Told the bytes compared so far; raises to stop.

    Returns:
        Whether a name went; False when there was none, or when both root folders show one file.

    Raises:
        VerificationFailed: The two are not the same: nothing was removed.
        SourceMissing: Nothing lies under the new name: nothing was removed.
        SourceChanged: The old file was replaced meanwhile: nothing was removed.
        RootFolderDown: A disk fails.
    """
    parts = safe_parts(relative)
    with library_side(from_root / relative):
        folder = _opened(from_root, parts[:-1])
        if folder is None:
            return False
        with folder:
            gone = _withdraw_from(folder, aside_name(move_id), to_root, relative, tick)
    remove_empty_folders(from_root, parts[:-1])
    crash_point("move.old.gone")
    return gone


def _opened(root: Path, parts: tuple[str, ...]) -> Folder | None:
    """Open the folder that the file leaves; None when it is gone already."""
    try:
        return open_below(root, parts, opener=open_library)
    except FileNotFoundError:
        return None


def _withdraw_from(folder: Folder, aside: str, to_root: Path, relative: str, tick: Tick) -> bool:
    name = safe_parts(relative)[-1]
    try:
        with opened(to_root, relative, side=library_side) as new:
            if same_file(os.fstat(new.folder.fd), os.fstat(folder.fd)):
                return False
            if not _set_aside(folder, name, aside, new, tick):
                return False
            if _is_there_alone(new):
                folder.remove_file(aside)
                crash_point("move.old.removed")
                folder.sync()
                return True
    except SourceMissing:
        # Nothing is there under the new name: what was set aside is all that is left.
        _put_back(folder, aside, name)
        raise
    _put_back(folder, aside, name)
    return False


def _set_aside(folder: Folder, name: str, aside: str, new: OpenFile, tick: Tick) -> bool:
    """Set the old name aside, unless an earlier attempt did; False when there is none."""
    if folder.lstat(aside) is not None:
        return True
    if folder.lstat(name) is None:
        return False
    with opened_in(folder, name) as old:
        _require_same(new, old, tick)
        there = folder.lstat(name)
        if there is None or not same_file(there, old.facts):
            raise SourceChanged(f"{old.path} was replaced while it was moved: it is tried again.")
        old.require_unchanged()
        os.rename(name, aside, src_dir_fd=folder.fd, dst_dir_fd=folder.fd)
    crash_point("move.old.aside")
    return True


def _require_same(new: OpenFile, old: OpenFile, tick: Tick) -> None:
    if same_file(new.facts, old.facts):
        return
    if not same_content(new.fd, old.fd, tick, paths=(new.path, old.path)):
        raise VerificationFailed(f"{new.path} is not the same as {old.path}, which stays.")


def _is_there_alone(new: OpenFile) -> bool:
    """Whether the new name still leads to the file, now that the old one does not."""
    there = new.folder.lstat(new.name)
    return there is not None and same_file(there, new.facts)


def _put_back(folder: Folder, aside: str, name: str) -> None:
    if folder.lstat(aside) is None or folder.lstat(name) is not None:
        return
    os.rename(aside, name, src_dir_fd=folder.fd, dst_dir_fd=folder.fd)
    folder.sync()
    crash_point("move.old.back")
