"""Showing people how far imports are, a few times a minute and not at every block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
import trio

from reeld.domain.errors import ReeldError
from reeld.domain.movie import Stage
from reeld.storage import Database
from reeld.storage.repositories import movies

log = structlog.get_logger("reeld.actors.importer")

_EVERY: Final = 2.0
"""Seconds between two reports; a hard link is done long before the first."""


class ProgressBoard:
    """Collects how far file work is and writes it to the movies' rows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shares: dict[int, float] = {}

    @contextmanager
    def shown(self, movie_id: int, size: int) -> Iterator[Callable[[int], None]]:
        """Show work on a movie for the length of the block; yields what takes the bytes done."""

        def told(done: int) -> None:
            self._shares[movie_id] = min(1.0, done / max(1, size))

        try:
            yield told
        finally:
            self._shares.pop(movie_id, None)

    async def report(self) -> None:
        """Write what was told, again and again, until cancelled."""
        written: dict[int, float] = {}
        while True:
            await trio.sleep(_EVERY)
            news = {
                movie: share for movie, share in self._shares.items() if written.get(movie) != share
            }
            if news and await self._write(news):
                written = news

    async def _write(self, shares: dict[int, float]) -> bool:
        try:
            async with self._database.transaction() as conn:
                for movie_id, share in sorted(shares.items()):
                    await movies.set_progress(conn, movie_id, Stage.IMPORTING, share)
        except ReeldError as error:
            # Only a view: the next report is as good.
            log.debug("progress_not_written", reason=error.reason)
            return False
        return True
