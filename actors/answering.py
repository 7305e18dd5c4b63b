"""What those have in common that are asked for a movie at once."""

from __future__ import annotations

import structlog

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage import Database
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import searches
from reeld.storage.work import Job

log = structlog.get_logger("reeld.actors")


async def cannot_answer(database: Database, movie_id: int, part: str, job: Job) -> None:
    """Have nobody wait for one that cannot be asked now; what it answers later is decided about then. Never fails."""
    try:
        async with database.transaction() as conn:
            await searches.cannot_answer(conn, movie_id, part, job.id)
    except (DatabaseUnavailable, LeadershipLost) as error:
        log.debug("search_waits_for_its_deadline", reason=error.reason)
