"""Keys as text: one a line, in base64; the first one seals, all of them open."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from typing import Final

from reeld.storage.vault._errors import VaultError

KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 8

Keys = tuple[bytes, ...]
"""Keys of 32 bytes each, of which the first one seals."""


def fresh_key() -> bytes:
    """Return a key that nobody knows."""
    return secrets.token_bytes(KEY_BYTES)


def id_of(key: bytes) -> bytes:
    """Return by what a key is known: it tells nothing of the key."""
    return hashlib.sha256(b"reeld vault key id\x00" + key).digest()[:KEY_ID_BYTES]


def require_keys(keys: Keys) -> Keys:
    """Return the keys, if they are any.

    Raises:
        VaultError: There is none, or one has the wrong length.
    """
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise VaultError("A key file holds one or more keys of 32 bytes.", reason="vault_key_file")
    return keys


def parse_keys(document: bytes) -> Keys:
    """Read keys, of which no byte is trusted. Each counts once.

    Raises:
        VaultError: It holds none, or something else as well.
    """
    try:
        keys = [base64.b64decode(line, validate=True) for line in document.split()]
    except (binascii.Error, ValueError) as error:
        raise VaultError(
            "The keys are not lines of base64 (`head -c 32 /dev/urandom | base64` makes one).",
            reason="vault_key_file",
        ) from error
    return require_keys(tuple(dict.fromkeys(keys)))


def key_lines(keys: Keys) -> bytes:
    """Return keys as a file holds them."""
    return b"".join(base64.b64encode(key) + b"\n" for key in keys)


def joined_keys(*documents: bytes | None) -> bytes | None:
    """Return the keys of several documents as one, without repetitions; None when there are none.

    Raises:
        VaultError: A document holds no keys.
    """
    keys = dict.fromkeys(key for each in documents if each for key in parse_keys(each))
    return key_lines(tuple(keys)) if keys else None
