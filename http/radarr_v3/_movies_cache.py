"""The list of all movies, which half of Radarr's clients read whole, again and again.

A document is written once and kept as bytes for as long as the rows behind it stay as they are: a poll of ten thousand
movies reads their marks, and writes only what changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import trio

from reeld.http.radarr_v3._movie import Shelf, available_since, movie_resource
from reeld.http.radarr_v3._values import encode
from reeld.storage import Database
from reeld.storage.repositories import shelf as shelves
from reeld.storage.repositories.shelf import ShelvedMovie

WRITERS: Final = trio.CapacityLimiter(1)
"""Documents are written under the interpreter's lock: a second thread would only get in the loop's way."""
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class _Kept:
    mark: str
    document: bytes
    until: datetime
    """When the document says something else without any row being changed: the movie becomes available."""


class MovieList:
    """Every movie's document, brought up to date when somebody asks.

    Holds about a kilobyte and a half a movie.

    Args:
        database: Where the movies are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[int, _Kept] = {}
        self._written_for: Shelf | None = None
        self._turn = trio.Lock()

    async def document(self, shelf: Shelf) -> bytes:
        """Return the JSON list of all movies, by number.

        Askers at the same time wait for one another, so that a change is written once.
        """
        async with self._turn:
            self._forget_if_changed(shelf)
            marks = await shelves.marks(self._database)
            stale = [
                number for number, mark in marks.items() if self._is_stale(number, mark, shelf)
            ]
            for number in self._kept.keys() - marks.keys():
                del self._kept[number]
            for start in range(0, len(stale), _AT_ONCE):
                await self._write(stale[start : start + _AT_ONCE], marks, shelf)
            documents = [self._kept[number].document for number in marks if number in self._kept]
        return b"[%b]" % b",".join(documents)

    def _forget_if_changed(self, shelf: Shelf) -> None:
        timeless = replace(shelf, now=_NEVER)
        if timeless != self._written_for:
            self._kept.clear()
            self._written_for = timeless

    def _is_stale(self, number: int, mark: str, shelf: Shelf) -> bool:
        kept = self._kept.get(number)
        return kept is None or kept.mark != mark or kept.until <= shelf.now

    async def _write(self, numbers: Sequence[int], marks: dict[int, str], shelf: Shelf) -> None:
        movies = await shelves.by_ids(self._database, numbers)
        written = await trio.to_thread.run_sync(_written, movies, shelf, limiter=WRITERS)
        for movie, document in zip(movies, written, strict=True):
            since = available_since(movie, shelf)
            until = since if since is not None and since > shelf.now else _NEVER
            self._kept[movie.movie.id] = _Kept(marks[movie.movie.id], document, until)


def _written(movies: Sequence[ShelvedMovie], shelf: Shelf) -> list[bytes]:
    return [encode(movie_resource(movie, shelf)) for movie in movies]
