"""One daemon on a data directory: a lock that the system drops when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from reeld.storage.errors import DataDirectoryBusy

log = structlog.get_logger("reeld.cli")

LOCK_FILE: Final = "daemon.lock"


@contextmanager
def only_daemon_on(data_dir: Path, name: str = LOCK_FILE) -> Iterator[None]:
    """Hold the data directory for the length of the block. Does not wait.

    Args:
        data_dir: The folder.
        name: The lock in it; the daemon's own when left out.

    Raises:
        DataDirectoryBusy: Another daemon holds it.
    """
    descriptor = os.open(data_dir / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, data_dir)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, data_dir: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        raise DataDirectoryBusy(
            f"Another reeld{f' (process {pid})' if pid else ''} works in {data_dir}."
            " Stop that one first, or give this one a directory of its own with REELD_DATA_DIR."
        ) from error
    except OSError as error:
        # Some network file systems know no locks. The lead over the database still keeps two daemons apart.
        log.warning("data_directory_not_locked", folder=str(data_dir), error=error.strerror)
