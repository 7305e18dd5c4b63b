"""The file of the keys: its owner's alone, replaced in one step, durably. Everything here blocks on the disk."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reeld.storage.vault._errors import VaultError
from reeld.storage.vault._keys import Keys, fresh_key, id_of, key_lines, parse_keys

_LONGEST: Final = 64 * 1024
_OTHERS_MAY: Final = stat.S_IWGRP | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file of keys. Two processes may change it at once: the one waits for the other.

    Attributes:
        path: Where it is.
    """

    path: Path

    def exists(self) -> bool:
        """Whether it is there."""
        return self.path.exists()

    def read(self) -> Keys:
        """Return the keys.

        Raises:
            VaultError: The file cannot be read, others may read it, or it holds no key (`vault_key_file`).
        """
        with self._readable():
            return parse_keys(self._document())

    def read_or_make(self) -> Keys:
        """Return the keys; a file that is missing is made first, with a fresh one. Raises as `read` does."""
        with self._readable():
            if not self.path.exists():
                _create(self.path)
        return self.read()

    def copy(self) -> bytes | None:
        """Return the bytes of a file that can be used; None when there is none. Raises as `read` does."""
        if not self.path.exists():
            return None
        return key_lines(self.read())

    def put_in_front(self) -> Keys:
        """Add a fresh key, which seals from now on, and return all. Raises as `read` does."""
        with self._changing():
            keys = (fresh_key(), *self.read_or_make())
            _replace(self.path, keys)
            return keys

    def keep(self, key_ids: Collection[str]) -> int:
        """Drop the keys that are not among these ids, but never the one that seals; return how many went.

        Raises as `read` does.
        """
        with self._changing():
            current, *others = self.read()
            kept = (current, *(key for key in others if id_of(key).hex() in key_ids))
            if len(kept) <= len(others):
                _replace(self.path, kept)
            return 1 + len(others) - len(kept)

    def adopt(self, document: bytes) -> int:
        """Open what was sealed with other keys too; return how many of them were new.

        The keys that are there stay, the first one in front. The file is made when it is missing.

        Args:
            document: The other file's bytes, not trusted.

        Raises:
            VaultError: One of the two holds no keys, or the file cannot be written.
        """
        given = parse_keys(document)
        with self._changing():
            there = self.read() if self.path.exists() else ()
            fresh = [key for key in given if key not in there]
            if fresh:
                _replace(self.path, (*there, *fresh))
            return len(fresh)

    def mark(self) -> tuple[int, int]:
        """Return a value that changes when the file does."""
        try:
            found = self.path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_ino)

    def _document(self) -> bytes:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if os.fstat(descriptor).st_mode & _OTHERS_MAY:
                raise VaultError(
                    f"Others may read or change the key file {self.path}: run `chmod 600 {self.path}`.",
                    reason="vault_key_file",
                )
            return file.read(_LONGEST)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise VaultError(
                f"The key file {self.path} cannot be used ({error.strerror or error}): restore it from a backup, make it"
                " readable for reeld's user, or set REELD_VAULT_KEY_FILE to a place that this user may write.",
                reason="vault_key_file",
            ) from error

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._readable():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                with suppress(OSError):  # some network file systems know no locks
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)


def _replace(path: Path, keys: Keys) -> None:
    part = _part(path, keys)
    try:
        part.replace(path)
        _sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _create(path: Path) -> None:
    """Make the file so that it is there whole or not at all, and never replaces another."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = _part(path, (fresh_key(),))
    try:
        # Another process may be faster: then its key holds.
        with suppress(FileExistsError):
            os.link(part, path)
        _sync_folder(path.parent)
    finally:
        part.unlink()


def _part(path: Path, keys: Keys) -> Path:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key_lines(keys))
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        part.unlink()
        raise
    return part


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
