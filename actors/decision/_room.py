"""Room in root folders, looked at in threads: a disk that hangs must not hang a decision."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path
from typing import Final

import structlog
import trio

LOOK_SECONDS: Final = 2.0
REMEMBERED_SECONDS: Final = 30.0
"""One look is good for all decisions of a search; copies in the meantime are small beside the reserve."""

log = structlog.get_logger("reeld.actors.decision")


class Room:
    """Says how much room there is below root folders."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[float, int | None]] = {}
        self._limiters: defaultdict[Path, trio.CapacityLimiter] = defaultdict(
            lambda: trio.CapacityLimiter(1)
        )

    async def free(self, root: Path) -> int | None:
        """Return the free bytes of a root folder's disk, at most half a minute old; None when nobody can say.

        Takes `LOOK_SECONDS` at most. A disk that hangs keeps one thread, and the next look waits for that one.
        """
        at, known = self._seen.get(root, (-REMEMBERED_SECONDS, None))
        if trio.current_time() - at < REMEMBERED_SECONDS:
            return known
        free = await self._look(root)
        self._seen[root] = (trio.current_time(), free)
        return free

    async def _look(self, root: Path) -> int | None:
        with trio.move_on_after(LOOK_SECONDS):
            try:
                usage = await trio.to_thread.run_sync(
                    shutil.disk_usage, root, abandon_on_cancel=True, limiter=self._limiters[root]
                )
            except OSError as error:
                log.debug("room_unknown", root=str(root), errno=error.errno)
                return None
            return usage.free
        log.warning("root_folder_hangs", root=str(root))
        return None
