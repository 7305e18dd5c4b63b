"""`/metrics` for Prometheus, and `/metrics/exportarr` for dashboards that were made for Radarr."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, Router, get

from reeld.http.ops.scraping import ScrapeDesk, takes_gzip
from reeld.http.surface import Surface
from reeld.telemetry import content_type_for


def metrics_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of the metrics; that of exportarr's names only when the settings ask for it."""
    handlers = [_metrics(surface)]
    if surface.settings().server.metrics_exportarr:
        handlers.append(_exportarr(surface))
    return [Router("/", route_handlers=handlers)]


def _metrics(surface: Surface) -> Any:
    desk = ScrapeDesk(surface.refresh_gauges, surface.metrics.render, content_type_for)

    @get(
        "/metrics",
        operation_id="metrics",
        media_type="text/plain",
        guards=[surface.access.requires_metrics_token],
    )
    async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Show all metrics, in the format that the scraper asks for."""
        return await _answer(desk, request)

    return metrics


def _exportarr(surface: Surface) -> Any:
    view = surface.exportarr
    desk = ScrapeDesk(view.refresh, view.render, content_type_for)

    @get(
        "/metrics/exportarr",
        operation_id="metricsExportarr",
        media_type="text/plain",
        guards=[surface.access.requires_metrics_token],
    )
    async def exportarr(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Show what exportarr would show of a Radarr, under its names."""
        return await _answer(desk, request)

    return exportarr


async def _answer(desk: ScrapeDesk, request: Request[Any, Any, Any]) -> Response[bytes]:
    packed = takes_gzip(request.headers.get("accept-encoding", ""))
    body, content_type = await desk.scrape(request.headers.get("accept", ""), packed=packed)
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
    return Response(body, headers={**headers, "Content-Encoding": "gzip"} if packed else headers)
