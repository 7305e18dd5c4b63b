"""Looking at disks off the loop's thread, since a disk may hang."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import trio

LOOK_SECONDS: Final = 5.0
"""A disk that has not answered by then counts as not there."""
_LOOKERS: Final = trio.CapacityLimiter(4)

FoundT = TypeVar("FoundT")


class Room(NamedTuple):
    """Bytes of a disk."""

    total: int
    free: int


async def looked(look: Callable[[], FoundT]) -> FoundT | None:
    """Look at a disk in a thread; None when it cannot be looked at, or not in time."""
    with trio.move_on_after(LOOK_SECONDS):
        try:
            return await trio.to_thread.run_sync(look, abandon_on_cancel=True, limiter=_LOOKERS)
        except OSError:
            return None
    return None


async def room_of(folder: Path) -> Room | None:
    """Return how much room the disk of a folder has; None when the folder is not there or its disk hangs."""

    def look() -> Room:
        usage = shutil.disk_usage(folder)
        return Room(usage.total, usage.free)

    return await looked(look)


def fault_of(folder: Path) -> str | None:
    """Return why a folder cannot be a root folder; None when it can. Blocks."""
    try:
        if not folder.is_dir():
            return "is no folder that is there: make it, or mount its disk."
    except OSError as error:
        return f"cannot be looked at ({error.strerror})."
    if not os.access(folder, os.W_OK | os.X_OK):
        return "cannot be written by reeld's user: give it access."
    return None
