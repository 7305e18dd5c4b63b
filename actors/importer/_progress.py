"""Showing people how far imports are, a few times a minute and not at every block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog
import trio

from reeld.domain.errors import ReeldError
from reeld.domain.movie import Stage
from reeld.storage import Database
from reeld.storage.repositories import movies
from reeld.storage.work import Job, WorkQueue

log = structlog.get_logger("reeld.actors.importer")

_EVERY: Final = 2.0
"""Seconds between two reports; a hard link is done long before the first."""


@dataclass(slots=True)
class _Entry:
    """Work that is shown: `done` and `written` in bytes."""

    movie_id: int
    size: int
    job: Job | None
    done: int = 0
    written: int = 0


class ProgressBoard:
    """Collects how far file work is, and writes it to the movies' rows and those of the work."""

    def __init__(self, database: Database, work: WorkQueue) -> None:
        self._database = database
        self._work = work
        self._entries: list[_Entry] = []

    @contextmanager
    def shown(self, movie_id: int, size: int, job: Job | None) -> Iterator[Callable[[int], None]]:
        """Show work on a movie for the length of the block; yields what takes the bytes done."""
        entry = _Entry(movie_id, max(1, size), job)

        def told(done: int) -> None:
            entry.done = min(done, entry.size)

        self._entries.append(entry)
        try:
            yield told
        finally:
            self._entries.remove(entry)

    async def report(self) -> None:
        """Write what was told, again and again, until cancelled."""
        while True:
            await trio.sleep(_EVERY)
            for entry in [one for one in self._entries if one.done != one.written]:
                try:
                    await self._write(entry, entry.done)
                except ReeldError as error:
                    # Only a view: the next report is as good. Whoever lost the claim commits nothing anyway.
                    log.debug("progress_not_written", reason=error.reason)

    async def _write(self, entry: _Entry, done: int) -> None:
        share = done / entry.size
        async with self._database.transaction() as conn:
            await movies.set_progress(conn, entry.movie_id, Stage.IMPORTING, share)
        if entry.job is not None:
            await self._work.progress(entry.job, {"bytes": done, "size": entry.size})
        entry.written = done
