"""Room on disks, each looked at in a thread of its own: one that hangs must not make another look hung."""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from reeld.telemetry import Check, Metrics, Status

DISK_SECONDS: Final = 2.0
"""A network file system that hangs must not hang the health of everything else."""
LOW_DISK_RATIO: Final = 0.05


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of a disk."""

    total: int
    free: int


class Disks:
    """Looks at the disks of folders.

    Args:
        metrics: Shows the room of root folders.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._limiters: defaultdict[str, trio.CapacityLimiter] = defaultdict(
            lambda: trio.CapacityLimiter(1)
        )

    async def check(self, name: str, folder: Path, *, is_root: bool) -> Check:
        """Judge the room of one folder's disk, within `DISK_SECONDS`.

        Args:
            name: What the folder is, for people.
            folder: Where it is.
            is_root: Whether movies are filed there.
        """
        check = f"disk:{name}"
        with trio.move_on_after(DISK_SECONDS):
            try:
                room = await self._room(name, folder)
            except OSError as error:
                sentence = f"The {name} folder {folder} cannot be read: {error.strerror}."
                return Check(check, Status.FAIL, "system", sentence)
            if is_root:
                self._show(folder, room)
            return _judge(check, name, room)
        sentence = f"The {name} folder {folder} does not answer: is its file system mounted?"
        return Check(check, Status.FAIL, "system", sentence)

    async def _room(self, name: str, folder: Path) -> Room:
        usage = await trio.to_thread.run_sync(
            shutil.disk_usage, folder, abandon_on_cancel=True, limiter=self._limiters[name]
        )
        total, _, free = usage
        return Room(total, free)

    def _show(self, folder: Path, room: Room) -> None:
        self._metrics.set("reeld_library_free_bytes", room.free, root=str(folder))
        self._metrics.set("reeld_library_total_bytes", room.total, root=str(folder))


def _judge(check: str, name: str, room: Room) -> Check:
    if room.total and room.free / room.total >= LOW_DISK_RATIO:
        return Check(check, Status.PASS, "system", observed=room.free, unit="bytes")
    sentence = f"Less than {LOW_DISK_RATIO:.0%} of the {name} folder's disk is free. Make room."
    return Check(check, Status.WARN, "system", sentence, room.free, "bytes")
