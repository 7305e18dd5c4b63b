"""The root folders as services that can be down: one breaker each, mended by probes of our own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

import structlog

from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import RootFolderDown, library_side
from reeld.actors.importer._folders import open_library
from reeld.actors.importer._threads import STALL, FileWork
from reeld.actors.importer.linkprobe import probe_file
from reeld.actors.kernel.breaker import (
    Breaker,
    BreakerConfig,
    BreakerKeeper,
    BreakerObserver,
    BreakerState,
)
from reeld.domain.errors import DeadlineExceeded, Unavailable

log = structlog.get_logger("reeld.actors.importer")

T = TypeVar("T")

CONFIG: Final = BreakerConfig(
    # A disk that says EIO, ENOSPC or EROFS says it for every file: one answer is enough.
    window=1,
    min_calls=1,
    # A copy may take hours, and is watched for stalls by `FileWork`.
    slow_seconds=86_400.0,
    open_seconds_cap=300.0,
)

_PREFIX: Final = "importer:"
_PROBE_STALL: Final = 20.0


class RootFolders:
    """Runs file work on root folders through their breakers.

    Args:
        files: The threads.
        breakers: The actor's, which outlive its incarnations.
        keeper: Restores and stores them.
        observer: Is told of their calls and transitions.
    """

    def __init__(
        self,
        files: FileWork,
        breakers: dict[str, Breaker],
        keeper: BreakerKeeper,
        observer: BreakerObserver | None = None,
    ) -> None:
        self._files = files
        self._breakers = breakers
        self._keeper = keeper
        self._observer = observer

    async def run(
        self,
        root: Path,
        key: str,
        work: Callable[[Tick], T],
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> T:
        """Run work that touches a root folder; see `FileWork.run`.

        A folder that was down is tried with a small file first, not with the work itself.

        Raises:
            Unavailable: The folder is down, or hangs; it says why.
            Exception: Whatever the work raises.
        """
        breaker = await self._breaker(root)
        try:
            if breaker.state not in (BreakerState.CLOSED, BreakerState.DISABLED):
                await self._probe(root, breaker)
            async with breaker.call():
                return await self._files.run(key, work, stall=STALL, on_progress=on_progress)
        except (RootFolderDown, DeadlineExceeded) as error:
            # It waits for the disk and uses up no attempt: that is what `Unavailable` says.
            raise Unavailable(error.sentence, reason=error.reason) from error

    async def mend(self) -> bool:
        """Probe the folders whose breakers would let a probe through; whether one came back."""
        mended = False
        for name, breaker in list(self._breakers.items()):
            root = Path(name.removeprefix(_PREFIX))
            if breaker.state is not BreakerState.HALF_OPEN:
                continue
            try:
                await self._probe(root, breaker)
                mended = True
                log.info("root_folder_recovered", root=str(root))
            except (RootFolderDown, DeadlineExceeded, Unavailable) as error:
                log.info("root_folder_still_down", root=str(root), reason=error.reason)
        return mended

    async def _breaker(self, root: Path) -> Breaker:
        name = f"{_PREFIX}{root}"
        if name not in self._breakers:
            breaker = Breaker(name, CONFIG, observer=self._observer)
            # In its place before the wait, so that no second one is made meanwhile.
            self._breakers[name] = breaker
            await self._keeper.adopt(breaker)
        return self._breakers[name]

    async def _probe(self, root: Path, breaker: Breaker) -> None:
        async with breaker.call():
            await self._files.run(f"probe:{root}", lambda _: write_probe(root), stall=_PROBE_STALL)


def write_probe(root: Path) -> None:
    """Write a small file durably into a root folder and remove it again.

    Raises:
        RootFolderDown: It cannot be done.
    """
    name = f".reeld-probe-{secrets.token_hex(8)}"
    with library_side(root), open_library(root) as folder, probe_file(folder, name):
        folder.sync()


def roots_of(breakers: Iterable[str]) -> tuple[Path, ...]:
    """Return the root folders that breakers of these names belong to."""
    return tuple(Path(name.removeprefix(_PREFIX)) for name in breakers if name.startswith(_PREFIX))
