"""What a killed process may have left in a library, and clearing it away at the start."""

from __future__ import annotations

import stat
from collections.abc import Collection
from pathlib import Path
from typing import Final

import structlog

from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import library_side
from reeld.actors.importer._folders import Folder, open_library
from reeld.actors.importer._paths import import_of_part, is_probe

log = structlog.get_logger("reeld.actors.importer")

_DEPTH: Final = 8
"""Folders below the root that are looked at; templates and the recycle folder have fewer."""


def sweep_parts(root_folder: Path, open_imports: Collection[int], tick: Tick) -> int:
    """Remove the part files of imports that are over; answer how many.

    Only regular files with exactly the names that reeld gives are removed, symbolic links are not
    followed, and folders that reeld may not enter are passed over.

    Args:
        root_folder: The library's root folder.
        open_imports: Imports that still run: they clear their own parts.
        tick: Called for each folder; raises to stop.

    Raises:
        RootFolderDown: The root folder is missing, or its disk fails.
    """
    with library_side(root_folder), open_library(root_folder) as root:
        return _sweep(root, open_imports, tick, _DEPTH)


def _sweep(folder: Folder, open_imports: Collection[int], tick: Tick, depth: int) -> int:
    tick(0)
    removed = 0
    for name in folder.names():
        facts = folder.lstat(name)
        if facts is None:
            continue
        if stat.S_ISREG(facts.st_mode) and _is_stale(name, open_imports):
            removed += folder.remove_file(name)
            log.info("stale_part_removed", path=str(folder.path / name))
        elif stat.S_ISDIR(facts.st_mode) and depth:
            removed += _sweep_below(folder, name, open_imports, tick, depth - 1)
    return removed


def _sweep_below(
    folder: Folder, name: str, open_imports: Collection[int], tick: Tick, depth: int
) -> int:
    try:
        below = folder.child(name)
    except (PermissionError, NotADirectoryError, FileNotFoundError):
        return 0
    with below:
        return _sweep(below, open_imports, tick, depth)


def _is_stale(name: str, open_imports: Collection[int]) -> bool:
    import_id = import_of_part(name)
    return is_probe(name) or (import_id is not None and import_id not in open_imports)
