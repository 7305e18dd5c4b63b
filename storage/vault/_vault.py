"""Small secrets in rows: sealed so that neither a dump nor a row moved elsewhere gives them away.

AES-256-GCM; the additional data names the table, column and row, so that a sealed value opens only where it was
put. The sealed form is `version (1) | key id (8) | nonce (12) | ciphertext and tag`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reeld.domain.secret import Secret
from reeld.storage.vault._errors import VaultError
from reeld.storage.vault._keyfile import KeyFile
from reeld.storage.vault._keys import KEY_ID_BYTES, Keys, id_of, require_keys

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_HEADER_BYTES: Final = len(_VERSION) + KEY_ID_BYTES + _NONCE_BYTES


@dataclass(frozen=True, slots=True)
class _Ring:
    current: bytes
    ciphers: Mapping[bytes, AESGCM]

    @classmethod
    def of(cls, keys: Keys) -> Self:
        ciphers = {id_of(key): AESGCM(key) for key in require_keys(keys)}
        return cls(id_of(keys[0]), ciphers)


class Vault:
    """Seals and opens small secrets. May be used from several threads.

    Args:
        keys: 32 bytes each. The first one seals; all of them open, so that keys can be rotated.
        file: Where they are from. It is read once more when a value was sealed with a key that is not there: another
            process may have made it. That blocks for as long as a file of some hundred bytes takes.

    Raises:
        VaultError: There is no key, or one has the wrong length.
    """

    def __init__(self, *keys: bytes, file: KeyFile | None = None) -> None:
        self._ring = _Ring.of(keys)
        self.file = file

    def __repr__(self) -> str:
        return f"Vault({len(self._ring.ciphers)} keys)"

    @classmethod
    def from_file(cls, path: Path) -> Vault:
        """Read the keys; make the file (mode 0600) with a fresh one when it is missing.

        Blocks on the disk: call it at the start or in a thread.

        Raises:
            VaultError: The file cannot be read or made, others may read it, or it holds no key.
        """
        file = KeyFile(path)
        return cls(*file.read_or_make(), file=file)

    @property
    def key_id(self) -> str:
        """By what the key that seals is known: a hash of it, in hexadecimal digits."""
        return self._ring.current.hex()

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Those of all keys; the one that seals comes first."""
        return tuple(key.hex() for key in self._ring.ciphers)

    def take_up(self, keys: Keys) -> None:
        """Seal with the first of these keys from now on, and open with all of them.

        Raises:
            VaultError: There is no key, or one has the wrong length. The former ones stay.
        """
        self._ring = _Ring.of(keys)

    def seal(self, secret: Secret, *, table: str, column: str, row: str) -> bytes:
        """Return the secret in a form that opens only for this table, column and row."""
        return self.seal_bytes(secret.reveal().encode(), table=table, column=column, row=row)

    def seal_bytes(self, data: bytes, *, table: str, column: str, row: str) -> bytes:
        """Return a file that holds secrets, such as a .torrent, in a form that opens only for this place.

        Takes some milliseconds for ten megabytes: use a thread for files.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        ring = self._ring
        sealed = ring.ciphers[ring.current].encrypt(nonce, data, _place(table, column, row))
        return _VERSION + ring.current + nonce + sealed

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
        cipher = self._cipher(sealed[1 : 1 + KEY_ID_BYTES])
        if cipher is None:
            raise VaultError(
                f"The value in {table}.{column} was sealed with a key that the key file does not hold: "
                "restore the key file that belongs to this database.",
                reason="vault_key_missing",
            )
        nonce, text = sealed[1 + KEY_ID_BYTES : _HEADER_BYTES], sealed[_HEADER_BYTES:]
        try:
            return cipher.decrypt(nonce, text, _place(table, column, row))
        except InvalidTag as error:
            raise VaultError(
                f"The value in {table}.{column} was changed, or belongs to another row: enter it again.",
                reason="vault_tampered",
            ) from error

    def _cipher(self, key_id: bytes) -> AESGCM | None:
        cipher = self._ring.ciphers.get(key_id)
        if cipher is None and self.file is not None:
            self.take_up(self.file.read())
            cipher = self._ring.ciphers.get(key_id)
        return cipher


def _place(*parts: str) -> bytes:
    # Lengths in front, so that ("ab", "c") and ("a", "bc") differ.
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
