"""`collection`: the series that movies of the library belong to, to be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get
from litestar.params import FromPath

from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._errors import Missing
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._movie import title_sort_key
from reeld.http.radarr_v3._values import Json, present
from reeld.storage.repositories import collections
from reeld.storage.repositories.collections import Series

_MOST: Final = 10_000


def collection_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of collections. The number of one is TMDB's."""

    @get("/collection")
    async def list_collections(request: AnyRequest) -> Response[bytes]:
        tmdb_id = Query.of(request).integer("tmdbId")
        return answered(
            await written([each for each in await every() if tmdb_id in {None, each.tmdb_id}])
        )

    @get("/collection/{collection_id:int}")
    async def get_collection(collection_id: FromPath[int]) -> Response[bytes]:
        found = [each for each in await every() if each.tmdb_id == collection_id]
        if not found:
            raise Missing
        return answered((await written(found))[0])

    async def every() -> list[Series]:
        found = await collections.page(frame.database, limit=_MOST)
        return sorted(found, key=lambda each: (each.name, each.tmdb_id))

    async def written(found: Sequence[Series]) -> list[Json]:
        movies = await frame.movie_documents([one["id"] for each in found for one in each.movies])
        return [
            _collection(each, [movies[one["id"]] for one in each.movies if one["id"] in movies])
            for each in found
        ]

    return [list_collections, get_collection]


def _collection(series: Series, movies: Sequence[Json]) -> Json:
    """Write a collection: its wishes are those of its first movie, since reeld has none of its own."""
    first = movies[0] if movies else {}
    return present(
        id=series.tmdb_id,
        title=series.name,
        sortTitle=title_sort_key(series.name),
        tmdbId=series.tmdb_id,
        images=[],
        overview="",
        monitored=False,
        rootFolderPath=first.get("rootFolderPath"),
        qualityProfileId=first.get("qualityProfileId", 0),
        searchOnAdd=False,
        minimumAvailability=first.get("minimumAvailability", "released"),
        movies=[_member(each) for each in movies],
        missingMovies=0,
        tags=[],
    )


def _member(movie: Json) -> Json:
    names = (
        "tmdbId",
        "imdbId",
        "title",
        "cleanTitle",
        "sortTitle",
        "status",
        "overview",
        "runtime",
    )
    kept = {name: movie[name] for name in (*names, "images", "year", "genres") if name in movie}
    more = {"ratings": {}, "folder": movie["folder"], "isExisting": True, "isExcluded": False}
    return kept | more
