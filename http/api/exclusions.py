"""`/api/exclusions`: movies that no list adds again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from reeld.domain.errors import NotFound
from reeld.http.api.movie_bodies import ExclusionBody
from reeld.http.ops.audit import AnyRequest
from reeld.http.required import required
from reeld.http.surface import Surface
from reeld.storage.repositories import exclusions
from reeld.storage.repositories.exclusions import Exclusion


@dataclass(frozen=True, slots=True)
class ExclusionPage:
    """Some exclusions; `next` is what to pass as `after` for more, None at the end."""

    exclusions: list[Exclusion]
    next: int | None


def exclusion_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of exclusions."""
    database, audit = surface.database, surface.audit

    @get("/api/exclusions", operation_id="listExclusions")
    async def list_exclusions(
        after: Annotated[int, QueryParameter(ge=0, le=2**53)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> ExclusionPage:
        """List the movies that no list adds."""
        found = await exclusions.page(database, after=after, limit=limit)
        return ExclusionPage(found, found[-1].id if len(found) == limit else None)

    @get("/api/exclusions/{exclusion_id:int}", operation_id="getExclusion")
    async def get_exclusion(exclusion_id: FromPath[int]) -> Exclusion:
        """Show one movie that no list adds."""
        return required(await exclusions.get(database, exclusion_id), f"exclusion {exclusion_id}")

    @post("/api/exclusions", operation_id="addExclusion")
    async def add_exclusion(data: JSONBody[ExclusionBody], request: AnyRequest) -> Exclusion:
        """Keep lists from adding a movie; a person still can."""
        with audit.change(request, "save_exclusion", str(data.tmdb_id)):
            async with database.transaction() as conn:
                return await exclusions.add(conn, data.tmdb_id, data.title, data.year)

    @delete("/api/exclusions/{exclusion_id:int}", operation_id="deleteExclusion")
    async def delete_exclusion(exclusion_id: FromPath[int], request: AnyRequest) -> None:
        """Let lists add a movie again."""
        with audit.change(request, "delete_exclusion", str(exclusion_id)):
            async with database.transaction() as conn:
                if not await exclusions.remove(conn, exclusion_id):
                    raise NotFound(f"There is no exclusion {exclusion_id}.")

    handlers = [list_exclusions, get_exclusion, add_exclusion, delete_exclusion]
    return [Router("/", route_handlers=handlers, guards=[surface.access.requires_key])]
