"""Middleware that measures every request, labelled with its route's template."""

from __future__ import annotations

import time

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from reeld.telemetry import Metrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Measure:
    """Counts requests by method, route and status, and observes how long they took."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._in_progress = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and measure it; anything but HTTP passes unmeasured."""
        if scope["type"] != ScopeType.HTTP:  # a plain string, whatever the types say
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._count_in_progress(1)
        try:
            await self._app(scope, receive, watch)
        finally:
            self._count_in_progress(-1)
            # What a client makes up must not become a label: an unknown path or method is one series.
            route = str(scope.get("path_template") or "unmatched")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.add(
                "reeld_http_requests_total", method=method, route=route, status=str(status)
            )
            self._metrics.observe(
                "reeld_http_request_duration_seconds",
                time.perf_counter() - started,
                method=method,
                route=route,
            )

    def _count_in_progress(self, change: int) -> None:
        self._in_progress += change
        self._metrics.set("reeld_http_requests_in_progress", self._in_progress)
