"""`/api/customformats`: what a person likes or dislikes about releases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import trio
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from reeld.domain.custom_format import CustomFormat
from reeld.domain.errors import NotFound
from reeld.http.api.format_exchange import exchange_handlers
from reeld.http.api.format_views import FormatBody, FormatView
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import formats


def format_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of custom formats."""
    database, audit, known = surface.database, surface.audit, formats.KnownFormats()

    @get("/", operation_id="listFormats")
    async def list_formats() -> list[FormatView]:
        """List the custom formats by name."""
        return [FormatView.of(each) for each in await known.current(database)]

    @get("/{format_id:int}", operation_id="getFormat")
    async def get_format(format_id: FromPath[int]) -> FormatView:
        """Show one custom format."""
        return FormatView.of(await formats.get(database, format_id))

    @post("/", operation_id="addFormat")
    async def add_format(request: AnyRequest, data: JSONBody[FormatBody]) -> FormatView:
        """Make a custom format."""
        with audit.change(request, "change_format", data.name):
            return await stored(await trio.to_thread.run_sync(data.to_format))

    @put("/{format_id:int}", operation_id="changeFormat")
    async def change_format(
        format_id: FromPath[int], request: AnyRequest, data: JSONBody[FormatBody]
    ) -> FormatView:
        """Replace a custom format; profiles keep their points for it."""
        with audit.change(request, "change_format", data.name, id=format_id):
            former = await formats.get(database, format_id)
            return await stored(await trio.to_thread.run_sync(data.to_format, former))

    @delete("/{format_id:int}", operation_id="deleteFormat")
    async def delete_format(format_id: FromPath[int], request: AnyRequest) -> None:
        """Remove a custom format, and its points in every profile."""
        with audit.change(request, "delete_format", str(format_id)):
            async with database.transaction() as conn:
                if not await formats.delete(conn, format_id):
                    raise NotFound(f"There is no custom format {format_id}.")

    async def stored(custom_format: CustomFormat) -> FormatView:
        async with database.transaction() as conn:
            number = await formats.save(conn, custom_format)
            return FormatView.of(await formats.get(conn, number))

    handlers = [list_formats, get_format, add_format, change_format, delete_format]
    return [
        Router(
            "/api/customformats",
            route_handlers=[*handlers, *exchange_handlers(surface, known)],
            guards=[surface.access.requires_key],
        )
    ]
