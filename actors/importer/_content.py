"""Comparing two files byte by byte, wholly or at chosen spots."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import download_side, library_side

_PIECE: Final = 1024 * 1024
_SPOTS: Final = 16


def same_content(
    one: int, other: int, tick: Tick, *, paths: tuple[Path, Path], sampled: bool = False
) -> bool:
    """Whether two open files hold the same bytes; stops at the first difference.

    Args:
        one: The library's file. Its cached pages are dropped first, so that clean ones are read
            back from the disk.
        other: The downloaded file.
        tick: Told the bytes compared so far.
        paths: Where the two lie, for errors.
        sampled: Compare sixteen spots of 1 MiB, the first and the last among them, and no more.

    Raises:
        RootFolderDown: The library's disk fails.
        DownloadsUnreadable: The downloads' disk fails.
    """
    size = os.fstat(one).st_size
    if size != os.fstat(other).st_size:
        return False
    os.posix_fadvise(one, 0, 0, os.POSIX_FADV_DONTNEED)
    compared = 0
    for offset in _sampled(size) if sampled else range(0, size, _PIECE):
        with library_side(paths[0]):
            mine = os.pread(one, _PIECE, offset)
        with download_side(paths[1]):
            theirs = os.pread(other, _PIECE, offset)
        if mine != theirs:
            return False
        compared += len(mine)
        tick(compared)
    return True


def _sampled(size: int) -> Iterator[int]:
    last = max(0, size - _PIECE)
    if size <= _SPOTS * _PIECE:
        yield from range(0, size, _PIECE)
        return
    for spot in range(_SPOTS):
        yield last * spot // (_SPOTS - 1)
