"""People who may log in. Of a password only the hash is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reeld.domain.role import Role
from reeld.domain.secret import Secret
from reeld.storage._rows import Connection, Reader, execute, fetch_all, fetch_one

_ADD: Final = """
INSERT INTO person (name, role, password) VALUES (%s, %s, %s)
ON CONFLICT (lower(name)) DO NOTHING
RETURNING id, name, role, created_at, changed_at, last_login_at
"""

_EVERY: Final = (
    "SELECT id, name, role, created_at, changed_at, last_login_at FROM person ORDER BY lower(name)"
)
_GET: Final = (
    "SELECT id, name, role, created_at, changed_at, last_login_at FROM person WHERE id = %s"
)
_NAMED: Final = """
SELECT id, name, role, created_at, changed_at, last_login_at, password FROM person WHERE lower(name) = lower(%s)
"""
_ANY: Final = "SELECT EXISTS (SELECT FROM person)"

# Whoever takes an administrator away waits for everybody else who does: one of them must stay.
_ADMINISTRATORS: Final = "SELECT id FROM person WHERE role = 'admin' ORDER BY id FOR UPDATE"

_ROLE: Final = "UPDATE person SET role = %s, changed_at = now() WHERE id = %s"
_NEW_HASH: Final = "UPDATE person SET password = %s, changed_at = now() WHERE id = %s"
_REHASH: Final = "UPDATE person SET password = %s WHERE id = %s AND password = %s"
_LOGGED_IN: Final = "UPDATE person SET last_login_at = now() WHERE id = %s"
_REMOVE: Final = "DELETE FROM person WHERE id = %s"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in.

    Attributes:
        name: As it was first written; upper and lower case are the same name.
        changed_at: When the password or the role was set.
    """

    id: int
    name: str
    role: Role
    created_at: datetime
    changed_at: datetime
    last_login_at: datetime | None

    def __post_init__(self) -> None:
        """Take the role as the text that a row holds."""
        object.__setattr__(self, "role", Role(self.role))


async def add(conn: Connection, name: str, role: Role, password: Secret) -> User | None:
    """Add a user with a hash of a password; None when the name is taken."""
    row = await fetch_one(conn, _ADD, (name, role, password.reveal()))
    return None if row is None else User(*row)


async def every(source: Reader) -> list[User]:
    """Return all users by name."""
    return [User(*row) for row in await fetch_all(source, _EVERY)]


async def get(source: Reader, user_id: int) -> User | None:
    """Return a user."""
    row = await fetch_one(source, _GET, (user_id,))
    return None if row is None else User(*row)


async def named(source: Reader, name: str) -> tuple[User, Secret] | None:
    """Return the user of a name, however it is capitalised, and the hash of the password."""
    row = await fetch_one(source, _NAMED, (name,))
    return None if row is None else (User(*row[:-1]), Secret(row[-1]))


async def are_there(source: Reader) -> bool:
    """Whether there is any user."""
    row = await fetch_one(source, _ANY)
    return row is not None and bool(row[0])


async def administrators(conn: Connection) -> set[int]:
    """Return whoever is an administrator; nobody else changes that until the transaction ends."""
    return {row[0] for row in await fetch_all(conn, _ADMINISTRATORS)}


async def set_role(conn: Connection, user_id: int, role: Role) -> bool:
    """Give a user another role; False when there is none such."""
    return await execute(conn, _ROLE, (role, user_id)) == 1


async def set_password(conn: Connection, user_id: int, password: Secret) -> bool:
    """Store the hash of another password; False when there is no such user."""
    return await execute(conn, _NEW_HASH, (password.reveal(), user_id)) == 1


async def rehash(conn: Connection, user_id: int, former: Secret, password: Secret) -> None:
    """Store a better hash of the same password, unless the password was changed meanwhile."""
    await execute(conn, _REHASH, (password.reveal(), user_id, former.reveal()))


async def note_login(conn: Connection, user_id: int) -> None:
    """Note that a user logged in."""
    await execute(conn, _LOGGED_IN, (user_id,))


async def remove(conn: Connection, user_id: int) -> bool:
    """Remove a user with all sessions and keys; False when there is none such."""
    return await execute(conn, _REMOVE, (user_id,)) == 1
