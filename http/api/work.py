"""`/api/work`: durable work that waits, runs or was given up, for a person to see and retry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from reeld.domain.errors import Refused
from reeld.http.api.filters import require_queue
from reeld.http.ops.audit import AnyRequest
from reeld.http.required import required
from reeld.http.surface import Surface
from reeld.storage.work import WorkItem, WorkState

LARGEST_PAGE = 1000


def work_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of durable work."""

    @get("/", operation_id="listWork")
    async def list_work(
        in_state: Annotated[WorkState | None, QueryParameter(name="state")] = None,
        queue: FromQuery[str | None] = None,
        before: FromQuery[int | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = 100,
    ) -> list[WorkItem]:
        """List work, newest first; pass the last id as `before` for more."""
        found = await surface.work.list(queue=queue, state=in_state, before=before, limit=limit)
        if not found and before is None:
            await require_queue(surface.database, queue)
        return found

    @get("/{work_id:int}", operation_id="getWork")
    async def get_work(work_id: FromPath[int]) -> WorkItem:
        """Show one piece of work."""
        return await known(work_id)

    @post("/{work_id:int}/retry", operation_id="retryWork", status_code=200)
    async def retry_work(work_id: FromPath[int], request: AnyRequest) -> WorkItem:
        """Try dead work again, with all its attempts."""
        with surface.audit.change(request, "retry_work", str(work_id)):
            await known(work_id)
            if not await surface.work.retry_dead(work_id):
                raise Refused(
                    f"Work {work_id} is not dead, or the same work was asked for again meanwhile.",
                    reason="not_dead",
                )
            return await known(work_id)

    @post("/{work_id:int}/discard", operation_id="discardWork", status_code=200)
    async def discard_work(work_id: FromPath[int], request: AnyRequest) -> WorkItem:
        """Give up work that is dead or still waits."""
        with surface.audit.change(request, "discard_work", str(work_id)):
            await known(work_id)
            if not await surface.work.discard(work_id):
                raise Refused(
                    f"Work {work_id} runs or has ended: there is nothing to discard.",
                    reason="not_discardable",
                )
            return await known(work_id)

    async def known(work_id: int) -> WorkItem:
        return required(await surface.work.get(work_id), f"work {work_id}")

    return [
        Router(
            "/api/work",
            route_handlers=[list_work, get_work, retry_work, discard_work],
            guards=[surface.access.requires_key],
        )
    ]
