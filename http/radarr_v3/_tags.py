"""`tag` and `tag/detail`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, delete, get, post, put
from litestar.params import FromPath

from reeld.http.radarr_v3._answers import accepted, answered, created
from reeld.http.radarr_v3._asked import AnyRequest, number_of, read_body
from reeld.http.radarr_v3._errors import Missing
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import tags
from reeld.storage.repositories.tags import Tag, TagUse


def tag_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of tags."""
    database, audit = frame.database, frame.surface.audit

    @get("/tag")
    async def list_tags() -> Response[bytes]:
        return answered([_written(each) for each in await tags.every(database)])

    @get("/tag/{tag_id:int}")
    async def get_tag(tag_id: FromPath[int]) -> Response[bytes]:
        found = [each for each in await tags.every(database) if each.id == tag_id]
        if not found:
            raise Missing
        return answered(_written(found[0]))

    @post("/tag")
    async def add(request: AnyRequest) -> Response[bytes]:
        label = (await read_body(request)).text("label")
        with audit.change(request, "save_tag", label[:100]):
            async with database.transaction() as conn:
                tag, _ = await tags.add(conn, label)
        return created(_written(tag))

    @put(["/tag", "/tag/{tag_id:int}"])
    async def rename(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        number = number_of(request, body)
        with audit.change(request, "save_tag", str(number)):
            async with database.transaction() as conn:
                return accepted(_written(await tags.rename(conn, number, body.text("label"))))

    @delete("/tag/{tag_id:int}", status_code=200)
    async def remove(tag_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "delete_tag", str(tag_id)):
            async with database.transaction() as conn:
                if not await tags.delete(conn, tag_id):
                    raise Missing
        return answered({})

    @get("/tag/detail")
    async def list_uses() -> Response[bytes]:
        movies = await tags.movies_by_tag(database)
        return answered([_use(each, movies) for each in await tags.usage(database)])

    @get("/tag/detail/{tag_id:int}")
    async def get_use(tag_id: FromPath[int]) -> Response[bytes]:
        found = [each for each in await tags.usage(database) if each.id == tag_id]
        if not found:
            raise Missing
        return answered(_use(found[0], await tags.movies_by_tag(database)))

    return [list_tags, get_tag, add, rename, remove, list_uses, get_use]


def _written(tag: Tag) -> Json:
    return {"id": tag.id, "label": tag.label}


def _use(use: TagUse, movies: dict[int, list[int]]) -> Json:
    return {
        "id": use.id,
        "label": use.label,
        "delayProfileIds": list(use.delay_profiles),
        "importListIds": [],
        "notificationIds": [],
        "releaseProfileIds": list(use.release_profiles),
        "indexerIds": [],
        "downloadClientIds": [],
        "autoTagIds": [],
        "movieIds": movies.get(use.id, []),
    }
