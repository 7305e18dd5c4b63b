"""What the limiters of our own calls must not forget, so that no crash loop calls more often than allowed."""

from __future__ import annotations

from typing import Final

from reeld.storage.database import Database

_LOAD: Final = "SELECT tokens, counted_at, next_allowed_at FROM limiter WHERE name = %s"

_SAVE: Final = """
INSERT INTO limiter (name, tokens, counted_at, next_allowed_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (name) DO UPDATE SET tokens = excluded.tokens, counted_at = excluded.counted_at,
    next_allowed_at = excluded.next_allowed_at
"""


class Limiters:
    """The rows of the limiters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, name: str) -> tuple[float, float, float] | None:
        """Return tokens, when they were counted and when the next call is allowed (Unix time), or None."""
        row = await self._database.fetch_one(_LOAD, (name,))
        return None if row is None else (float(row[0]), float(row[1]), float(row[2]))

    async def save(
        self, name: str, tokens: float, counted_at: float, next_allowed_at: float
    ) -> None:
        """Store what a limiter knows; committed when this returns."""
        async with self._database.transaction() as conn:
            await conn.execute(_SAVE, (name, tokens, counted_at, next_allowed_at))
