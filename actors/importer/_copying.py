"""Copying bytes: cancellable, in bounded pieces, and flushed as it goes."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from typing import Final

from reeld.actors.importer._failures import (
    NoRoomForCopy,
    SourceChanged,
    download_side,
    library_side,
)
from reeld.actors.importer._folders import Folder
from reeld.actors.importer._source import OpenFile
from reeld.storage.crashpoints import crash_point

Tick = Callable[[int], None]
"""Told the bytes done so far, between pieces; raises to stop the work."""

_FICLONE: Final = 0x40049409  # linux/fs.h: _IOW(0x94, 9, int)
_CANNOT_CLONE: Final = frozenset(
    {
        errno.EXDEV,
        errno.EOPNOTSUPP,
        errno.ENOTTY,
        errno.ENOSYS,
        errno.EINVAL,
        errno.EPERM,
        errno.EBADF,
    }
)
_CANNOT_COPY_RANGE: Final = _CANNOT_CLONE | {errno.ETXTBSY}

_RANGE: Final = 64 * 1024 * 1024
_PIECE: Final = 4 * 1024 * 1024
# Dirty pages are written out as the copy goes: one fsync of 60 GB at the end could neither be
# cancelled nor show progress.
_FLUSH_EVERY: Final = 256 * 1024 * 1024


def clone(source: OpenFile, target: int) -> bool:
    """Share the source's blocks with an empty file (reflink); False when the disk cannot."""
    try:
        fcntl.ioctl(target, _FICLONE, source.fd)
    except OSError as error:
        if error.errno in _CANNOT_CLONE:
            return False
        raise
    return True


def require_space(folder: Folder, size: int, reserve: int) -> None:
    """Check that a copy of `size` bytes leaves `reserve` bytes free. Links need no space at all.

    Raises:
        NoRoomForCopy: It does not.
    """
    disk = os.fstatvfs(folder.fd)
    free = disk.f_bavail * disk.f_frsize
    if free < size + reserve:
        raise NoRoomForCopy(
            f"The disk of {folder.path} has {free // 2**20} MiB free, a copy needs "
            f"{(size + reserve) // 2**20} MiB: free some space, or make hard links possible.",
        )


def copy(source: OpenFile, target: int, folder: Folder, tick: Tick) -> None:
    """Copy the whole source into an empty file.

    Raises:
        SourceChanged: The source is shorter than it was, or was written to meanwhile.
        RootFolderDown: The library's disk fails.
        DownloadsUnreadable: The downloads' disk fails.
    """
    size = source.facts.st_size
    done, flushed, by_kernel = 0, 0, True
    while done < size:
        count = _copy_range(source, target, folder, done, size) if by_kernel else None
        if count is None:
            by_kernel = False
            count = _read_and_write(source, target, folder, done)
        done += count
        crash_point("import.part.half_copied")
        if done - flushed >= _FLUSH_EVERY:
            with library_side(folder.path):
                os.fdatasync(target)
            flushed = done
        tick(done)
    source.require_unchanged()


def _copy_range(source: OpenFile, target: int, folder: Folder, done: int, size: int) -> int | None:
    """Let the kernel copy a piece; None when it cannot between these two files."""
    try:
        with library_side(folder.path):
            return _kernel_copy(source.fd, target, min(_RANGE, size - done), done)
    except _KernelCannot:
        return None


class _KernelCannot(Exception):
    """`copy_file_range` does not work between these two files."""


def _kernel_copy(source: int, target: int, count: int, done: int) -> int:
    try:
        copied = os.copy_file_range(source, target, count, done, done)
    except OSError as error:
        if error.errno in _CANNOT_COPY_RANGE:
            raise _KernelCannot from error
        raise
    if copied == 0:
        # Some file systems answer 0 instead of an error; reading tells the truth.
        raise _KernelCannot
    return copied


def _read_and_write(source: OpenFile, target: int, folder: Folder, done: int) -> int:
    with download_side(source.path):
        piece = os.pread(source.fd, _PIECE, done)
    if not piece:
        raise SourceChanged(f"{source.path} became shorter while it was copied: it is tried again.")
    view = memoryview(piece)
    with library_side(folder.path):
        while view:
            written = os.pwrite(target, view, done)
            done += written
            view = view[written:]
    return len(piece)
