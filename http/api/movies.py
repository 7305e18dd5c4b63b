"""`/api/movies`: what is wanted, how far it is, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from reeld.domain.errors import NotFound
from reeld.domain.messages import AddMovie, SearchMovies
from reeld.domain.movie import Movie, MovieHit, Stage
from reeld.domain.work import Priority, searches_of
from reeld.http.api.views import MovieView, ReleaseView
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import library, movies, releases
from reeld.storage.work import hasten, submit

PAGE = 100
LARGEST_PAGE = 1000
ADD_SECONDS = 20.0
LARGEST_ID = 2**31 - 1


class NewMovieBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A movie to be wanted.

    Attributes:
        tmdb_id: TMDB's number of it.
        title: Needed only to add it while TMDB cannot be asked; the rest is filled in later.
        year: As `title`.
        monitored: Whether releases are grabbed for it.
        profile: The quality profile; the default one when left out.
    """

    tmdb_id: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=300)] | None = None
    year: Annotated[int, msgspec.Meta(ge=1870, le=2200)] | None = None
    monitored: bool = True
    profile: Annotated[str, msgspec.Meta(max_length=100)] | None = None


@dataclass(frozen=True, slots=True)
class MoviePage:
    """Some movies; `next` is what to pass as `after` for more, None at the end."""

    movies: list[MovieView]
    next: int | None


@dataclass(frozen=True, slots=True)
class Hits:
    """What TMDB found."""

    movies: tuple[MovieHit, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Durable work was asked for; `queued` is False when the same work was waiting already."""

    queued: bool


def movie_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of movies."""

    @get("/", operation_id="listMovies")
    async def list_movies(
        stage: FromQuery[Stage | None] = None,
        after: FromQuery[int] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = PAGE,
    ) -> MoviePage:
        """List movies by their number, each with its files."""
        found = await movies.page(surface.database, stage=stage, after=after, limit=limit)
        files = await library.of_movies(surface.database, [movie.id for movie in found])
        views = [MovieView.of(movie, files.get(movie.id, [])) for movie in found]
        return MoviePage(views, found[-1].id if len(found) == limit else None)

    there = ResponseSpec(MovieView, description="It was there already; nothing of it was changed.")

    @post("/", operation_id="addMovie", responses={200: there})
    async def add_movie(request: AnyRequest, data: JSONBody[NewMovieBody]) -> Response[MovieView]:
        """Want a movie: 201, or 200 when it is there already."""
        message = AddMovie(
            tmdb_id=data.tmdb_id,
            title=data.title,
            year=data.year,
            monitored=data.monitored,
            profile=data.profile,
        )
        with surface.audit.change(request, "add_movie", f"tmdb:{data.tmdb_id}"):
            added = await surface.directory["tmdb"].ask(message, deadline=ADD_SECONDS)
        files = await library.by_movie(surface.database, added.movie.id)
        return Response(MovieView.of(added.movie, files), status_code=201 if added.is_new else 200)

    @get("/{movie_id:int}", operation_id="getMovie")
    async def get_movie(movie_id: FromPath[int]) -> MovieView:
        """Show one movie."""
        movie = await known(movie_id)
        return MovieView.of(movie, await library.by_movie(surface.database, movie_id))

    @get("/{movie_id:int}/releases", operation_id="listReleases")
    async def list_releases(movie_id: FromPath[int]) -> list[ReleaseView]:
        """Show what was found for a movie, and why each release was taken or not."""
        await known(movie_id)
        found = await releases.by_movie(surface.database, movie_id)
        verdicts = await releases.verdicts(surface.database, [release.id for release in found])
        return [ReleaseView.of(release, verdicts.get(release.id)) for release in found]

    @post("/{movie_id:int}/search", operation_id="searchMovie", status_code=202)
    async def search_movie(movie_id: FromPath[int], request: AnyRequest) -> Asked:
        """Look for releases of a movie now, and take the best one even if the movie is not monitored."""
        searches = searches_of(movie_id, priority=Priority.PERSON_WAITS)
        with surface.audit.change(request, "search_movie", str(movie_id)):
            await known(movie_id)
            async with surface.database.transaction() as conn:
                await movies.ask_for(conn, movie_id)
                new = await submit(conn, *searches)
                for search in searches:
                    # One that the schedule asked for may wait for its share of the calls; a person does not.
                    await hasten(conn, search)
                return Asked(bool(new))

    @get("/find", operation_id="findMovies")
    async def find_movies(
        title_query: Annotated[str, QueryParameter(name="query", min_length=1, max_length=300)],
        year: Annotated[int | None, QueryParameter(ge=1870, le=2200)] = None,
    ) -> Hits:
        """Search movies at TMDB by title."""
        tmdb = surface.directory["tmdb"]
        return Hits(await tmdb.ask(SearchMovies(title_query, year), deadline=ADD_SECONDS))

    async def known(movie_id: int) -> Movie:
        movie = await movies.get(surface.database, movie_id)
        if movie is None:
            raise NotFound(f"There is no movie {movie_id}.")
        return movie

    return [
        Router(
            "/api/movies",
            route_handlers=[
                list_movies,
                add_movie,
                find_movies,
                get_movie,
                list_releases,
                search_movie,
            ],
            guards=[surface.access.requires_key],
        )
    ]
