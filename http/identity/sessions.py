"""Sessions of the browsers of people: begun at login with a new token, ended by use of none, by age, or by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.secret import Secret
from reeld.domain.settings import AccessSettings
from reeld.http.identity.callers import Caller
from reeld.http.identity.remembering import Remembered
from reeld.storage import Database
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import sessions
from reeld.storage.repositories.sessions import Session
from reeld.storage.repositories.users import User

log = structlog.get_logger("reeld.http")

LONGEST_AGENT = 200


class Sessions:
    """Begins, finds and ends sessions.

    Args:
        database: Where they are.
        settings: Say how long they last.
    """

    def __init__(self, database: Database, settings: Callable[[], AccessSettings]) -> None:
        self._database = database
        self._settings = settings
        self._remembered = Remembered(self._ask)
        self._watched = Remembered(self._look)

    @property
    def idle(self) -> timedelta:
        """How long one lasts without use."""
        return timedelta(days=self._settings().session_idle_days)

    @property
    def lasting(self) -> timedelta:
        """How long one lasts however much it is used."""
        return timedelta(days=self._settings().session_days)

    async def begin(
        self, user: User, origin: str, agent: str, former: Secret | None = None
    ) -> Secret | None:
        """Begin a session and return its token, which nobody has seen before; None when the user was changed meanwhile.

        Args:
            user: Whose.
            origin: The address that it is begun from.
            agent: What the browser calls itself.
            former: The token that the browser came with: that session ends.
        """
        token = sessions.generate()
        async with self._database.transaction() as conn:
            if former is not None:
                await sessions.end_by_token(conn, former)
            printable = "".join(each for each in agent if each.isprintable())[:LONGEST_AGENT]
            begun = await sessions.begin(conn, user, token, self.lasting, origin, printable)
        if former is not None:
            self.forget()
        return token if begun else None

    async def find(self, token: Secret) -> Caller | None:
        """Return whose session it is; None when it is over.

        Raises:
            DatabaseUnavailable: It was not asked about before.
        """
        return await self._remembered.find(token)

    async def still_holds(self, token: Secret) -> bool:
        """Whether it is a session still, for whoever has an open connection by it. This counts as no use.

        A page that was left open would keep its session for ever otherwise: idle means that no person asked for anything.

        Raises:
            DatabaseUnavailable: It was not asked about before.
        """
        return await self._watched.find(token) is not None

    def knows(self, token: Secret) -> bool:
        """Whether it was a session when the database was asked last."""
        return self._remembered.knows(token)

    async def every(self, user_id: int | None = None) -> list[Session]:
        """Return the sessions of one person, or of all."""
        return await sessions.every(self._database, self.idle, user_id)

    async def end(self, session_id: int, user_id: int | None = None) -> bool:
        """End one, at once; False when there is none such, or not of that person."""
        async with self._database.transaction() as conn:
            ended = await sessions.end(conn, session_id, user_id)
        self.forget()
        return ended

    def forget(self) -> None:
        """Ask the database again about all: some were ended."""
        self._remembered.forget()
        self._watched.forget()

    async def _ask(self, token: Secret) -> Caller | None:
        found = await self._look(token)
        if found is None or found.session_id is None:
            return None
        try:
            async with self._database.transaction() as conn:
                await sessions.note_use(conn, found.session_id)
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("session_use_not_noted", reason=error.reason)
        return found

    async def _look(self, token: Secret) -> Caller | None:
        found = await sessions.find(self._database, token, self.idle)
        if found is None:
            return None
        return Caller(found.name, found.role.scope, found.user_id, found.id, found.ends_at)
