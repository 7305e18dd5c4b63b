"""What sources that are polled have in common."""

from __future__ import annotations

from contextlib import suppress

from reeld.domain.errors import DatabaseUnavailable, ReeldError, Refused, ServiceError
from reeld.storage import Database
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import feeds


async def note_failure(database: Database, name: str, error: ReeldError) -> None:
    """Write into a source's row why it could not be read, for people; never fails.

    What is not the source's own fault leaves the row as it is: that its breaker refuses is no news.
    """
    if not isinstance(error, ServiceError | Refused):
        return
    with suppress(DatabaseUnavailable, LeadershipLost):
        async with database.transaction() as conn:
            await feeds.has_failed(conn, name, error.reason, error.sentence)
