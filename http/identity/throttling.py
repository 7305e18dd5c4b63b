"""Guessing is slow: five attempts are free, then each costs twice the wait of the one before, up to 15 minutes.

Attempts at a password are counted for the account and for the network (/24, /64) that they come from, before the
password is looked at. Who hammers an account from elsewhere makes strangers wait, and not its owner: from a network
that the owner was let in from before, the owner's attempts have a budget of their own, which nobody outside that
network can use up. Sessions and keys are not touched by any of it, and no wait is longer than 15 minutes.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import trio

from reeld.domain.errors import DatabaseUnavailable
from reeld.http.identity.refusals import TooMany, waiting
from reeld.storage import Database
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import throttles
from reeld.storage.repositories.throttles import Kind, Subject

MOST_REMEMBERED: Final = 4096
"""So many waits are kept in memory, to refuse without asking the database."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to log in, counted already.

    Attributes:
        network: Where it comes from.
        subjects: Whose count it went to.
    """

    network: str
    subjects: tuple[Subject, ...]

    @property
    def at_home(self) -> bool:
        """Whether it comes from a network that the owner of the name was let in from before."""
        return any(subject.kind is Kind.HOME for subject in self.subjects)


class Throttle:
    """Counts attempts in the database, so that a restart forgives nothing; remembers who has to wait.

    Args:
        database: Where the counts are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._until: OrderedDict[Subject, float] = OrderedDict()

    async def attempt(self, name: str, network: str) -> Attempt:
        """Count an attempt at a password.

        Raises:
            TooMany: The account or the network has to wait; nothing was counted.
            DatabaseUnavailable: Nobody can log in now.
        """
        at_home = await throttles.is_known(self._database, name, network)
        attempt = Attempt(network, _subjects(name, network, at_home=at_home))
        self._require_free(attempt.subjects)
        await self._charge(attempt.subjects)
        return attempt

    async def forgive(self, attempt: Attempt, user_id: int) -> None:
        """Take an attempt back that was right, with all that went before for that account from there."""
        async with self._database.transaction() as conn:
            for subject in attempt.subjects:
                if subject.kind is Kind.NETWORK:
                    # Only this attempt: who has an account must not guess at others' between two logins.
                    await throttles.refund(conn, subject)
                else:
                    await throttles.forget(conn, subject)
            await throttles.note_network(conn, user_id, attempt.network)
        self._forget(attempt.subjects)

    async def refund(self, attempt: Attempt) -> None:
        """Take an attempt back that was refused before its password was looked at.

        Raises:
            DatabaseUnavailable: It stays counted.
        """
        async with self._database.transaction() as conn:
            for subject in attempt.subjects:
                await throttles.refund(conn, subject)
        self._forget(attempt.subjects)

    async def forget_account(self, name: str) -> None:
        """Forget the failures of an account: its password was set anew."""
        subject = _account(name)
        async with self._database.transaction() as conn:
            await throttles.forget(conn, subject)
        self._forget((subject,))

    def key_wait(self, network: str) -> float:
        """Return the seconds that unknown keys from a network have to wait, as far as this process knows."""
        return self._wait(Subject(Kind.KEY, network))

    async def wrong_key(self, network: str) -> float:
        """Count a key that is nobody's; return the seconds to wait, 0 while it costs nothing."""
        subject = Subject(Kind.KEY, network)
        if wait := self._wait(subject):
            return wait
        try:
            await self._charge((subject,))
        except TooMany as refusal:
            return refusal.retry_after or 0.0
        except (DatabaseUnavailable, LeadershipLost):
            pass  # it is refused all the same
        return 0.0

    async def _charge(self, subjects: tuple[Subject, ...]) -> None:
        try:
            async with self._database.transaction() as conn:
                for subject in subjects:
                    if not await throttles.charge(conn, subject):
                        raise _Blocked(subject, await throttles.wait_of(conn, subject))
        except _Blocked as blocked:
            self._remember(blocked.subject, blocked.seconds)
            raise waiting(blocked.seconds) from None

    def _require_free(self, subjects: tuple[Subject, ...]) -> None:
        if wait := max(self._wait(subject) for subject in subjects):
            raise waiting(wait)

    def _wait(self, subject: Subject) -> float:
        return max(self._until.get(subject, 0.0) - trio.current_time(), 0.0)

    def _remember(self, subject: Subject, seconds: float) -> None:
        self._until.pop(subject, None)
        self._until[subject] = trio.current_time() + seconds
        while len(self._until) > MOST_REMEMBERED:
            self._until.popitem(last=False)

    def _forget(self, subjects: tuple[Subject, ...]) -> None:
        for subject in subjects:
            self._until.pop(subject, None)


class _Blocked(Exception):
    """Undoes what was counted for others: a subject has to wait."""

    def __init__(self, subject: Subject, seconds: float) -> None:
        super().__init__()
        self.subject = subject
        self.seconds = seconds


def _subjects(name: str, network: str, *, at_home: bool) -> tuple[Subject, ...]:
    if at_home:
        return (Subject(Kind.HOME, f"{_digest(name)} {network}"),)
    return (Subject(Kind.NETWORK, network), _account(name))


def _account(name: str) -> Subject:
    # Names that nobody has are counted alike, or the count would tell which exist. Two bytes: whoever makes names up
    # fills 65,536 rows and no more.
    return Subject(Kind.ACCOUNT, _digest(name)[:4])


def _digest(name: str) -> str:
    return hashlib.sha256(name.lower().encode()).hexdigest()
