"""`/api/collections` and `/api/statistics`: the library as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import trio
from litestar import Router, get
from litestar.params import FromPath, QueryParameter

from reeld.domain.movie import Stage
from reeld.http.required import required
from reeld.http.surface import Surface
from reeld.storage.repositories import collections, counts
from reeld.storage.repositories.collections import Series
from reeld.storage.repositories.counts import Counts

FRESH_SECONDS: Final = 5.0
"""So long counts are good enough for everybody: they look at every movie."""


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """Some collections; `next` is what to pass as `after` for more, None at the end."""

    collections: list[Series]
    next: int | None


@dataclass(frozen=True, slots=True)
class QualityCount:
    """Files of one quality below one root folder."""

    root_folder: str
    quality: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The library in numbers.

    Attributes:
        stages: Movies by stage.
        profiles: Movies by quality profile.
        files: Files by root folder and quality.
        downloads: Everything that was ever taken, by the state that it is in.
        history: How much has happened; nearly exact once it is much.
    """

    movies: int
    monitored: int
    with_file: int
    stages: dict[str, int]
    profiles: dict[str, int]
    files: list[QualityCount]
    total_files: int
    total_bytes: int
    downloads: dict[str, int]
    history: int

    @classmethod
    def of(cls, counted: Counts) -> Statistics:
        """Add up what was counted."""
        stages = {str(stage): 0 for stage in Stage}
        profiles: dict[str, int] = {}
        for (stage, _), number in counted.movies.items():
            stages[stage] = stages.get(stage, 0) + number
        for each in counted.owned:
            profiles[each.profile] = profiles.get(each.profile, 0) + each.movies
        return cls(
            movies=sum(counted.movies.values()),
            monitored=sum(n for (_, monitored), n in counted.movies.items() if monitored),
            with_file=sum(each.movies for each in counted.owned if each.quality is not None),
            stages=stages,
            profiles=profiles,
            files=[QualityCount(f.root, f.quality, f.files, f.size) for f in counted.files],
            total_files=sum(each.files for each in counted.files),
            total_bytes=sum(each.size for each in counted.files),
            downloads=dict(counted.workflows),
            history=counted.history,
        )


class _Counted:
    """Counts at most every few seconds, and once for all who ask at the same time."""

    def __init__(self, surface: Surface) -> None:
        self._database = surface.database
        self._lock = trio.Lock()
        self._last: tuple[float, Statistics] | None = None

    def __deepcopy__(self, _memo: object) -> _Counted:
        return self  # the framework copies its handlers, and with them what they hold

    async def current(self) -> Statistics:
        """Return the statistics, a few seconds old at most; older ones while somebody else counts."""
        if self._last is not None and self._lock.locked():
            return self._last[1]
        async with self._lock:
            now = trio.current_time()
            if self._last is None or self._last[0] < now - FRESH_SECONDS:
                self._last = now, Statistics.of(await counts.count(self._database))
            return self._last[1]


def overview_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes about the whole library."""
    counted = _Counted(surface)

    @get("/api/collections", operation_id="listCollections")
    async def list_collections(
        after: Annotated[int, QueryParameter(ge=0, le=2**53)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> CollectionPage:
        """List the series that movies of the library belong to, each with those of its movies that are there."""
        found = await collections.page(surface.database, after=after, limit=limit)
        return CollectionPage(found, found[-1].tmdb_id if len(found) == limit else None)

    @get("/api/collections/{collection_id:int}", operation_id="getCollection")
    async def get_collection(collection_id: FromPath[int]) -> Series:
        """Show a series by TMDB's number of it, with those of its movies that are there."""
        found = await collections.get(surface.database, collection_id)
        return required(
            found, f"collection {collection_id} to which a movie of the library belongs"
        )

    @get("/api/statistics", operation_id="showStatistics")
    async def statistics() -> Statistics:
        """Show the library in numbers, a few seconds old at most."""
        return await counted.current()

    handlers = [list_collections, get_collection, statistics]
    return [Router("/", route_handlers=handlers, guards=[surface.access.requires_key])]
