"""Limiters whose state is a row: a daemon that starts again and again calls no more often than one that runs."""

from __future__ import annotations

from reeld.services.limiter import LimiterState
from reeld.storage import Database
from reeld.storage.repositories import Limiters


class StoredLimits:
    """Keeps the states of limiters in the database."""

    def __init__(self, database: Database) -> None:
        self._rows = Limiters(database)

    async def load(self, name: str) -> LimiterState | None:
        """Return the stored state, or None when there is none."""
        row = await self._rows.load(name)
        return None if row is None else LimiterState(*row)

    async def save(self, name: str, state: LimiterState) -> None:
        """Store the state, committed when this returns."""
        await self._rows.save(name, state.tokens, state.counted_at, state.next_allowed_at)
