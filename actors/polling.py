"""What sources that are polled have in common."""

from __future__ import annotations

from contextlib import suppress

from reeld.domain.errors import (
    BreakerOpen,
    DatabaseUnavailable,
    ReeldError,
    Refused,
    ServiceError,
)
from reeld.storage import Database
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import feeds


async def note_failure(database: Database, name: str, error: ReeldError) -> None:
    """Write into a source's row why it could not be read, for people; never fails.

    That the breaker refuses is no news: the row keeps saying what is wrong with the source itself.
    """
    if isinstance(error, BreakerOpen) or not isinstance(error, ServiceError | Refused):
        return
    with suppress(DatabaseUnavailable, LeadershipLost):
        async with database.transaction() as conn:
            await feeds.has_failed(conn, name, error.reason, error.sentence)
