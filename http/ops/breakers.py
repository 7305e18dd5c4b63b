"""Breakers by hand: reset, held open, or taken out of the way."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody

from reeld.http.ops.audit import AnyRequest
from reeld.http.ops.orders import WHY, ReasonText
from reeld.http.surface import Surface
from reeld.supervisors import NodeSnapshot


class BreakerOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which breaker of an actor, and why.

    Attributes:
        breaker: Its name, as the tree shows it. In the body, because that of a folder or a feed holds slashes.
        reason: A few words.
    """

    breaker: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    reason: ReasonText = WHY


def breaker_routes(surface: Surface) -> list[Any]:
    """Return the routes of breakers, below `/control`."""
    control, audit = surface.control, surface.audit

    @post("/actors/{name:str}/breakers/reset", operation_id="resetBreaker", status_code=200)
    async def reset_breaker(
        name: FromPath[str], request: AnyRequest, data: JSONBody[BreakerOrder]
    ) -> NodeSnapshot:
        """Have a breaker forget what it has seen: the next call is a probe."""
        with audit.change(request, "reset_breaker", data.breaker, data.reason, actor=name):
            control.reset_breaker(name, data.breaker)
            return control.node(name)

    @post("/actors/{name:str}/breakers/open", operation_id="openBreaker", status_code=200)
    async def open_breaker(
        name: FromPath[str], request: AnyRequest, data: JSONBody[BreakerOrder]
    ) -> NodeSnapshot:
        """Have a breaker refuse all calls until it is reset."""
        with audit.change(request, "open_breaker", data.breaker, data.reason, actor=name):
            control.force_open(name, data.breaker, data.reason)
            return control.node(name)

    @post("/actors/{name:str}/breakers/disable", operation_id="disableBreaker", status_code=200)
    async def disable_breaker(
        name: FromPath[str], request: AnyRequest, data: JSONBody[BreakerOrder]
    ) -> NodeSnapshot:
        """Have a breaker let all calls through, whatever becomes of them, until it is reset."""
        with audit.change(request, "disable_breaker", data.breaker, data.reason, actor=name):
            control.disable_breaker(name, data.breaker, data.reason)
            return control.node(name)

    return [reset_breaker, open_breaker, disable_breaker]
