"""Where a database stands: who leads since when, and how far its schema is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reeld.storage._rows import Reader, fetch_one

_STANDING: Final = """
SELECT leader.epoch, leader.acquired_at, newest.number, newest.applied_at
FROM leader, (SELECT number, applied_at FROM schema_migration ORDER BY number DESC LIMIT 1) AS newest
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a database stands.

    Attributes:
        epoch: Of the present leader, or of the last one.
        acquired_at: When it took the lead.
        migration: The number of the newest migration.
        migrated_at: When it was applied.
    """

    epoch: int
    acquired_at: datetime | None
    migration: int
    migrated_at: datetime


async def of(source: Reader) -> Standing | None:
    """Return where it stands; None in a database that nobody has led yet."""
    row = await fetch_one(source, _STANDING)
    return None if row is None else Standing(*row)
