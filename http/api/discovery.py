"""`/api/search` and `/api/discover`: movies of TMDB, and which of them are in the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
from litestar import Router, get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from reeld.domain.errors import InvalidField
from reeld.domain.messages import DiscoverMovies, DiscoverSort, MovieHits, SearchMovies
from reeld.domain.movie import MovieHit
from reeld.domain.pictures import ImageKind
from reeld.http.picturing import address_of
from reeld.http.surface import Surface
from reeld.storage.repositories import browsing

ASK_SECONDS: Final = 20.0
MOST_GENRES: Final = 20


class SearchBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is looked for.

    Attributes:
        query: Words of a title, or an IMDb number.
        year: Of the first release.
        page: Which page of what is found, from 1.
    """

    query: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    year: Annotated[int, msgspec.Meta(ge=1870, le=2200)] | None = None
    page: Annotated[int, msgspec.Meta(ge=1, le=500)] = 1


class Sort(StrEnum):
    """What a discovery is sorted by, the greatest first."""

    POPULARITY = "popularity"
    RELEASED = "released"
    RATING = "rating"
    REVENUE = "revenue"


@dataclass(frozen=True, slots=True)
class FoundMovie:
    """A movie of TMDB.

    Attributes:
        movie_id: reeld's number of it; None when it is not in the library.
        poster: Where reeld shows its poster, in the sizes and formats of a movie's.
        poster_path: TMDB's path of the same.
    """

    tmdb_id: int
    movie_id: int | None
    title: str
    original_title: str | None
    year: int | None
    overview: str
    popularity: float
    poster: str | None
    poster_path: str | None


@dataclass(frozen=True, slots=True)
class FoundMovies:
    """A page of movies.

    Attributes:
        pages: How many pages there are.
    """

    movies: list[FoundMovie]
    page: int
    pages: int


def discovery_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes that ask TMDB."""

    @post("/api/search", operation_id="search", status_code=200)
    async def search(data: JSONBody[SearchBody]) -> FoundMovies:
        """Search movies at TMDB by title or IMDb number."""
        question = SearchMovies(data.query, data.year, data.page)
        return await shown(await surface.directory["tmdb"].ask(question, deadline=ASK_SECONDS))

    @get("/api/discover", operation_id="discover")
    async def discover(
        sort: FromQuery[Sort] = Sort.POPULARITY,
        genres: Annotated[str | None, QueryParameter(max_length=200)] = None,
        year: Annotated[int | None, QueryParameter(ge=1870, le=2200)] = None,
        minimum_rating: Annotated[float | None, QueryParameter(ge=0, le=10)] = None,
        minimum_votes: Annotated[int | None, QueryParameter(ge=0, le=2**31 - 1)] = None,
        language: Annotated[str | None, QueryParameter(pattern="^[a-z]{2}$")] = None,
        page: Annotated[int, QueryParameter(ge=1, le=500)] = 1,
    ) -> FoundMovies:
        """List movies of TMDB by what they are like. `genres=28,878` asks for all of TMDB's genres with these numbers."""
        question = DiscoverMovies(
            sort=_SORTS[sort],
            genres=_genres(genres),
            year=year,
            minimum_rating=minimum_rating,
            minimum_votes=minimum_votes,
            language=language,
            page=page,
        )
        return await shown(await surface.directory["tmdb"].ask(question, deadline=ASK_SECONDS))

    async def shown(hits: MovieHits) -> FoundMovies:
        there = await browsing.of_tmdb(surface.database, [hit.tmdb_id for hit in hits.movies])
        return FoundMovies(
            [_found(hit, there.get(hit.tmdb_id)) for hit in hits.movies], hits.page, hits.pages
        )

    return [
        # A search is a question, although it has a body.
        Router("/", route_handlers=[search, discover], guards=[surface.access.requires_anybody])
    ]


_SORTS: Final = {
    Sort.POPULARITY: DiscoverSort.POPULARITY,
    Sort.RELEASED: DiscoverSort.RELEASED,
    Sort.RATING: DiscoverSort.RATING,
    Sort.REVENUE: DiscoverSort.REVENUE,
}


def _genres(text: str | None) -> tuple[int, ...]:
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    if len(parts) > MOST_GENRES or not all(p.isascii() and p.isdigit() for p in parts):
        raise InvalidField("genres", f"must be up to {MOST_GENRES} numbers with commas between.")
    return tuple(int(part) for part in parts)


def _found(hit: MovieHit, movie_id: int | None) -> FoundMovie:
    return FoundMovie(
        tmdb_id=hit.tmdb_id,
        movie_id=movie_id,
        title=hit.title,
        original_title=hit.original_title,
        year=hit.year,
        overview=hit.overview,
        popularity=hit.popularity,
        poster=address_of(ImageKind.POSTER, hit.poster_path),
        poster_path=hit.poster_path,
    )
