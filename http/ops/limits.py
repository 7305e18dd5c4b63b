"""Rate limits: what is allowed, and slower for a while."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from reeld.domain.limits import LimitView
from reeld.http.ops.audit import AnyRequest
from reeld.http.ops.orders import WHY, ReasonText
from reeld.http.surface import Surface


class LimitOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of its configured pace a limiter allows from now on. Faster is a matter of the settings.

    Attributes:
        factor: 0.5 is half as often, 1 is the whole pace again.
        seconds: For how long; until the daemon stops when left out.
        reason: A few words.
    """

    factor: Annotated[float, msgspec.Meta(ge=0.001, le=1)]
    seconds: Annotated[float, msgspec.Meta(gt=0, le=7 * 86400)] | None = None
    reason: ReasonText = WHY


def limit_routes(surface: Surface) -> list[Any]:
    """Return the routes of rate limits, below `/control`."""

    @get("/limits", operation_id="listLimits")
    async def limits() -> tuple[LimitView, ...]:
        """List how often each limited service may be called, and when next."""
        return surface.limits.every()

    @post("/limits/{name:str}", operation_id="setLimit", status_code=200)
    async def set_limit(
        name: FromPath[str], request: AnyRequest, data: JSONBody[LimitOrder]
    ) -> LimitView:
        """Call a service less often, for a while or until the daemon stops."""
        with surface.audit.change(request, "set_limit", name, data.reason, factor=data.factor):
            return surface.limits.slow_down(name, data.factor, data.seconds)

    return [limits, set_limit]
