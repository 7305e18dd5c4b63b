"""Sessions of people who logged in. Only a token's hash is stored: the token itself is in one cookie and nowhere else."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reeld.domain.role import Role
from reeld.domain.secret import Secret
from reeld.storage._rows import Connection, Reader, execute, fetch_all, fetch_one
from reeld.storage.repositories.users import User

MOST_OF_ONE: Final = 50
"""So many sessions a person has at most; those that were used longest ago end."""

# Whoever changes a password or a role meanwhile ends all sessions: this one must be seen by that, or not begin.
_OPEN: Final = """
INSERT INTO session (person_id, hash, expires_at, origin, agent)
SELECT id, %(hash)s, now() + %(lasting)s, %(origin)s, %(agent)s FROM person
WHERE id = %(person)s AND changed_at = %(changed_at)s FOR SHARE
RETURNING id
"""

_TRIM: Final = """
DELETE FROM session WHERE id IN (
    SELECT id FROM session WHERE person_id = %s ORDER BY last_used_at DESC, id DESC OFFSET %s
)
"""

# Bounded by use and by age, both by the database's clock.
_FIND: Final = """
SELECT session.id, person.id, person.name, person.role, least(expires_at, last_used_at + %(idle)s)
FROM session JOIN person ON person.id = person_id
WHERE hash = %(hash)s AND expires_at > now() AND last_used_at > now() - %(idle)s
"""

# A session that is used all the time is written once a minute.
_USED: Final = """
UPDATE session SET last_used_at = now() WHERE id = %s AND last_used_at < now() - interval '1 minute'
"""

_LIST: Final = """
SELECT session.id, person.id, person.name, session.created_at, last_used_at, expires_at, origin, agent
FROM session JOIN person ON person.id = person_id
WHERE expires_at > now() AND last_used_at > now() - %(idle)s
    AND (%(person)s::bigint IS NULL OR person_id = %(person)s)
ORDER BY last_used_at DESC, session.id DESC LIMIT 1000
"""

_END: Final = """
DELETE FROM session WHERE id = %(id)s AND (%(person)s::bigint IS NULL OR person_id = %(person)s)
"""
_END_BY_HASH: Final = "DELETE FROM session WHERE hash = %s"
_END_ALL: Final = "DELETE FROM session WHERE person_id = %s"

_PRUNE: Final = """
DELETE FROM session WHERE id IN (
    SELECT id FROM session WHERE expires_at <= now() OR last_used_at <= now() - %s LIMIT %s
)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Whose session a token opens.

    Attributes:
        ends_at: When it ends if it is not used again.
    """

    id: int
    user_id: int
    name: str
    role: Role
    ends_at: datetime

    def __post_init__(self) -> None:
        """Take the role as the text that a row holds."""
        object.__setattr__(self, "role", Role(self.role))


@dataclass(frozen=True, slots=True)
class Session:
    """A session as far as it is known.

    Attributes:
        last_used_at: To the minute.
        expires_at: When it ends however much it is used.
        origin: The address that it was begun from.
        agent: What the browser called itself.
    """

    id: int
    user_id: int
    name: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    origin: str
    agent: str


def generate() -> Secret:
    """Return a fresh token of 256 random bits."""
    return Secret(secrets.token_urlsafe(32))


async def begin(
    conn: Connection, user: User, token: Secret, lasting: timedelta, origin: str, agent: str
) -> bool:
    """Begin a session; False when the password or the role was changed since `user` was read."""
    values = {
        "person": user.id,
        "changed_at": user.changed_at,
        "hash": _hash(token),
        "lasting": lasting,
        "origin": origin,
        "agent": agent,
    }
    if await fetch_one(conn, _OPEN, values) is None:
        return False
    await execute(conn, _TRIM, (user.id, MOST_OF_ONE))
    return True


async def find(source: Reader, token: Secret, idle: timedelta) -> Found | None:
    """Return whose session it is, or None when it is over."""
    row = await fetch_one(source, _FIND, {"hash": _hash(token), "idle": idle})
    return None if row is None else Found(*row)


async def note_use(conn: Connection, session_id: int) -> None:
    """Note that a session was used."""
    await execute(conn, _USED, (session_id,))


async def every(source: Reader, idle: timedelta, user_id: int | None = None) -> list[Session]:
    """Return the sessions that hold, of one user or of all, last used first."""
    return [
        Session(*row) for row in await fetch_all(source, _LIST, {"idle": idle, "person": user_id})
    ]


async def end(conn: Connection, session_id: int, user_id: int | None = None) -> bool:
    """End a session; False when there is none such, or not of that user."""
    return await execute(conn, _END, {"id": session_id, "person": user_id}) == 1


async def end_by_token(conn: Connection, token: Secret) -> None:
    """End the session of a token, if there is one."""
    await execute(conn, _END_BY_HASH, (_hash(token),))


async def end_of(conn: Connection, user_id: int) -> None:
    """End all sessions of a user."""
    await execute(conn, _END_ALL, (user_id,))


async def prune(conn: Connection, idle: timedelta, *, limit: int) -> int:
    """Delete sessions that are over; return how many."""
    return await execute(conn, _PRUNE, (idle, limit))


def _hash(token: Secret) -> bytes:
    return hashlib.sha256(token.reveal().encode()).digest()
