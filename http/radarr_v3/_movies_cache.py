"""The list of all movies, which half of Radarr's clients read whole, again and again.

A document is written once and kept as bytes for as long as the rows behind it stay as they are: a poll of ten thousand
movies reads their marks, and writes only what changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import msgspec
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
            marks = await shelves.marks(self._database)
            for number in self._kept.keys() - marks.keys():
                del self._kept[number]
            found = await self._documents(marks, shelf)
        return b"[%b]" % b",".join(found[number] for number in marks if number in found)

    async def some(self, numbers: Collection[int], shelf: Shelf) -> dict[int, msgspec.Raw]:
        """Return the documents of some movies, by number; missing ones are left out."""
        marks = await shelves.marks_of(self._database, numbers)
        found = await self._documents(marks, shelf)
        return {number: msgspec.Raw(document) for number, document in found.items()}

    async def _documents(self, marks: Mapping[int, str], shelf: Shelf) -> dict[int, bytes]:
        """Return the documents that go with these marks: those that are kept, and the rest written anew."""
        self._forget_if_changed(shelf)
        found, stale = {}, []
        for number, mark in marks.items():
            kept = self._kept.get(number)
            if kept is None or kept.mark != mark or kept.until <= shelf.now:
                stale.append(number)
            else:
                found[number] = kept.document
        for start in range(0, len(stale), _AT_ONCE):
            for number, kept in (await self._write(stale[start : start + _AT_ONCE], shelf)).items():
                found[number] = kept.document
                if self._written_for == _timeless(shelf):
                    self._kept[number] = replace(kept, mark=marks[number])
        return found

    def _forget_if_changed(self, shelf: Shelf) -> None:
        timeless = _timeless(shelf)
        if timeless != self._written_for:
            self._kept.clear()
            self._written_for = timeless

    async def _write(self, numbers: Sequence[int], shelf: Shelf) -> dict[int, _Kept]:
        movies = await shelves.by_ids(self._database, numbers)
        written = await trio.to_thread.run_sync(_written, movies, shelf, limiter=WRITERS)
        return {
            movie.movie.id: _Kept("", document, _until(movie, shelf))
            for movie, document in zip(movies, written, strict=True)
        }


def _timeless(shelf: Shelf) -> Shelf:
    return replace(shelf, now=_NEVER)


def _until(movie: ShelvedMovie, shelf: Shelf) -> datetime:
    since = available_since(movie, shelf)
    return since if since is not None and since > shelf.now else _NEVER


def _written(movies: Sequence[ShelvedMovie], shelf: Shelf) -> list[bytes]:
    return [encode(movie_resource(movie, shelf)) for movie in movies]
