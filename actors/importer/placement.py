"""Placing a downloaded file in the library, whole or not at all.

Every function here blocks and is idempotent: killed at any moment and called again, it finishes
what it began. Call it through `FileWork`.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from reeld.actors.importer._content import same_content
from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import (
    LinkRefusal,
    Occupied,
    SourceChanged,
    SourceMissing,
    VerificationFailed,
    library_side,
)
from reeld.actors.importer._folders import (
    Folder,
    folders_made,
    open_below,
    open_library,
    remove_empty_folders,
    same_file,
)
from reeld.actors.importer._parts import USUAL_MEANS, Means, make_part
from reeld.actors.importer._paths import part_name, safe_parts
from reeld.actors.importer._publishing import publish
from reeld.actors.importer._source import OpenFile, is_regular, opened, opened_in
from reeld.actors.importer.recycle import RecycleShelf, keep, kept_before
from reeld.domain.acquisition import LinkKind
from reeld.storage.crashpoints import crash_point


@dataclass(frozen=True, slots=True)
class Order:
    """One file to be placed.

    Attributes:
        import_id: Names the temporary file `.reeld-<id>.part`.
        download_root: An absolute folder that the owner or the download client's settings named.
        source: The file's path below it; not trusted.
        size: The bytes that were announced.
        root_folder: The library's root folder; it exists.
        destination: The final path below it.
        shelf: Where a file that lies under the final name is kept before it is replaced.
    """

    import_id: int
    download_root: Path
    source: str
    size: int
    root_folder: Path
    destination: str
    shelf: RecycleShelf
    means: Means = USUAL_MEANS


@dataclass(frozen=True, slots=True)
class Placed:
    """What placing a file came to.

    Attributes:
        link: How the file came to be; for one that was there already, what it looks like.
        device: `st_dev` of the placed file.
        inode: `st_ino` of the placed file.
        refusal: Why it is no hard link; None when it is one, or none was tried.
        kept: Where the file that lay under the final name is kept, by this attempt or an earlier one;
            None when there was none.
    """

    link: LinkKind
    size: int
    device: int
    inode: int
    refusal: LinkRefusal | None = None
    kept: Path | None = None


def place(order: Order, tick: Tick) -> Placed:
    """Put the downloaded file under its final name, durably.

    The final name shows the old file or the new one, wholly, at every moment. A file that lies
    there is given a second name in the recycle folder first. The download is never changed.

    Args:
        order: What goes where.
        tick: Told the bytes done so far; raises to stop, which removes the half-made file.

    Raises:
        SourceMissing: The downloaded file is not there.
        SourceChanged: It has another size than announced, or changed meanwhile.
        UnsafePath: The download lies behind a symbolic link, or a path climbs.
        LinkImpossible: Links alone are allowed, and none can be made.
        LibraryUnsafe: The final path runs through a symbolic link.
        RootFolderDown: The library's disk fails.
        NoRoomForCopy: A copy would fill it.
        DownloadsUnreadable: The downloads' disk fails.
        AccessDenied: reeld's user may not do it.
        Occupied: No regular file lies under the final name, but something else.
    """
    parts = safe_parts(order.destination)
    with opened(order.download_root, order.source) as source:
        _require_size(source, order.size)
        with folders_made(order.root_folder, parts[:-1], order.means.permissions) as folder:
            return _place_in(folder, parts[-1], source, order, tick)


def _require_size(source: OpenFile, announced: int) -> None:
    if source.facts.st_size != announced:
        raise SourceChanged(
            f"{source.path} has {source.facts.st_size} bytes, {announced} were announced: "
            "let the download client check it.",
            reason="wrong_size",
        )


def _place_in(folder: Folder, name: str, source: OpenFile, order: Order, tick: Tick) -> Placed:
    with library_side(folder.path / name), contextlib.ExitStack() as stack:
        there = folder.lstat(name)
        if there is None:
            return _make(folder, name, source, order, tick)
        if not is_regular(there):
            raise Occupied(f"{folder.path / name} is no regular file: move it away.")
        current = stack.enter_context(opened_in(folder, name))
        link = _already_there(current, source, tick)
        if link is not None:
            return _settle(folder, name, link, order)
        kept = keep(current, order.destination, order.shelf, tick)
        return _make(folder, name, source, order, tick, replaced=current.facts, kept=kept)


def _already_there(current: OpenFile, source: OpenFile, tick: Tick) -> LinkKind | None:
    """Recognise the work of an attempt that was cut short after its rename."""
    if same_file(current.facts, source.facts):
        return LinkKind.HARDLINK
    if same_content(current.fd, source.fd, tick, paths=(current.path, source.path)):
        return LinkKind.COPY
    return None


def _settle(folder: Folder, name: str, link: LinkKind, order: Order) -> Placed:
    folder.remove_file(part_name(order.import_id))
    folder.sync()
    kept = kept_before(order.destination, order.shelf)
    return _observed(folder, name, link, kept=kept)


def _make(
    folder: Folder,
    name: str,
    source: OpenFile,
    order: Order,
    tick: Tick,
    *,
    replaced: os.stat_result | None = None,
    kept: Path | None = None,
) -> Placed:
    part = part_name(order.import_id)
    made = make_part(source, folder, part, order.means, tick)
    if made.link is LinkKind.HARDLINK:
        _widen(source, order.means.permissions.file_mode or 0)
    try:
        publish(
            folder,
            part,
            name,
            may_replace=lambda facts: replaced is not None and same_file(facts, replaced),
        )
    except Exception:
        with contextlib.suppress(OSError):
            folder.remove_file(part)
        raise
    return _observed(folder, name, made.link, made.refusal, kept)


def _widen(source: OpenFile, mode: int) -> None:
    """Add the bits that the library wants; the download loses none. Needs ownership."""
    present = stat.S_IMODE(source.facts.st_mode)
    if present | mode != present:
        with contextlib.suppress(PermissionError):
            os.fchmod(source.fd, present | mode)


def _observed(
    folder: Folder,
    name: str,
    link: LinkKind,
    refusal: LinkRefusal | None = None,
    kept: Path | None = None,
) -> Placed:
    facts = folder.lstat(name)
    if facts is None:
        raise SourceChanged(f"{folder.path / name} vanished at once.", reason="vanished")
    return Placed(link, facts.st_size, facts.st_dev, facts.st_ino, refusal, kept)


def verify(order: Order, link: LinkKind, tick: Tick, *, whole: bool = False) -> int:
    """Check that the file under the final name is the downloaded one; answer its size.

    A download that was removed meanwhile leaves the size as the only witness.

    Args:
        order: What was placed.
        link: How: a hard link has to be the same inode, anything else the same content.
        tick: Told the bytes compared so far; raises to stop.
        whole: Compare every byte of a copy, not sixteen spots.

    Raises:
        VerificationFailed: It is not: place it again.
        SourceMissing: Nothing lies under the final name: place it again.
        RootFolderDown: The library's disk fails.
        DownloadsUnreadable: The downloads' disk fails.
    """
    with opened(order.root_folder, order.destination, side=library_side) as placed:
        if placed.facts.st_size != order.size:
            raise VerificationFailed(
                f"{placed.path} has {placed.facts.st_size} bytes instead of {order.size}: "
                "it is placed again."
            )
        with (
            contextlib.suppress(SourceMissing),
            opened(order.download_root, order.source) as source,
        ):
            _require_equal(placed, source, link, tick, whole=whole)
        return placed.facts.st_size


def _require_equal(
    placed: OpenFile, source: OpenFile, link: LinkKind, tick: Tick, *, whole: bool
) -> None:
    if same_file(placed.facts, source.facts):
        return
    if link is LinkKind.HARDLINK or not same_content(
        placed.fd, source.fd, tick, paths=(placed.path, source.path), sampled=not whole
    ):
        raise VerificationFailed(
            f"{placed.path} is not the downloaded {source.path}: it is placed again."
        )


def discard(order: Order) -> None:
    """Remove what a given-up import left: its part and the folders that are empty without it.

    Raises:
        RootFolderDown: The library's disk fails.
    """
    parts = safe_parts(order.destination)
    with (
        library_side(order.root_folder / order.destination),
        contextlib.suppress(FileNotFoundError),
        open_below(order.root_folder, parts[:-1], opener=open_library) as folder,
    ):
        folder.remove_file(part_name(order.import_id))
        crash_point("import.part.discarded")
    remove_empty_folders(order.root_folder, parts[:-1])
    crash_point("import.discarded")
