"""`POST movie` and `movie/import`: wanting movies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, post

from reeld.domain.availability import MinimumAvailability
from reeld.domain.errors import NotFound
from reeld.domain.messages import AddedMovie, AddMovie
from reeld.http.radarr_v3._answers import answered, created
from reeld.http.radarr_v3._asked import AnyRequest, Body, read_body, read_list
from reeld.http.radarr_v3._errors import Failure, Invalid, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._wishes import Checker, availability

ADD_SECONDS: Final = 20.0
MOST_AT_ONCE: Final = 500
_THERE_ALREADY: Final = "This movie has already been added"
_EXISTS: Final = "MovieExistsValidator"


def adding_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that add movies."""

    @post("/movie")
    async def add(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        wish = _wish(body, await Checker.of(frame))
        with frame.surface.audit.change(request, "add_movie", str(wish.tmdb_id)):
            added = await ask(wish)
            if not added.is_new:
                failure = Failure("TmdbId", _THERE_ALREADY, wish.tmdb_id, error_code=_EXISTS)
                raise Invalid(failure)
        documents = await frame.movie_documents([added.movie.id])
        return created(documents[added.movie.id])

    @post("/movie/import", status_code=200)
    async def add_many(request: AnyRequest) -> Response[bytes]:
        bodies = await read_list(request)
        if len(bodies) > MOST_AT_ONCE:
            raise invalid("", f"At most {MOST_AT_ONCE} movies at once.")
        checker = await Checker.of(frame)
        wishes = [_wish(body, checker) for body in bodies]
        with frame.surface.audit.change(request, "add_movie", f"{len(wishes)} movies"):
            # Those that are there already are passed over, as Radarr does.
            added = [await ask(wish) for wish in wishes]
        new = [each.movie.id for each in added if each.is_new]
        documents = await frame.movie_documents(new)
        return answered([documents[number] for number in new if number in documents])

    async def ask(wish: AddMovie) -> AddedMovie:
        try:
            return await frame.surface.directory["tmdb"].ask(wish, deadline=ADD_SECONDS)
        except NotFound:
            message = f"A movie with this ID was not found: {wish.tmdb_id}"
            raise invalid("TmdbId", message, wish.tmdb_id) from None

    return [add, add_many]


def _wish(body: Body, checker: Checker) -> AddMovie:
    """Read a movie to be added.

    Raises:
        Invalid: It cannot be added like that.
    """
    tmdb_id = body.integer("tmdbId")
    if tmdb_id <= 0:
        raise invalid("TmdbId", "'Tmdb Id' must be greater than '0'.", tmdb_id)
    root = body.text("rootFolderPath")
    path = body.text("path")
    if not root and path:
        root = path.rstrip("/").rpartition("/")[0]
    return AddMovie(
        tmdb_id=tmdb_id,
        title=body.text("title")[:300] or None,
        year=_year(body),
        monitored=body.flag("monitored", True),
        profile=checker.profile(body),
        minimum_availability=availability(body) or MinimumAvailability.RELEASED,
        root_folder=checker.root(root) if root else None,
        tags=tuple(body.integers("tags")),
        search=body.object("addOptions").flag("searchForMovie"),
    )


def _year(body: Body) -> int | None:
    year = body.integer("year")
    return year if 1870 <= year <= 2200 else None
