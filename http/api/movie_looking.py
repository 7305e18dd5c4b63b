"""What was found for a movie, and looking for more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.params import FromPath

from reeld.domain.errors import NotFound
from reeld.domain.work import Priority, searches_of
from reeld.http.api.views import ReleaseView
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import movies, releases
from reeld.storage.work import hasten, submit


@dataclass(frozen=True, slots=True)
class Asked:
    """Durable work was asked for; `queued` is False when the same work was waiting already."""

    queued: bool


def looking_handlers(surface: Surface) -> Sequence[Any]:
    """Return the handlers below `/api/movies` about releases."""

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

    async def known(movie_id: int) -> None:
        if await movies.get(surface.database, movie_id) is None:
            raise missing(movie_id)

    return [list_releases, search_movie]


def missing(movie_id: int) -> NotFound:
    """Return the error that says that there is no such movie."""
    return NotFound(f"There is no movie {movie_id}.")
