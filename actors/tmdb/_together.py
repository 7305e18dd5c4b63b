"""What several want at the same time is done once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import trio

from reeld.domain.errors import ReeldError

T = TypeVar("T")


class Together(Generic[T]):
    """Does something once for all who want it while it is done, and gives each what came of it.

    Whoever comes first does it; should that one be cancelled, the next one begins anew. A foreseen error is what came
    of it as well: those who wait are refused together, instead of one after the other.
    """

    def __init__(self) -> None:
        self._turns: dict[str, _Turn[T]] = {}

    async def of(self, key: str, do: Callable[[], Awaitable[T]]) -> T:
        """Return what `do` returns, or returns for another who asks for the same key now."""
        turn = self._turns.setdefault(key, _Turn())
        turn.members += 1
        try:
            async with turn.lock:
                if turn.outcome is None:
                    turn.outcome = await _outcome_of(do)
                    self._forget(key, turn)  # whoever comes from now on asks anew
        finally:
            turn.members -= 1
            if turn.members == 0:
                self._forget(key, turn)
        if isinstance(turn.outcome, ReeldError):
            raise turn.outcome
        return turn.outcome[0]

    def _forget(self, key: str, turn: _Turn[T]) -> None:
        if self._turns.get(key) is turn:
            del self._turns[key]


class _Turn(Generic[T]):
    """One time that something is done."""

    def __init__(self) -> None:
        self.lock = trio.Lock()
        self.members = 0
        self.outcome: tuple[T] | ReeldError | None = None


async def _outcome_of(do: Callable[[], Awaitable[T]]) -> tuple[T] | ReeldError:
    try:
        return (await do(),)
    except ReeldError as error:
        return error
