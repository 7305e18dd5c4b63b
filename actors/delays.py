"""What keeps an acquisition, told where a person looks: at its movie."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from reeld.domain.acquisition import Acquisition
from reeld.domain.errors import DatabaseUnavailable, ReeldError
from reeld.domain.movie import Stage
from reeld.storage import Database
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import movies


@asynccontextmanager
async def delays_noted(database: Database, acquisition: Acquisition) -> AsyncIterator[None]:
    """Write the error that leaves the block into the note of a movie that is decided and no further.

    The error goes on to the caller. What cannot be written is not: the work's own row has it as well.
    """
    try:
        yield
    except ReeldError as error:
        with suppress(DatabaseUnavailable, LeadershipLost):
            async with database.transaction() as conn:
                await movies.move(
                    conn,
                    acquisition.movie_id,
                    Stage.DECIDED,
                    expected=(Stage.DECIDED,),
                    note=error.sentence,
                )
        raise
