"""`/api/test/circuit-breaker`: an operator rehearses the outage of a service. Off unless the settings allow it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import NotFound, Refused
from reeld.domain.rehearsal import Outage, Rehearsal, RehearsedService
from reeld.http.ops.audit import AnyRequest
from reeld.http.ops.orders import WHY, ReasonText
from reeld.http.surface import Surface


class RehearsalOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An outage to be rehearsed.

    Attributes:
        seconds: How long; it ends by itself.
        outage: How it fails. PostgreSQL can only be down.
        reason: A few words.
    """

    seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 60.0
    outage: Outage = Outage.DOWN
    reason: ReasonText = WHY


def rehearsal_routes(surface: Surface) -> list[Any]:
    """Return the routes of rehearsed outages."""
    path = "/circuit-breaker/{service:str}"

    # Whoever looks must be able to see that a failure is meant; to make one is another matter.
    @get(
        "/circuit-breaker",
        operation_id="listRehearsals",
        guards=[surface.access.requires_key],
    )
    async def list_rehearsals() -> tuple[Rehearsal, ...]:
        """List the services that fail on purpose."""
        return surface.rehearsals.active()

    @post(
        path,
        operation_id="rehearseOutage",
        status_code=200,
        guards=[surface.access.requires_admin],
    )
    async def rehearse(
        service: FromPath[str], request: AnyRequest, data: JSONBody[RehearsalOrder | None] = None
    ) -> tuple[Rehearsal, ...]:
        """Have a service fail for a while, as it would by itself."""
        order = data or RehearsalOrder()
        change = surface.audit.change(
            request, "rehearse_outage", service, order.reason, outage=str(order.outage)
        )
        with change:
            known = _known(surface, service)
            surface.rehearsals.begin(known, order.outage, order.seconds)
        return surface.rehearsals.active()

    @post(
        f"{path}/end",
        operation_id="endRehearsal",
        status_code=200,
        guards=[surface.access.requires_admin],
    )
    async def end(service: FromPath[str], request: AnyRequest) -> tuple[Rehearsal, ...]:
        """Let a service work again before its time."""
        with surface.audit.change(request, "end_rehearsal", service):
            surface.rehearsals.end(_known(surface, service))
        return surface.rehearsals.active()

    return [Router("/api/test", route_handlers=[list_rehearsals, rehearse, end])]


def _known(surface: Surface, name: str) -> RehearsedService:
    if not surface.settings().server.rehearsals:
        raise Refused(
            "Rehearsals are switched off. Set `rehearsals = true` (REELD_REHEARSALS=true) to allow them.",
            reason="rehearsals_off",
        )
    try:
        return RehearsedService(name)
    except ValueError:
        raise NotFound(
            f"There is no service {name!r} to rehearse with: it is one of {', '.join(RehearsedService)}.",
            reason="no_such_service",
        ) from None
