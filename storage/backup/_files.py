"""Files of a backup: opened without following a link, written whole, hashed."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import Final, Protocol

from reeld.storage.errors import BackupFailed, BackupUnusable

CHUNK: Final = 1024 * 1024

# Nothing, or a link, a socket or a file where a folder should be.
_MISSING: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO}


class Tick(Protocol):
    """Is told how many bytes are done; raises to stop."""

    def __call__(self, done: int, /) -> None: ...


def open_regular(folder: Path, name: str) -> int:
    """Return a descriptor of a file; the folder and the file are no symbolic links, and the file is a regular one.

    Raises:
        BackupUnusable: It is missing, something else lies there, or the disk has lost it.
        BackupFailed: It cannot be opened this time.
    """
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(name, flags, dir_fd=directory)
        finally:
            os.close(directory)
    except OSError as error:
        if error.errno not in _MISSING:
            raise cannot_read(folder / name, error) from error
        raise BackupUnusable(
            f"{folder / name} cannot be opened ({error.strerror}). Use another backup.",
            reason="backup_file_missing",
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BackupUnusable(
            f"{folder / name} is no regular file: somebody else put it there.",
            reason="backup_file_missing",
        )
    return descriptor


def read_small(folder: Path, name: str, most: int) -> bytes:
    """Return the bytes of a file.

    Raises:
        BackupUnusable: It is missing, longer than `most`, or the disk has lost it.
        BackupFailed: It cannot be read this time.
    """
    try:
        with os.fdopen(open_regular(folder, name), "rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise cannot_read(folder / name, error) from error
    if len(data) > most:
        raise BackupUnusable(
            f"{folder / name} is longer than {most} bytes: reeld wrote no such file."
        )
    return data


def cannot_read(path: Path, error: OSError) -> BackupFailed | BackupUnusable:
    """Return what it means that a backup, or the folder of the backups, cannot be read."""
    if error.errno == errno.EIO:
        return BackupUnusable(
            f"{path} cannot be read: the disk has errors. Check the disk and use another backup.",
            reason="backup_disk_failing",
        )
    return BackupFailed(
        f"{path} cannot be read: {error.strerror or error}. Give reeld's user access to it, and try again.",
        reason="backup_unreadable",
    )


def create_private(path: Path) -> int:
    """Return a descriptor of a new file that its owner alone may read.

    Raises:
        OSError: It exists, or cannot be made.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that its owner alone may read, durably.

    Raises:
        OSError: The disk is full, for example.
    """
    with os.fdopen(create_private(path), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace_private(path: Path, data: bytes) -> None:
    """Put a file in place of another one in one step, durably."""
    draft = path.with_name(f".{path.name}.part")
    draft.unlink(missing_ok=True)
    write_private(draft, data)
    draft.replace(path)
    sync_folder(path.parent)


def digest(descriptor: int, tick: Tick) -> tuple[int, str]:
    """Return length and SHA-256 of an open file, read from its beginning."""
    hashed, done = hashlib.sha256(), 0
    while data := os.pread(descriptor, CHUNK, done):
        hashed.update(data)
        done += len(data)
        tick(done)
    return done, hashed.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
