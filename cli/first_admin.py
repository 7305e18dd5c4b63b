"""The first administrator: somebody must be able to log in, and nobody with a password that others know."""

from __future__ import annotations

import secrets
from typing import Final

from reeld.domain.role import Role
from reeld.domain.secret import Secret
from reeld.http.identity.passwords import Passwords
from reeld.storage import Database
from reeld.storage.repositories import users
from reeld.telemetry import redaction

NAME: Final = "admin"
RANDOM_BYTES: Final = 16


class FirstAdmin:
    """Makes the user `admin` when there is no user at all.

    Args:
        configured: The password of the settings, instead of a random one.
    """

    def __init__(self, configured: Secret | None) -> None:
        self._configured = configured
        self.new: Secret | None = None
        """The random password, if it was made just now: nobody can read it again."""

    async def ensure(self, database: Database) -> None:
        """Make the user at the very first start."""
        if await users.are_there(database):
            return
        password = self._configured or Secret(secrets.token_urlsafe(RANDOM_BYTES))
        redaction.register([password.reveal()])
        hashed = await Passwords().hash(password)
        async with database.transaction() as conn:
            made = await users.add(conn, NAME, Role.ADMIN, hashed)
        if made is not None and self._configured is None:
            self.new = password
