"""`/api/blocklist`: releases that are not fetched again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Router, delete, get
from litestar.params import FromPath, QueryParameter

from reeld.domain.errors import NotFound
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import blocklist
from reeld.storage.repositories.blocklist import Blocked


@dataclass(frozen=True, slots=True)
class BlocklistPage:
    """Some blocked releases, newest first; `next` is what to pass as `before` for more."""

    releases: list[Blocked]
    next: int | None


def blocklist_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of the blocklist."""
    database, audit = surface.database, surface.audit

    @get("/", operation_id="listBlocklist")
    async def list_blocklist(
        before: Annotated[int | None, QueryParameter(ge=1, le=2**53)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> BlocklistPage:
        """List the releases that are not fetched again, newest first."""
        found = await blocklist.page(database, before=before, limit=limit)
        return BlocklistPage(found, found[-1].id if len(found) == limit else None)

    @delete("/{blocked_id:int}", operation_id="unblockRelease")
    async def unblock(blocked_id: FromPath[int], request: AnyRequest) -> None:
        """Let a release be fetched again."""
        with audit.change(request, "unblock_release", str(blocked_id)):
            async with database.transaction() as conn:
                if not await blocklist.remove(conn, blocked_id):
                    raise NotFound(f"There is no blocked release {blocked_id}.")

    return [
        Router(
            "/api/blocklist",
            route_handlers=[list_blocklist, unblock],
            guards=[surface.access.requires_key],
        )
    ]
