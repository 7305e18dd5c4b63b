"""`/metrics` for Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import trio
from litestar import Request, Response, Router, get

from reeld.http.surface import Surface


def metrics_routes(surface: Surface) -> Sequence[Any]:
    """Return the route of the metrics."""
    # Two scrapers at once are plenty; more would only wait for one another's work.
    limiter = trio.CapacityLimiter(2)

    @get(
        "/metrics",
        operation_id="metrics",
        media_type="text/plain",
        guards=[surface.access.requires_metrics_token],
    )
    async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Show all metrics, in the format that the scraper asks for."""
        surface.refresh_gauges()
        body, content_type = await trio.to_thread.run_sync(
            surface.metrics.render, request.headers.get("accept", ""), limiter=limiter
        )
        return Response(body, headers={"Content-Type": content_type})

    return [Router("/", route_handlers=[metrics])]
