"""API keys. Only a key's hash is stored: the key itself is shown once, when it is made."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from reeld.domain.role import Role
from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one

_PREFIX_LENGTH: Final = 12

_CREATE: Final = """
INSERT INTO api_key (name, prefix, hash, scope, person_id, expires_at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING
RETURNING id
"""

# A name is free again once its key has expired.
_RETIRE: Final = """
UPDATE api_key SET revoked_at = expires_at WHERE name = %s AND revoked_at IS NULL AND expires_at <= now()
"""

_VALID: Final = """
SELECT
    api_key.id, api_key.name, prefix, api_key.created_at, last_used_at, scope, person.name, expires_at, person_id,
    person.role
FROM api_key LEFT JOIN person ON person.id = person_id
WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
"""
_ONE: Final = _VALID + " AND api_key.id = %s"

# The hash of a 256-bit random key may be looked up: what is compared, and so what timing could tell, is the hash.
_FIND: Final = _VALID + " AND hash = %s"

# Of keys that ended by themselves. Their names are told to whoever has them, and to nobody else.
_EXPIRED: Final = """
SELECT name, expires_at, scope FROM api_key WHERE hash = %s AND revoked_at IS NULL AND expires_at <= now()
"""

_LIST: Final = (
    _VALID + " AND (%(person)s::bigint IS NULL OR person_id = %(person)s) ORDER BY api_key.id"
)

# A key that is used all the time is written once a minute.
_USED: Final = """
UPDATE api_key SET last_used_at = now()
WHERE id = %s AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""

_REVOKE: Final = """
UPDATE api_key SET revoked_at = now()
WHERE id = %(id)s AND revoked_at IS NULL AND (%(person)s::bigint IS NULL OR person_id = %(person)s)
"""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as far as it is known.

    Attributes:
        prefix: Its first characters, to recognise it by.
        last_used_at: To the minute.
        scope: What it allows.
        owner: For whom it was made; None for a key of the daemon's own.
        expires_at: When it ends; None for never.
        owner_id: The number of the user for whom it was made; None for a key of the daemon's own.
    """

    id: int
    name: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    scope: Scope
    owner: str | None = None
    expires_at: datetime | None = None
    owner_id: int | None = None

    def __post_init__(self) -> None:
        """Take the scope as the text that a row holds."""
        object.__setattr__(self, "scope", Scope(self.scope))


def generate() -> Secret:
    """Return a fresh key of 256 random bits."""
    return Secret(f"reeld_{secrets.token_urlsafe(32)}")


async def store(
    conn: Connection,
    name: str,
    key: Secret,
    scope: Scope = Scope.ADMIN,
    *,
    user_id: int | None = None,
    expires_at: datetime | None = None,
) -> ApiKey | None:
    """Store a key under a name, for a user and until a time; None when the name is taken."""
    text = key.reveal()
    await execute(conn, _RETIRE, (name,))
    values = (name, text[:_PREFIX_LENGTH], _hash(key), scope, user_id, expires_at)
    row = await fetch_one(conn, _CREATE, values)
    if row is None:
        return None
    made = await fetch_one(conn, _ONE, row)
    return None if made is None else _key(made)


async def find(source: Reader, key: Secret) -> ApiKey | None:
    """Return which key this is, or None when it is no valid one. It allows no more than its owner's role."""
    row = await fetch_one(source, _FIND, (_hash(key),))
    return None if row is None else _key(row)


async def expired(source: Reader, key: Secret) -> tuple[str, datetime, Scope] | None:
    """Return name, end and scope of a key whose time is over, or None when it is none of those."""
    row = await fetch_one(source, _EXPIRED, (_hash(key),))
    return None if row is None else (str(row[0]), row[1], Scope(row[2]))


async def every(source: Reader, user_id: int | None = None) -> list[ApiKey]:
    """Return the valid keys, of one user or all."""
    return [_key(row) for row in await fetch_all(source, _LIST, {"person": user_id})]


def _key(row: Row) -> ApiKey:
    *values, role = row
    key = ApiKey(*values)
    allowed = key.scope if role is None else Role(role).scope
    return key if allowed.allows(key.scope) else replace(key, scope=allowed)


async def note_use(conn: Connection, key_id: int) -> None:
    """Note that a key was used."""
    await execute(conn, _USED, (key_id,))


async def revoke(conn: Connection, key_id: int, user_id: int | None = None) -> bool:
    """Make a key invalid for ever; False when it was not valid, or not of that user."""
    return await execute(conn, _REVOKE, {"id": key_id, "person": user_id}) == 1


def _hash(key: Secret) -> bytes:
    return hashlib.sha256(key.reveal().encode()).digest()
