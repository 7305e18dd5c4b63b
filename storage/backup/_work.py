"""How work on a backup tells how far it is, and how its file work runs beside the loop."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

import structlog
import trio

from reeld.storage.backup._files import Tick, cannot_read, digest, open_regular
from reeld.storage.backup._folder import BackupFolder
from reeld.storage.backup._manifest import FileFacts
from reeld.storage.errors import BackupFailed, BackupUnusable

log = structlog.get_logger("reeld.storage")

T = TypeVar("T")

DUMP_SECONDS: Final = 3600.0
RESTORE_SECONDS: Final = 4 * 3600.0
WATCH_SECONDS: Final = 0.5


class Step(StrEnum):
    """What is being done."""

    COUNTING = "counting rows"
    DUMPING = "dumping"
    HASHING = "hashing"
    STARTING = "starting a scratch server"
    RESTORING = "restoring"
    COMPARING = "comparing rows"
    MIGRATING = "bringing the schema up to date"
    SWAPPING = "swapping the databases"


Tell = Callable[[Step, int], None]
"""Is told the step under way and the bytes of it that are done; called on the loop's thread."""


def tell_nobody(_step: Step, _done: int) -> None:
    """Tell nobody."""


async def in_thread(work: Callable[[Tick], T], told: Callable[[int], None]) -> T:
    """Run blocking file work in a thread; cancelled, it stops within a megabyte."""

    def tick(done: int) -> None:
        trio.from_thread.check_cancelled()
        trio.from_thread.run_sync(told, done)

    return await trio.to_thread.run_sync(work, tick)


@asynccontextmanager
async def working_in(folder: BackupFolder) -> AsyncIterator[None]:
    """Keep other processes out of the folder for the length of the block. Does not wait for them.

    Raises:
        BackupBusy: Another process works there.
        BackupFailed: The folder cannot be made or written to.
    """
    with ExitStack() as stack:
        await trio.to_thread.run_sync(stack.enter_context, folder.locked())
        yield


async def retire_old(folder: BackupFolder, keep: int) -> None:
    """Remove all but the newest backups; for what stays see `BackupFolder.rotate`. The caller holds the lock.

    A failure is logged and tried again the next time: it takes nothing from the backup that was just made.
    """
    try:
        removed = await trio.to_thread.run_sync(folder.rotate, keep)
    except (OSError, BackupFailed, BackupUnusable) as error:
        log.warning("old_backups_not_removed", folder=str(folder.path), error=str(error))
    else:
        if removed:
            log.info("old_backups_removed", backups=removed)


async def checked(folder: Path, name: str, facts: FileFacts, tell: Tell) -> int:
    """Return a descriptor of a file of a backup after it was seen to be what the manifest says.

    Raises:
        BackupUnusable: It is missing, another one, or the disk has lost it.
        BackupFailed: It cannot be read this time.
    """
    descriptor = await trio.to_thread.run_sync(open_regular, folder, name)
    try:
        found = await in_thread(
            lambda tick: digest(descriptor, tick), lambda done: tell(Step.HASHING, done)
        )
        if found != (facts.bytes, facts.sha256):
            raise BackupUnusable(
                f"{folder / name} is not the file that was saved: its length or checksum differs. Use another backup.",
                reason="checksum_differs",
            )
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, OSError):
            raise cannot_read(folder / name, error) from error
        raise
    return descriptor
