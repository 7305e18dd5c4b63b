"""`/api/tags`: labels that tie movies to delay profiles, release profiles and indexers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import NotFound
from reeld.http.ops.audit import AnyRequest
from reeld.http.required import required
from reeld.http.surface import Surface
from reeld.storage.repositories import tags
from reeld.storage.repositories.tags import LONGEST_LABEL, Tag, TagUse


class TagBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tag to be made or renamed; its label is stored in lower case."""

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_LABEL)]


class MovieTags(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of all tags that a movie shall have."""

    tags: Annotated[list[int], msgspec.Meta(max_length=100)]


def tag_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of tags."""
    database, audit = surface.database, surface.audit
    there = ResponseSpec(Tag, description="It was there already.")

    @get("/api/tags", operation_id="listTags")
    async def list_tags() -> list[TagUse]:
        """List the tags, and where each is used."""
        return await tags.usage(database)

    @get("/api/tags/{tag_id:int}", operation_id="getTag")
    async def get_tag(tag_id: FromPath[int]) -> TagUse:
        """Show a tag, and where it is used."""
        return required(await tags.use_of(database, tag_id), f"tag {tag_id}")

    @post("/api/tags", operation_id="addTag", responses={200: there})
    async def add_tag(data: JSONBody[TagBody], request: AnyRequest) -> Response[Tag]:
        """Make a tag: 201, or 200 when there is one with that label."""
        with audit.change(request, "save_tag", data.label):
            async with database.transaction() as conn:
                tag, is_new = await tags.add(conn, data.label)
        return Response(tag, status_code=201 if is_new else 200)

    @put("/api/tags/{tag_id:int}", operation_id="renameTag")
    async def rename_tag(
        tag_id: FromPath[int], data: JSONBody[TagBody], request: AnyRequest
    ) -> Tag:
        """Give a tag another label."""
        with audit.change(request, "save_tag", str(tag_id), label=data.label):
            async with database.transaction() as conn:
                return await tags.rename(conn, tag_id, data.label)

    @delete("/api/tags/{tag_id:int}", operation_id="deleteTag")
    async def delete_tag(tag_id: FromPath[int], request: AnyRequest) -> None:
        """Delete a tag, and take it from everything that has it."""
        with audit.change(request, "delete_tag", str(tag_id)):
            async with database.transaction() as conn:
                if not await tags.delete(conn, tag_id):
                    raise NotFound(f"There is no tag {tag_id}.")

    @put("/api/movies/{movie_id:int}/tags", operation_id="tagMovie")
    async def tag_movie(
        movie_id: FromPath[int], data: JSONBody[MovieTags], request: AnyRequest
    ) -> list[Tag]:
        """Say which tags a movie has, and return them."""
        with audit.change(request, "tag_movie", str(movie_id), tags=data.tags):
            async with database.transaction() as conn:
                if not await tags.set_of_movie(conn, movie_id, data.tags):
                    raise NotFound(f"There is no movie {movie_id}.")
                return [each for each in await tags.every(conn) if each.id in data.tags]

    return [
        Router(
            "/",
            route_handlers=[list_tags, get_tag, add_tag, rename_tag, delete_tag, tag_movie],
            guards=[surface.access.requires_key],
        )
    ]
