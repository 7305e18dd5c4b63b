"""Around the application: every request is measured."""

from __future__ import annotations

import time
from typing import Any, Final

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from reeld.telemetry import Metrics

UNMATCHED: Final = "unmatched"
"""The route of what no route matches: a client may make up as many paths as it likes."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


_TOGETHER: Final = {
    "blocklist": "queue",
    "customformats": "profiles",
    "delayprofiles": "profiles",
    "keys": "session",
    "login": "session",
    "logout": "session",
    "qualitydefinitions": "profiles",
    "releaseprofiles": "profiles",
    "sessions": "session",
    "tags": "profiles",
    "users": "session",
    "schema": "info",
    "history": "queue",
    "wanted": "movies",
    "test": "control",
    "decide": "releases",
    "groups": "releases",
    "calendar": "movies",
    "calendar.ics": "movies",
    "collections": "movies",
    "commands": "work",
    "discover": "movies",
    "downloadclients": "queue",
    "feeds": "indexers",
    "images": "movies",
    "downloads": "queue",
    "exclusions": "movies",
    "logs": "info",
    "rootfolders": "movies",
    "search": "movies",
    "settings": "info",
    "statistics": "movies",
}
"""What is about one thing, in the histogram, though it has paths of its own."""


def routes_of(app: Litestar) -> list[tuple[str, str]]:
    """Return the methods and routes that requests are counted by, and that of everything else."""
    routes = {
        (method, counted_as(route.path_format))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.route_handler_map
        if method in _METHODS - {"HEAD", "OPTIONS"}
    }
    return [*sorted(routes), ("GET", UNMATCHED)]


def counted_as(route: str) -> str:
    """Return the label of a route: what it is about, such as `/api/movies` for `/api/movies/{movie_id}/search`.

    With a label for each template, routes would be most of a scrape: every series is there from the start. Spans name
    the template.
    """
    match route.strip("/").split("/"):
        case parts if _is_radarrs(parts):
            return "/api/v3"
        case [("api" | "control") as side, about, *_]:
            return f"/{side}/{about}"
        case _:
            return route


def area_of(route: str) -> str:
    """Return what a route is about: `movies` for `/api/movies/{movie_id}`, `radarr_v3` for all of Radarr's API.

    A histogram for each route would be most of a scrape.
    """
    match route.strip("/").split("/"):
        case parts if _is_radarrs(parts):
            return "radarr_v3"
        case ["api", area, *_] | [area, *_]:
            return _TOGETHER.get(area, area) or UNMATCHED
        case _:
            return UNMATCHED


def _is_radarrs(parts: list[str]) -> bool:
    """Whether a route is one that clients of Radarr's call."""
    match parts:
        case ["api"] | ["api", "v3", *_] | [("feed" | "mediacover" | "ping" | "signalr"), *_]:
            return True
        case _:
            return False


class Measure:
    """Counts requests by method, route and status, and observes how long they took by what they were about.

    It goes around the whole application: what the framework refuses by itself is counted too.
    """

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

        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._count_in_progress(1)
        try:
            await self._app(scope, receive, watch)
        finally:
            self._count_in_progress(-1)
            # What a client makes up must not become a label: an unknown path or method is one series.
            route = str(scope.get("path_template") or UNMATCHED)
            self._metrics.add(
                "reeld_http_requests_total",
                method=method,
                route=counted_as(route),
                status=str(status),
            )
            self._metrics.observe(
                "reeld_http_request_duration_seconds",
                time.perf_counter() - started,
                area=area_of(route),
            )

    def _count_in_progress(self, change: int) -> None:
        self._in_progress += change
        self._metrics.set("reeld_http_requests_in_progress", self._in_progress)


class HeadAsGet:
    """Answers HEAD as GET (RFC 9110, 9.3.2); the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        # A copy: the server looks into its own scope to know whether there is a body to be sent.
        asked: Any = {**scope, "method": "GET"}
        try:
            await self._app(asked, receive, send)
        finally:
            if "path_template" in asked:
                scope["path_template"] = asked["path_template"]
