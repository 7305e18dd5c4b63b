"""`movie/lookup`: movies of TMDB, those of the library with their number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get

from reeld.domain.errors import NotFound
from reeld.domain.messages import FindMovie, LookupMovie, SearchMovies
from reeld.domain.movie import MovieDetails, MovieHit
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._lookup import looked_up
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import shelf

TMDB_SECONDS: Final = 20.0
MOST_HITS: Final = 20
_BY_TMDB: Final = re.compile(r"\s*tmdb(?:id)?:\s*(\d{1,9})\s*", re.IGNORECASE)
_BY_IMDB: Final = re.compile(r"\s*imdb(?:id)?:\s*(tt\d{7,10})\s*", re.IGNORECASE)
_WITH_YEAR: Final = re.compile(r"(?P<title>.*\S)\s+\(?(?P<year>(?:18|19|20)\d\d)\)?\s*")


def lookup_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that look movies up."""
    finder = Finder(frame)

    @get("/movie/lookup")
    async def look_up(request: AnyRequest) -> Response[bytes]:
        term = Query.of(request).text("term")[:300]
        return answered(await finder.by_term(term) if term.strip() else [])

    @get("/movie/lookup/tmdb")
    async def look_up_tmdb(request: AnyRequest) -> Response[bytes]:
        tmdb_id = Query.of(request).integer("tmdbId")
        if not tmdb_id:
            raise invalid("tmdbId", "'tmdbId' must not be empty.")
        return answered(await finder.by_tmdb(tmdb_id))

    @get("/movie/lookup/imdb")
    async def look_up_imdb(request: AnyRequest) -> Response[bytes]:
        return answered(await finder.by_imdb(Query.of(request).text("imdbId")))

    return [look_up, look_up_tmdb, look_up_imdb]


class Finder:
    """Finds movies at TMDB as documents of Radarr's API."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._tmdb = frame.surface.directory["tmdb"]

    async def by_term(self, term: str) -> list[Json]:
        """Find what a person typed: `tmdb:603`, `imdb:tt0133093`, or a title, with a year behind it or without."""
        if (by_number := _BY_TMDB.fullmatch(term)) is not None:
            return await self._one_or_none(int(by_number[1]))
        if (by_id := _BY_IMDB.fullmatch(term)) is not None:
            found = await self._tmdb_of(by_id[1].lower())
            return [] if found is None else await self._one_or_none(found)
        dated = _WITH_YEAR.fullmatch(term)
        asked = SearchMovies(dated["title"], int(dated["year"])) if dated else SearchMovies(term)
        page = await self._tmdb.ask(asked, deadline=TMDB_SECONDS)
        return await self._known_or_new(page.movies)

    async def by_tmdb(self, tmdb_id: int) -> Json:
        """Return the movie with TMDB's number.

        Raises:
            Missing: TMDB has none.
        """
        number = await shelf.number_of_tmdb(self._frame.database, tmdb_id)
        if number is not None:
            return (await self._frame.movie_documents([number]))[number]
        try:
            details = await self._tmdb.ask(LookupMovie(tmdb_id), deadline=TMDB_SECONDS)
        except NotFound:
            raise Missing from None
        return looked_up(details, await self._frame.shelf())

    async def by_imdb(self, imdb_id: str) -> Json:
        """Return the movie with an IMDb id.

        Raises:
            Missing: TMDB has none.
        """
        tmdb_id = await self._tmdb_of(imdb_id)
        if tmdb_id is None:
            raise Missing
        return await self.by_tmdb(tmdb_id)

    async def _one_or_none(self, tmdb_id: int) -> list[Json]:
        try:
            return [await self.by_tmdb(tmdb_id)]
        except Missing:
            return []

    async def _tmdb_of(self, imdb_id: str) -> int | None:
        try:
            return (await self._tmdb.ask(FindMovie(imdb_id), deadline=TMDB_SECONDS)).tmdb_id
        except NotFound:
            return None

    async def _known_or_new(self, hits: Sequence[MovieHit]) -> list[Json]:
        there = await shelf.numbers_of_tmdb(self._frame.database, [hit.tmdb_id for hit in hits])
        documents = await self._frame.movie_documents(list(there.values()))
        shelved = await self._frame.shelf()
        return [
            documents[there[hit.tmdb_id]] if hit.tmdb_id in there else looked_up(_of(hit), shelved)
            for hit in hits[:MOST_HITS]
        ]


def _of(hit: MovieHit) -> MovieDetails:
    return MovieDetails(
        tmdb_id=hit.tmdb_id,
        title=hit.title,
        year=hit.year,
        imdb_id=None,
        original_title=hit.original_title,
        overview=hit.overview,
        poster_path=hit.poster_path,
    )
