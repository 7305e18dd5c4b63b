"""Small secrets in rows: sealed so that neither a dump nor a row moved elsewhere gives them away.

AES-256-GCM; the additional data names the table, column and row, so that a sealed value opens only where it was
put. The sealed form is `version (1) | key id (8) | nonce (12) | ciphertext and tag`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reeld.domain.errors import ReeldError
from reeld.domain.secret import Secret

_VERSION: Final = b"\x01"
_KEY_BYTES: Final = 32
_KEY_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_HEADER_BYTES: Final = len(_VERSION) + _KEY_ID_BYTES + _NONCE_BYTES
_LONGEST_KEY_FILE: Final = 64 * 1024
_OTHERS_MAY: Final = stat.S_IWGRP | stat.S_IRWXO


class VaultError(ReeldError):
    """A sealed value cannot be opened, or the key file cannot be used."""

    default_reason = "vault"


class Vault:
    """Seals and opens small secrets.

    Args:
        keys: 32 bytes each. The first one seals; all of them open, so that keys can be rotated.

    Raises:
        VaultError: There is no key, or one has the wrong length.
    """

    def __init__(self, *keys: bytes) -> None:
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise VaultError(
                "A key file holds one or more keys of 32 bytes.", reason="vault_key_file"
            )
        self._current = _key_id(keys[0])
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}

    def __repr__(self) -> str:
        return f"Vault({len(self._ciphers)} keys)"

    @classmethod
    def from_file(cls, path: Path) -> Vault:
        """Read the keys, one a line in base64; make the file (mode 0600) with a fresh key when it is missing.

        Blocks on the disk: call it at the start or in a thread.

        Raises:
            VaultError: The file cannot be read or made, others may read it, or it holds no key.
        """
        try:
            if not path.exists():
                _create(path)
            return cls(*_read(path))
        except (OSError, binascii.Error, ValueError) as error:
            raise VaultError(
                f"The key file {path} cannot be used ({type(error).__name__}): restore it from a backup, "
                "or make it readable for reeld's user.",
                reason="vault_key_file",
            ) from error

    def seal(self, secret: Secret, *, table: str, column: str, row: str) -> bytes:
        """Return the secret in a form that opens only for this table, column and row."""
        return self.seal_bytes(secret.reveal().encode(), table=table, column=column, row=row)

    def seal_bytes(self, data: bytes, *, table: str, column: str, row: str) -> bytes:
        """Return a file that holds secrets, such as a .torrent, in a form that opens only for this place.

        Takes some milliseconds for ten megabytes: use a thread for files.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = self._ciphers[self._current]
        sealed = cipher.encrypt(nonce, data, _place(table, column, row))
        return _VERSION + self._current + nonce + sealed

    def unseal(self, sealed: bytes, *, table: str, column: str, row: str) -> Secret:
        """Return the secret that was sealed for this table, column and row.

        Raises:
            VaultError: It was sealed with a key that is not there (`vault_key_missing`), or it was changed or
                moved (`vault_tampered`).
        """
        return Secret(self.unseal_bytes(sealed, table=table, column=column, row=row).decode())

    def unseal_bytes(self, sealed: bytes, *, table: str, column: str, row: str) -> bytes:
        """Return the file that was sealed for this table, column and row. Raises as `unseal` does."""
        if len(sealed) < _HEADER_BYTES or sealed[:1] != _VERSION:
            raise VaultError(
                f"The value in {table}.{column} was not sealed by reeld.", reason="vault_tampered"
            )
        cipher = self._ciphers.get(sealed[1 : 1 + _KEY_ID_BYTES])
        if cipher is None:
            raise VaultError(
                f"The value in {table}.{column} was sealed with a key that the key file does not hold: "
                "restore the key file that belongs to this database.",
                reason="vault_key_missing",
            )
        nonce, text = sealed[1 + _KEY_ID_BYTES : _HEADER_BYTES], sealed[_HEADER_BYTES:]
        try:
            return cipher.decrypt(nonce, text, _place(table, column, row))
        except InvalidTag as error:
            raise VaultError(
                f"The value in {table}.{column} was changed, or belongs to another row: enter it again.",
                reason="vault_tampered",
            ) from error


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"reeld vault key id\x00" + key).digest()[:_KEY_ID_BYTES]


def _place(*parts: str) -> bytes:
    # Lengths in front, so that ("ab", "c") and ("a", "bc") differ.
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


def _read(path: Path) -> list[bytes]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(descriptor).st_mode & _OTHERS_MAY:
            raise VaultError(
                f"Others may read or change the key file {path}: run `chmod 600 {path}`.",
                reason="vault_key_file",
            )
        lines = file.read(_LONGEST_KEY_FILE).split()
    return [base64.b64decode(line, validate=True) for line in lines]


def read_key_file(path: Path) -> bytes | None:
    """Return the bytes of a key file that can be used, for a copy of it; None when there is no file.

    Raises:
        VaultError: It cannot be read, or holds no key.
    """
    if not path.exists():
        return None
    Vault.from_file(path)
    return path.read_bytes()


def adopt_keys(path: Path, document: bytes) -> int:
    """Let a key file open what was sealed with the keys of another one too; return how many were new.

    The keys that are there stay, the first one in front. The file is replaced in one step, durably. Blocks on the disk.

    Args:
        path: The key file; made when missing.
        document: The other one's bytes, not trusted.

    Raises:
        VaultError: One of the two holds no keys, or the file cannot be written.
    """
    try:
        given = [base64.b64decode(line, validate=True) for line in document.split()]
        Vault(*given)
        there = _read(path) if path.exists() else []
        fresh = [key for key in dict.fromkeys(given) if key not in there]
        if fresh:
            _replace(path, [*there, *fresh])
    except (OSError, binascii.Error, ValueError) as error:
        raise VaultError(
            f"The keys of the backup cannot be put into {path} ({type(error).__name__}): check that it is writable.",
            reason="vault_key_file",
        ) from error
    return len(fresh)


def _replace(path: Path, keys: list[bytes]) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"".join(base64.b64encode(key) + b"\n" for key in keys))
            file.flush()
            os.fsync(descriptor)
        part.replace(path)
        _sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _create(path: Path) -> None:
    """Make the file so that it is there whole or not at all, and never replaces another."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(part, path)
        except FileExistsError:
            return  # another process was faster: its key holds
        _sync_folder(path.parent)
    finally:
        part.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
