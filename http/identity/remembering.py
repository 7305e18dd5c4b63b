"""Answers of the database about keys and sessions, believed for a while: a request must not cost a query each."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, Generic, Protocol, TypeVar

import trio

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.secret import Secret

REMEMBERED: Final = 256
REMEMBERED_SECONDS: Final = 60.0
"""How long who was found in the database is believed without asking again."""
NOBODYS: Final = 1024
"""So many secrets that are nobody's are remembered, so that a program with an old key is counted once."""
NOBODYS_SECONDS: Final = 3600.0
"""Since it was shown last."""


class Ending(Protocol):
    """Somebody who may come in, until a time if there is one."""

    @property
    def ends_at(self) -> datetime | None:
        """When, or None for never."""


T = TypeVar("T", bound=Ending)


class Remembered(Generic[T]):
    """Asks whose a secret is, and remembers it for a minute. Bounded; the one that was found longest ago goes first.

    What was found before holds while the database is away: an outage must not lock the owner out of `/control`, where
    it is seen and ended.

    Args:
        ask: Tells whose it is, by the database; None when it is nobody's.
        gives_ended: Whether somebody is given whose time is over, if the database tells so; nobody is otherwise.
    """

    def __init__(
        self, ask: Callable[[Secret], Awaitable[T | None]], *, gives_ended: bool = False
    ) -> None:
        self._ask = ask
        self._gives_ended = gives_ended
        self._generation = 0
        self._found: OrderedDict[bytes, tuple[T, float]] = OrderedDict()
        self._nobody: OrderedDict[bytes, float] = OrderedDict()

    async def find(self, secret: Secret) -> T | None:
        """Return whose it is.

        Raises:
            DatabaseUnavailable: It was not asked about before.
        """
        hashed = digest(secret)
        remembered, until = self._found.get(hashed, (None, 0.0))
        now = trio.current_time()
        if self.is_nobodys(secret):
            self._nobody[hashed] = now + NOBODYS_SECONDS
            self._nobody.move_to_end(hashed)
            return None
        if until > now:
            return self._given(remembered)
        generation = self._generation
        try:
            found = await self._ask(secret)
        except DatabaseUnavailable:
            if remembered is not None:
                return self._given(remembered)
            raise
        # One was revoked while the database was asked: this one, perhaps.
        if generation == self._generation:
            self._remember(hashed, found, now)
        return found

    def knows(self, secret: Secret) -> bool:
        """Whether it was somebody's when the database was asked last, and is by the time."""
        found, _ = self._found.get(digest(secret), (None, 0.0))
        return _lasting(found) is not None

    def is_nobodys(self, secret: Secret) -> bool:
        """Whether it is known to be nobody's: who sends it again guesses nothing."""
        return self._nobody.get(digest(secret), 0.0) > trio.current_time()

    def forget(self) -> None:
        """Ask the database again about all: one was revoked or made."""
        self._generation += 1
        self._found.clear()
        self._nobody.clear()

    def _given(self, found: T | None) -> T | None:
        return found if self._gives_ended else _lasting(found)

    def _remember(self, hashed: bytes, found: T | None, now: float) -> None:
        self._found.pop(hashed, None)
        self._nobody.pop(hashed, None)
        if found is None:
            self._nobody[hashed] = now + NOBODYS_SECONDS
        else:
            self._found[hashed] = found, now + REMEMBERED_SECONDS
        while len(self._found) > REMEMBERED:
            self._found.popitem(last=False)
        while len(self._nobody) > NOBODYS:
            self._nobody.popitem(last=False)


def digest(secret: Secret) -> bytes:
    """Return what is stored of a key or token. They are random and long: a plain hash is enough."""
    return hashlib.sha256(secret.reveal().encode()).digest()


def _lasting(found: T | None) -> T | None:
    if found is None or found.ends_at is None or found.ends_at > datetime.now(UTC):
        return found
    return None
