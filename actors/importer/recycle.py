"""The recycle folder: whatever leaves the library keeps a name there. Nothing here deletes it.

Layout: `<recycle folder>/<UTC time>-<import>/<path it had below its root>`. A recycle folder below
the root folder (the default) makes keeping a file a hard link.
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reeld.actors.importer._content import same_content
from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import Occupied, SourceChanged, SourceMissing, library_side
from reeld.actors.importer._folders import (
    Folder,
    folders_made,
    open_below,
    open_library,
    remove_empty_folders,
    same_file,
)
from reeld.actors.importer._parts import USUAL_MEANS, make_part
from reeld.actors.importer._paths import part_name, safe_parts
from reeld.actors.importer._publishing import publish
from reeld.actors.importer._source import OpenFile, is_regular, opened, opened_in
from reeld.storage.crashpoints import crash_point

_MAX_NAMESAKES: Final = 100


@dataclass(frozen=True, slots=True)
class RecycleShelf:
    """The place in a recycle folder that belongs to one import.

    Attributes:
        root: An existing folder: a root folder, or the recycle folder that the owner named.
        below: The shelf's path below that root.
        import_id: Names the temporary file.
    """

    root: Path
    below: tuple[str, ...]
    import_id: int


def shelf_for(
    recycle: Path, root_folder: Path, import_id: int, planned_at: datetime
) -> RecycleShelf:
    """Return the shelf of an import; the same for each attempt, since it comes from its plan.

    Args:
        recycle: The recycle folder. Missing folders are made: below the root folder all of them,
            elsewhere only the last one, since a missing mount must not be papered over.
        root_folder: The library's root folder.
        import_id: reeld's number of the import.
        planned_at: When the import was planned, with its time zone.
    """
    shelf = f"{planned_at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}-{import_id}"
    if recycle.is_relative_to(root_folder):
        below = recycle.relative_to(root_folder).parts
        return RecycleShelf(root_folder, (*below, shelf), import_id)
    return RecycleShelf(recycle.parent, (recycle.name, shelf), import_id)


def keep(old: OpenFile, relative: str, shelf: RecycleShelf, tick: Tick) -> Path:
    """Give a library file a second name in the recycle folder; nothing is missing at any moment.

    Running it twice is harmless.

    Args:
        old: The file, open.
        relative: The path it has below its root folder.
        shelf: Where it goes.
        tick: Called between pieces when the recycle folder takes a copy only.

    Returns:
        Where it is kept.

    Raises:
        RootFolderDown: The disk fails.
        Occupied: The shelf is full of other files of that name.
    """
    parts = safe_parts(relative)
    for below in _shelves(shelf):
        with folders_made(shelf.root, (*below, *parts[:-1]), USUAL_MEANS.permissions) as folder:
            if _keep_as(old, folder, parts[-1], shelf, tick):
                return folder.path / parts[-1]
    raise Occupied(f"{shelf.root.joinpath(*shelf.below)} holds too many files called {parts[-1]}.")


def kept_before(relative: str, shelf: RecycleShelf) -> Path | None:
    """Return where an earlier attempt kept a file; None when it kept none.

    Raises:
        RootFolderDown: The disk fails.
    """
    parts, found = safe_parts(relative), None
    for below in _shelves(shelf):
        path = shelf.root.joinpath(*below, *parts)
        try:
            with (
                library_side(path),
                open_below(shelf.root, (*below, *parts[:-1]), opener=open_library) as folder,
            ):
                there = folder.lstat(parts[-1])
        except SourceMissing:
            there = None
        if not is_regular(there):
            break
        found = path
    return found


def _shelves(shelf: RecycleShelf) -> Iterator[tuple[str, ...]]:
    """Yield the shelf, and further ones for when it holds another file of the same name."""
    yield shelf.below
    for number in range(2, _MAX_NAMESAKES):
        yield (*shelf.below[:-1], f"{shelf.below[-1]}~{number}")


def _keep_as(old: OpenFile, folder: Folder, name: str, shelf: RecycleShelf, tick: Tick) -> bool:
    """Keep the file under this name; False when another file has it."""
    with library_side(folder.path / name):
        there = folder.lstat(name)
        if there is not None:
            return is_regular(there) and _is_kept(old, folder, name, tick)
    part = part_name(shelf.import_id)
    make_part(old, folder, part, USUAL_MEANS, tick)
    publish(folder, part, name, may_replace=lambda _: False)
    crash_point("import.old.kept")
    return True


def _is_kept(old: OpenFile, folder: Folder, name: str, tick: Tick) -> bool:
    with opened_in(folder, name) as kept:
        if same_file(kept.facts, old.facts):
            return True
        return same_content(kept.fd, old.fd, tick, paths=(kept.path, old.path))


def retire(
    root_folder: Path, old: str, new: str | None, shelf: RecycleShelf, tick: Tick
) -> Path | None:
    """Take the old file's name out of the library, once it is kept in the recycle folder.

    Running it twice is harmless. Folders that become empty go too.

    Args:
        root_folder: The root folder that holds the old file.
        old: The old file's path below it.
        new: The path of the file that took its place, which is never removed; None when that one lies
            below another root folder.
        shelf: Where the old file goes.
        tick: Called between pieces when the recycle folder takes a copy only.

    Returns:
        Where it is kept, by this attempt or an earlier one; None when there was nothing to retire.

    Raises:
        RootFolderDown: The disk fails.
        LibraryUnsafe: The old path runs through a symbolic link, or is no regular file.
    """
    parts = safe_parts(old)
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(opened(root_folder, old, side=library_side))
        except SourceMissing:
            remove_empty_folders(root_folder, parts[:-1])
            return kept_before(old, shelf)
        if new is not None and (old == new or _is_the_same_name(file, root_folder, new)):
            return None
        kept = keep(file, old, shelf, tick)
        with library_side(file.path):
            _remove_name(file)
    remove_empty_folders(root_folder, parts[:-1])
    crash_point("import.old.retired")
    return kept


def _remove_name(old: OpenFile) -> None:
    there = old.folder.lstat(old.name)
    if there is None or not same_file(there, old.facts):
        raise SourceChanged(f"{old.path} was replaced while it was retired: it is tried again.")
    old.folder.remove_file(old.name)
    crash_point("import.old.removed")
    old.folder.sync()


def _is_the_same_name(old: OpenFile, root_folder: Path, new: str) -> bool:
    """Whether both names are one entry of a folder that ignores case or Unicode forms."""
    if _folded(str(old.path)) != _folded(str(root_folder / new)):
        return False
    with opened(root_folder, new, side=library_side) as placed:
        return same_file(placed.facts, old.facts)


def _folded(path: str) -> str:
    return unicodedata.normalize("NFKC", path).casefold()
