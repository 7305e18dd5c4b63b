"""`indexer`: what Prowlarr pushes and follows, and what the settings name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, delete, get, post, put
from litestar.params import FromPath

from reeld.domain.torznab import Implementation
from reeld.http.radarr_v3._answers import accepted, answered, created
from reeld.http.radarr_v3._asked import AnyRequest, Query, number_of, read_body
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._indexer_desk import IndexerDesk
from reeld.http.radarr_v3._indexer_forms import (
    blank,
    read_indexer,
)
from reeld.http.radarr_v3._indexers_known import FIRST_STORED


def indexer_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of indexers."""
    desk, audit = IndexerDesk(frame), frame.surface.audit

    @get("/indexer")
    async def list_indexers() -> Response[bytes]:
        return answered(await desk.every())

    @get("/indexer/schema")
    async def schema() -> Response[bytes]:
        return answered([blank(each) for each in Implementation])

    @get("/indexer/{indexer_id:int}")
    async def get_indexer(indexer_id: FromPath[int]) -> Response[bytes]:
        return answered(await desk.one(indexer_id))

    @post("/indexer")
    async def add(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        with audit.change(request, "add_indexer", body.text("name")[:100]):
            return created(await desk.save(body, None, Query.of(request).flag("forceSave")))

    @put(["/indexer", "/indexer/{indexer_id:int}"])
    async def change(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        with audit.change(request, "change_indexer", body.text("name")[:100]):
            stored = await desk.stored(number_of(request, body))
            return accepted(await desk.save(body, stored, Query.of(request).flag("forceSave")))

    @delete("/indexer/{indexer_id:int}", status_code=200)
    async def remove(indexer_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "delete_indexer", str(indexer_id)):
            await desk.remove([indexer_id])
        return answered({})

    @delete("/indexer/bulk", status_code=200)
    async def remove_many(request: AnyRequest) -> Response[bytes]:
        numbers = (await read_body(request)).integers("ids")
        with audit.change(request, "delete_indexer", f"{len(numbers)} indexers"):
            await desk.remove(numbers)
        return answered({})

    @post("/indexer/test", status_code=200)
    async def test(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        with audit.change(request, "test_indexer", body.text("name")[:100]):
            number = body.integer("id")
            stored = await desk.stored(number) if number >= FIRST_STORED else None
            await desk.try_out(read_indexer(body, stored, await desk.labels()))
        return answered({})

    return [list_indexers, schema, get_indexer, add, change, remove, remove_many, test]
