"""From rows and settings to orders for the file system."""

from __future__ import annotations

import grp
from pathlib import Path, PurePosixPath

from reeld.actors.importer._folders import Permissions
from reeld.actors.importer._parts import Means, Transfer
from reeld.actors.importer.placement import Order
from reeld.actors.importer.recycle import RecycleShelf, shelf_for
from reeld.domain.errors import Unavailable
from reeld.domain.settings import ImportMode, LibrarySettings, PathMapping
from reeld.storage.repositories.imports import Import


def local_folder(folder: str, mappings: tuple[PathMapping, ...]) -> Path:
    """Return where this machine sees a folder of the download client; the first mapping that fits counts."""
    there = PurePosixPath(folder)
    for mapping in mappings:
        if there.is_relative_to(mapping.remote):
            return mapping.local / there.relative_to(mapping.remote)
    return Path(folder)


def order_for(journal: Import, downloads: Path, library: LibrarySettings) -> Order:
    """Return the order that a row of the journal stands for; looks the group up, so it may block.

    Args:
        journal: The row.
        downloads: The client's folder as this machine sees it.
        library: The settings in force.

    Raises:
        Unavailable: The configured group does not exist.
    """
    source = Path(journal.source)
    root = downloads if source.is_relative_to(downloads) else source.parent
    strict = library.import_mode is ImportMode.STRICT
    return Order(
        import_id=journal.id,
        download_root=root,
        source=str(source.relative_to(root)),
        size=journal.size,
        root_folder=Path(journal.root_folder),
        destination=journal.destination,
        shelf=shelf_of(journal, Path(journal.root_folder), library),
        means=means_of(library, Transfer.LINK_ONLY if strict else Transfer.LINK_OR_COPY),
    )


def shelf_of(journal: Import, root_folder: Path, library: LibrarySettings) -> RecycleShelf:
    """Return where files that an import replaces are kept: the same place in every attempt.

    Args:
        journal: The row.
        root_folder: The root folder that holds the file to be kept.
        library: The settings in force.
    """
    return shelf_for(recycle_of(library, root_folder), root_folder, journal.id, journal.created_at)


def recycle_of(library: LibrarySettings, root_folder: Path) -> Path:
    """Return the recycle folder of a root folder: one below it, unless the owner named one for all."""
    elsewhere = library.recycle_folder is None and root_folder != library.root_folder
    return root_folder / library.recycle.name if elsewhere else library.recycle


def means_of(library: LibrarySettings, transfer: Transfer) -> Means:
    """Return how files are made in the library; looks the group up, so it may block.

    Raises:
        Unavailable: The configured group does not exist.
    """
    return Means(
        transfer=transfer,
        permissions=Permissions(
            file_mode=library.file_mode,
            folder_mode=library.folder_mode,
            group=None if library.group is None else group_number(library.group),
        ),
        reserve=library.free_bytes,
    )


def group_number(name: str) -> int:
    """Return the number of a group that is given by name or number; may block.

    Raises:
        Unavailable: There is no such group.
    """
    if name.isascii() and name.isdigit():
        return int(name)
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise Unavailable(
            f"There is no group {name!r} here: create it, or correct library.group.",
            reason="group_unknown",
        ) from None
