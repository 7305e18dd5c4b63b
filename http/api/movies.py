"""`/api/movies`: what is wanted, how far it is, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from reeld.domain.messages import AddMovie, SearchMovies
from reeld.domain.movie import MovieHit, Stage
from reeld.http.api.filters import require_named
from reeld.http.api.kept_views import KeptViews
from reeld.http.api.listing import Asked, after_of, read_page
from reeld.http.api.movie_bodies import NewMovieBody
from reeld.http.api.movie_changes import change_handlers
from reeld.http.api.movie_looking import looking_handlers, missing
from reeld.http.api.movie_views import MoviePage, MovieView, settings_of
from reeld.http.api.shaping import mark_of, tagged, thinned, wanted_fields
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import browsing, library
from reeld.storage.repositories.browsing import MovieFilter, MovieOrder

PAGE = 100
LARGEST_PAGE = 1000
ADD_SECONDS = 20.0
PLAIN = r"^[^\x00]*$"
"""What PostgreSQL takes as text."""

_Text = Annotated[str | None, QueryParameter(min_length=1, max_length=300, pattern=PLAIN)]
_Number = Annotated[int | None, QueryParameter(ge=0, le=2**31 - 1)]


@dataclass(frozen=True, slots=True)
class Hits:
    """What TMDB found."""

    movies: tuple[MovieHit, ...]


def movie_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of movies."""
    database = surface.database
    kept = KeptViews(database)
    unchanged = ResponseSpec(
        None, description="The client has it already.", generate_examples=False
    )

    @get("/", operation_id="listMovies", responses={304: unchanged})
    async def list_movies(
        request: AnyRequest,
        stage: FromQuery[Stage | None] = None,
        monitored: FromQuery[bool | None] = None,
        profile: _Text = None,
        tag: _Number = None,
        year: _Number = None,
        has_file: FromQuery[bool | None] = None,
        root_folder: _Text = None,
        text: _Text = None,
        sort: FromQuery[MovieOrder] = MovieOrder.ID,
        descending: FromQuery[bool] = False,
        fields: Annotated[str | None, QueryParameter(max_length=1000)] = None,
        after: Annotated[str | None, QueryParameter(max_length=3000)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = PAGE,
    ) -> Response[MoviePage]:
        """List movies that pass every filter, each with its files.

        `text` finds words of the title, the last one cut short or not. `fields=title,year` shows these fields alone.
        """
        asked = Asked(
            which=MovieFilter(stage, monitored, profile, tag, year, has_file, root_folder, text),
            default_root=default_root(),
            order=sort,
            descending=descending,
            after=after_of(after, sort),
            limit=limit,
            fields=wanted_fields(fields, MovieView),
        )
        written, following = await read_page(database, kept, asked)
        if not written and after is None:
            await require_named(database, asked.which, asked.default_root)
        return tagged(request, {"movies": written, "next": following})

    there = ResponseSpec(MovieView, description="It was there already; nothing of it was changed.")

    @post("/", operation_id="addMovie", responses={200: there})
    async def add_movie(data: JSONBody[NewMovieBody], request: AnyRequest) -> Response[MovieView]:
        """Want a movie: 201, or 200 when it is there already."""
        message = AddMovie(
            tmdb_id=data.tmdb_id,
            title=data.title,
            year=data.year,
            monitored=data.monitored,
            profile=data.profile,
            minimum_availability=data.minimum_availability,
            root_folder=data.root_folder,
            tags=tuple(data.tags or ()),
            search=data.search,
        )
        with surface.audit.change(request, "add_movie", f"tmdb:{data.tmdb_id}"):
            added = await surface.directory["tmdb"].ask(message, deadline=ADD_SECONDS)
        return Response(await view_of(added.movie.id), status_code=201 if added.is_new else 200)

    @get("/{movie_id:int}", operation_id="getMovie", responses={304: unchanged})
    async def get_movie(
        movie_id: FromPath[int],
        request: AnyRequest,
        fields: Annotated[str | None, QueryParameter(max_length=1000)] = None,
    ) -> Response[MovieView]:
        """Show one movie. Its ETag, given back as `If-Match`, keeps a change from going over another one."""
        wanted = wanted_fields(fields, MovieView)
        movie = await browsing.get(database, movie_id)
        if movie is None:
            raise missing(movie_id)
        files = await library.by_movie(database, movie_id)
        view = MovieView.of(movie, files, default_root())
        return tagged(request, thinned(view, wanted), mark_of(settings_of(movie)))

    @get("/find", operation_id="findMovies")
    async def find_movies(
        title_query: Annotated[str, QueryParameter(name="query", min_length=1, max_length=300)],
        year: Annotated[int | None, QueryParameter(ge=1870, le=2200)] = None,
    ) -> Hits:
        """Search movies at TMDB by title."""
        tmdb = surface.directory["tmdb"]
        found = await tmdb.ask(SearchMovies(title_query, year), deadline=ADD_SECONDS)
        return Hits(found.movies)

    def default_root() -> str:
        return str(surface.settings().library.root_folder)

    async def view_of(movie_id: int) -> MovieView:
        movie = await browsing.get(database, movie_id)
        if movie is None:
            raise missing(movie_id)
        return MovieView.of(movie, await library.by_movie(database, movie_id), default_root())

    handlers = [list_movies, add_movie, find_movies, get_movie, *looking_handlers(surface)]
    return [
        Router(
            "/api/movies",
            route_handlers=[*handlers, *change_handlers(surface, view_of)],
            guards=[surface.access.requires_key],
        )
    ]
