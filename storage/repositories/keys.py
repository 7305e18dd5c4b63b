"""API keys. Only a key's hash is stored: the key itself is shown once, when it is made."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.storage._rows import Connection, Reader, execute, fetch_all, fetch_one

_PREFIX_LENGTH: Final = 12

_CREATE: Final = """
INSERT INTO api_key (name, prefix, hash, scope) VALUES (%s, %s, %s, %s)
ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING
RETURNING id, name, prefix, created_at, last_used_at, scope
"""

# The hash of a 256-bit random key may be looked up: what is compared, and so what timing could tell, is the hash.
_FIND: Final = """
SELECT id, name, prefix, created_at, last_used_at, scope FROM api_key WHERE hash = %s AND revoked_at IS NULL
"""

_LIST: Final = """
SELECT id, name, prefix, created_at, last_used_at, scope FROM api_key WHERE revoked_at IS NULL ORDER BY id
"""

# A key that is used all the time is written once a minute.
_USED: Final = """
UPDATE api_key SET last_used_at = now()
WHERE id = %s AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""

_REVOKE: Final = "UPDATE api_key SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as far as it is known.

    Attributes:
        prefix: Its first characters, to recognise it by.
        last_used_at: To the minute.
        scope: What it allows.
    """

    id: int
    name: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    scope: Scope

    def __post_init__(self) -> None:
        """Take the scope as the text that a row holds."""
        object.__setattr__(self, "scope", Scope(self.scope))


def generate() -> Secret:
    """Return a fresh key of 256 random bits."""
    return Secret(f"reeld_{secrets.token_urlsafe(32)}")


async def store(
    conn: Connection, name: str, key: Secret, scope: Scope = Scope.ADMIN
) -> ApiKey | None:
    """Store a key under a name; None when the name is taken."""
    text = key.reveal()
    row = await fetch_one(conn, _CREATE, (name, text[:_PREFIX_LENGTH], _hash(key), scope))
    return None if row is None else ApiKey(*row)


async def find(source: Reader, key: Secret) -> ApiKey | None:
    """Return which key this is, or None when it is no valid one."""
    row = await fetch_one(source, _FIND, (_hash(key),))
    return None if row is None else ApiKey(*row)


async def every(source: Reader) -> list[ApiKey]:
    """Return the valid keys."""
    return [ApiKey(*row) for row in await fetch_all(source, _LIST)]


async def note_use(conn: Connection, key_id: int) -> None:
    """Note that a key was used."""
    await execute(conn, _USED, (key_id,))


async def revoke(conn: Connection, key_id: int) -> bool:
    """Make a key invalid for ever; False when it was not valid."""
    return await execute(conn, _REVOKE, (key_id,)) == 1


def _hash(key: Secret) -> bytes:
    return hashlib.sha256(key.reveal().encode()).digest()
