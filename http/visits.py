"""Who is connected and asks for nothing: the first to go when somebody else finds no room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final


class Waiting:
    """The connections that nobody would miss: those without a whole head so far, then those that are kept and idle.

    Each of both in the order in which they began to wait. Two entries of a dictionary are all that a request costs.
    """

    def __init__(self) -> None:
        self._unheard: Final[dict[Visit, None]] = {}
        self._idle: Final[dict[Visit, None]] = {}

    def begin(self, visit: Visit) -> None:
        """Wait for the first head of a new connection."""
        self._unheard[visit] = None

    def rest(self, visit: Visit) -> None:
        """Wait for the next head of one that was answered."""
        self._idle[visit] = None

    def remove(self, visit: Visit) -> None:
        """Wait no more: it asks for something, or it is over."""
        self._unheard.pop(visit, None)
        self._idle.pop(visit, None)

    def longest(self) -> Visit | None:
        """Return who has waited longest; None when all of them are being answered."""
        return next(iter(self._unheard), None) or next(iter(self._idle), None)


class Visit:
    """One connection that has entered.

    Args:
        counted: The address or network that it is counted for.
        hang_up: Cuts it, at once and without an answer.
        waiting: Knows whether it waits.
    """

    def __init__(self, counted: str, hang_up: Callable[[], None], waiting: Waiting) -> None:
        self.counted = counted
        self.hang_up = hang_up
        self._waiting = waiting
        self._is_over = False
        waiting.begin(self)

    @property
    def is_over(self) -> bool:
        """Whether it is counted no more."""
        return self._is_over

    def asks(self) -> None:
        """Say that a whole head came."""
        self._waiting.remove(self)

    def rests(self) -> None:
        """Say that the answer was sent."""
        if not self._is_over:
            self._waiting.rest(self)

    def end(self) -> None:
        """Be counted no more; what it does until it has noticed changes nothing."""
        self._is_over = True
        self._waiting.remove(self)
