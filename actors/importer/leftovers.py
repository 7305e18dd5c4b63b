"""What a killed process may have left in a library, and clearing it away at the start."""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import SourceMissing, library_side
from reeld.actors.importer._folders import Folder, open_below, open_library
from reeld.actors.importer._paths import import_of_part, is_probe
from reeld.storage.crashpoints import crash_point

_DEPTH: Final = 8
"""Folders below the root that are looked at; templates and the recycle folder have fewer."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file that only reeld can have made.

    Attributes:
        folder: The path of its folder below the root.
        import_id: The import that it belongs to; None for a probe's file.
    """

    folder: tuple[str, ...]
    name: str
    import_id: int | None


def find_leftovers(root_folder: Path, tick: Tick) -> tuple[Leftover, ...]:
    """Find part and probe files: regular files with exactly the names that reeld gives.

    Symbolic links are not followed, and folders that reeld may not enter are passed over.

    Args:
        root_folder: The library's root folder.
        tick: Called for each folder; raises to stop.

    Raises:
        RootFolderDown: The root folder is missing, or its disk fails.
    """
    with library_side(root_folder), open_library(root_folder) as root:
        return tuple(_find(root, (), tick))


def remove_leftovers(
    root_folder: Path, leftovers: Sequence[Leftover], running: Collection[int], tick: Tick
) -> int:
    """Remove what was found, unless its import runs; answer how many files went.

    An import is a row before it touches a file: ask which run after the files were found, not before.

    Args:
        root_folder: The library's root folder.
        leftovers: What `find_leftovers` found.
        running: Imports that are not over: they clear their own parts.
        tick: Called for each file; raises to stop.

    Raises:
        RootFolderDown: The root folder is missing, or its disk fails.
    """
    removed = 0
    for leftover in leftovers:
        tick(removed)
        if leftover.import_id is None or leftover.import_id not in running:
            removed += _remove(root_folder, leftover)
    return removed


def _remove(root_folder: Path, leftover: Leftover) -> bool:
    path = root_folder.joinpath(*leftover.folder, leftover.name)
    try:
        with (
            library_side(path),
            open_below(root_folder, leftover.folder, opener=open_library) as folder,
        ):
            crash_point("import.leftover.found")
            removed = folder.remove_file(leftover.name)
            crash_point("import.leftover.removed")
            return removed
    except SourceMissing:
        return False


def _find(folder: Folder, below: tuple[str, ...], tick: Tick) -> Iterator[Leftover]:
    tick(0)
    for name in folder.names():
        facts = folder.lstat(name)
        if facts is None:
            continue
        if stat.S_ISREG(facts.st_mode):
            import_id = import_of_part(name)
            if import_id is not None or is_probe(name):
                yield Leftover(below, name, import_id)
        elif stat.S_ISDIR(facts.st_mode) and len(below) < _DEPTH:
            yield from _find_below(folder, (*below, name), tick)


def _find_below(folder: Folder, below: tuple[str, ...], tick: Tick) -> Iterator[Leftover]:
    try:
        child = folder.child(below[-1])
    except (PermissionError, NotADirectoryError, FileNotFoundError):
        return
    with child:
        yield from _find(child, below, tick)
