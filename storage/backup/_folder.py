"""The folder of the backups: which there are, how one appears and goes, and who may work there."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from reeld.domain.errors import NotFound
from reeld.storage.backup._files import cannot_read, read_small, replace_private, sync_folder
from reeld.storage.backup._manifest import (
    LARGEST_MANIFEST,
    MANIFEST,
    Manifest,
    from_bytes,
    hash_of,
)
from reeld.storage.crashpoints import crash_point
from reeld.storage.errors import BackupBusy, BackupFailed, BackupUnusable

LATEST: Final = "latest"
VERIFIED: Final = "verified.json"
LARGEST_MARK: Final = 4096
SCRATCH: Final = ".scratch"

_NAME = re.compile(r"reeld-\d{8}T\d{6}Z(-\d{1,3})?", re.ASCII)
_LEFTOVER = re.compile(r"\.reeld-\d{8}T\d{6}Z(-\d{1,3})?\.(part|gone)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup in the folder.

    Attributes:
        manifest: None when it cannot be read.
        verified_at: When it was last restored on trial, whole (UTC); None when it never was, or changed since.
        trouble: Why it cannot be used; empty when nothing is known against it.
    """

    name: str
    path: Path
    manifest: Manifest | None
    verified_at: datetime | None = None
    trouble: str = ""

    def require_manifest(self) -> Manifest:
        """Return the manifest.

        Raises:
            BackupUnusable: There is none that can be read.
        """
        if self.manifest is None:
            raise BackupUnusable(f"{self.name}: {self.trouble}")
        return self.manifest


class _Mark(msgspec.Struct, frozen=True):
    at: datetime
    manifest_sha256: str


class BackupFolder:
    """The folder that holds the backups, each a folder of its own. Everything here blocks on the disk.

    What reeld did not put there is neither read nor touched. A backup appears and goes by one rename: under its name
    it is whole, at every moment.

    Args:
        path: The folder; made when missing, readable by its owner alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def scratch(self) -> Path:
        """Where a backup is restored on trial."""
        return self.path / SCRATCH

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from working here; the kernel gives it back when the process ends. Does not wait.

        Raises:
            BackupBusy: Another process works here.
            BackupFailed: The folder cannot be made or written to.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.path / ".lock", flags, 0o600)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupBusy(
                    f"Another backup is being made or checked in {self.path}: try again when it is done.",
                    retry_after=60.0,
                ) from None
            except OSError as error:
                raise cannot_write(self.path, error) from error
            yield
        finally:
            os.close(descriptor)

    def backups(self) -> list[Backup]:
        """Return the backups, newest first.

        Raises:
            BackupFailed: The folder cannot be read.
            BackupUnusable: The disk of the folder has errors.
        """
        try:
            names = sorted((each.name for each in os.scandir(self.path)), key=_order, reverse=True)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise cannot_read(self.path, error) from error
        return [self._read(name) for name in names if _NAME.fullmatch(name)]

    def find(self, name: str) -> Backup:
        """Return a backup by its name, or the newest usable one for `latest`.

        Raises:
            NotFound: There is none.
            BackupFailed: The folder cannot be read.
            BackupUnusable: The disk of the folder has errors.
        """
        there = self.backups()
        if name == LATEST:
            there = [each for each in there if each.manifest is not None]
        elif _NAME.fullmatch(name):
            there = [each for each in there if each.name == name]
        else:
            there = []
        if not there:
            raise NotFound(f"There is no backup {name!r} in {self.path}: see `reeld backup list`.")
        return there[0]

    def _read(self, name: str) -> Backup:
        path = self.path / name
        try:
            document = read_small(path, MANIFEST, LARGEST_MANIFEST)
            manifest = from_bytes(document)
        except (BackupFailed, BackupUnusable) as error:
            return Backup(name, path, None, trouble=error.sentence)
        return Backup(name, path, manifest, _verified_at(path, hash_of(document)))

    def make_draft(self, now: datetime) -> Path:
        """Make the hidden folder in which a backup grows, named for the moment; the caller holds the lock."""
        stamp = f"reeld-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        names = (stamp, *(f"{stamp}-{number}" for number in range(2, 1000)))
        name = next(each for each in names if not os.path.lexists(self.path / each))
        draft = self.path / f".{name}.part"
        draft.mkdir(mode=0o700)
        crash_point("backup.draft.made")
        return draft

    def publish(self, draft: Path) -> Backup:
        """Give a whole backup its name, durably."""
        sync_folder(draft)
        crash_point("backup.described")
        name = draft.name.removeprefix(".").removesuffix(".part")
        draft.rename(self.path / name)
        sync_folder(self.path)
        crash_point("backup.published")
        return self._read(name)

    def mark_verified(self, backup: Backup, now: datetime) -> Backup:
        """Note that a backup was restored on trial; the note holds for this manifest alone."""
        document = read_small(backup.path, MANIFEST, LARGEST_MANIFEST)
        mark = _Mark(now, hash_of(document))
        replace_private(backup.path / VERIFIED, msgspec.json.encode(mark))
        return self._read(backup.name)

    def mark_damaged(self, backup: Backup) -> None:
        """Take back that a backup was restored on trial, so that it no longer stands for one that is whole."""
        (backup.path / VERIFIED).unlink(missing_ok=True)
        sync_folder(backup.path)

    def clear_leftovers(self) -> list[str]:
        """Remove what killed processes left of backups that were being made or removed; the caller holds the lock.

        What the disk does not let go is left there: it hinders no backup.
        """
        found = [each.name for each in os.scandir(self.path) if _LEFTOVER.fullmatch(each.name)]
        for name in found:
            with suppress(OSError):
                _remove(self.path / name)
        return found

    def rotate(self, keep: int) -> list[str]:
        """Remove all but the newest whole backups and the newest verified one; the caller holds the lock.

        One that cannot be read is left for a person to look at, and is not counted.

        Args:
            keep: How many stay, 1 or more.

        Raises:
            OSError: One cannot be removed.
            BackupFailed: The folder cannot be read.
            BackupUnusable: The disk of the folder has errors.
        """
        whole = [each for each in self.backups() if each.manifest is not None]
        verified = next((each for each in whole if each.verified_at is not None), None)
        old = [each for each in whole[max(keep, 1) :] if each is not verified]
        for backup in old:
            hidden = self.path / f".{backup.name}.gone"
            backup.path.rename(hidden)
            _remove(hidden)
        return [each.name for each in old]


def cannot_write(path: Path, error: OSError) -> BackupFailed:
    """Return what a failing disk means for a backup."""
    return BackupFailed(
        f"{path} cannot be written to: {error.strerror or error}. Make room or correct its permissions,"
        " or choose another folder with backup.folder.",
        reason="backup_folder_unusable",
    )


def _order(name: str) -> tuple[str, int]:
    # By time, and within a second by number: -10 comes after -9.
    stamp, _, number = name.removeprefix("reeld-").partition("-")
    return stamp, int(number) if number.isdigit() else 0


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path)


def _verified_at(path: Path, manifest_sha256: str) -> datetime | None:
    try:
        mark = msgspec.json.decode(read_small(path, VERIFIED, LARGEST_MARK), type=_Mark)
    except (BackupFailed, BackupUnusable, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return mark.at if mark.manifest_sha256 == manifest_sha256 and mark.at.tzinfo else None
