"""What a database and its labelled twins have in common: who may call at present, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from reeld.domain.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from reeld.storage._transaction import Fence
    from reeld.storage.gate import Gate


class Shared:
    """What a database and its labelled twins have in common."""

    __slots__ = ("away_until", "fence", "gate", "held_back")

    def __init__(self) -> None:
        self.fence: Fence | None = None
        self.held_back: str | None = None
        self.away_until = 0.0
        self.gate: Gate | None = None

    def rehearse(self, seconds: float) -> None:
        """Begin a rehearsed outage, or end it with 0, and let the gate know at once, as of a real one."""
        self.away_until = trio.current_time() + seconds
        if self.gate is None:
            return
        if seconds:
            self.gate.connecting_failed("an operator rehearses an outage, it ends by itself")
        else:
            self.gate.try_again()

    def rehearsing(self) -> float:
        """Return how many seconds of a rehearsed outage are left."""
        return max(self.away_until - trio.current_time(), 0.0) if self.away_until else 0.0

    def require_open(self) -> None:
        """Raise `DatabaseUnavailable` while calls are held back, an outage is rehearsed, or the gate is shut."""
        self.require_in_place()
        if self.gate is not None:
            self.gate.require_open()

    def require_in_place(self) -> None:
        """Raise `DatabaseUnavailable` while calls are held back, or an outage is rehearsed."""
        if self.held_back is not None:
            raise DatabaseUnavailable(self.held_back, reason="database_starting")
        if self.away_until and (left := self.rehearsing()):
            raise DatabaseUnavailable(
                "An operator rehearses an outage of PostgreSQL. It ends by itself.",
                reason="rehearsed_outage",
                retry_after=left,
            )

    def tell(self, error: DatabaseUnavailable) -> None:
        """Let the gate know of a call that failed."""
        if self.gate is not None:
            self.gate.call_failed(error)
