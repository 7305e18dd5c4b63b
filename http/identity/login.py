"""Logging in: counted, then verified, then a session with a new token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import structlog

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.secret import Secret
from reeld.http.identity import cookies, networks
from reeld.http.identity.passwords import Passwords
from reeld.http.identity.refusals import TooMany, WrongCredentials
from reeld.http.identity.sessions import Sessions
from reeld.http.identity.throttling import Attempt, Throttle
from reeld.storage import Database
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import users
from reeld.storage.repositories.users import User
from reeld.telemetry import Metrics

log = structlog.get_logger("reeld.http")

WRONG: Final = "Name and password do not fit."


@dataclass(frozen=True, slots=True)
class Identity:
    """What is needed to know people.

    Attributes:
        database: Where users are.
    """

    database: Database
    passwords: Passwords
    throttle: Throttle
    sessions: Sessions
    metrics: Metrics

    async def log_in(self, name: str, password: Secret, scope: Any) -> tuple[User, Secret]:
        """Return who it is, and the token of a new session.

        Args:
            name: As it was typed.
            password: As it was typed.
            scope: Of the request: where it comes from, and the session that it may come with, which ends.

        Raises:
            WrongCredentials: They do not fit.
            TooMany: The account or the network has to wait, or too many log in at once, which counts as no attempt.
            DatabaseUnavailable: Nobody can log in now.
        """
        user = await self.verify(name, password, networks.address_of(scope))
        token = await self.sessions.begin(
            user,
            networks.address_of(scope),
            _agent(scope),
            former=cookies.token_of(scope),
        )
        if token is None:
            raise WrongCredentials("Password or role were changed just now. Log in again.")
        log.info("logged_in", who=user.name, origin=networks.address_of(scope))
        return user, token

    async def verify(self, name: str, password: Secret, origin: str) -> User:
        """Return whose name and password these are; see `log_in` for the errors."""
        try:
            user = await self._verified(name, password, origin)
        except TooMany as refusal:
            self._count("throttled")
            log.info("login_throttled", origin=origin, seconds=refusal.retry_after)
            raise
        except WrongCredentials:
            self._count("refused")
            raise
        self._count("ok")
        return user

    async def _verified(self, name: str, password: Secret, origin: str) -> User:
        attempt = await self.throttle.attempt(name, networks.network_of(origin))
        found = await users.named(self.database, name)
        stored = None if found is None else found[1]
        if not await self._fits(password, stored, attempt) or found is None:
            # What was typed for a name that nobody has may be a password.
            who = found[0].name if found else "nobody"
            log.warning("login_refused", who=who, origin=origin)
            raise WrongCredentials(WRONG)
        user = found[0]
        await self.throttle.forgive(attempt, user.id)
        await self._note(user, password, found[1])
        return user

    async def _fits(self, password: Secret, stored: Secret | None, attempt: Attempt) -> bool:
        try:
            return await self.passwords.fits(password, stored, at_home=attempt.at_home)
        except TooMany:
            # Nobody guessed: the password was not looked at.
            await self.throttle.refund(attempt)
            raise

    async def _note(self, user: User, password: Secret, stored: Secret) -> None:
        better = None
        if self.passwords.is_outdated(stored):
            better = await self.passwords.hash(password)
        try:
            async with self.database.transaction() as conn:
                await users.note_login(conn, user.id)
                if better is not None:
                    await users.rehash(conn, user.id, stored, better)
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("login_not_noted", reason=error.reason)

    def _count(self, outcome: str) -> None:
        self.metrics.add("reeld_auth_attempts_total", method="password", outcome=outcome)


def _agent(scope: Any) -> str:
    found = (bytes(value) for key, value in scope["headers"] if bytes(key) == b"user-agent")
    return next(found, b"").decode("latin-1")
