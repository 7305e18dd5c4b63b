"""Around the application: the span of a request, by the conventions for HTTP servers."""

from __future__ import annotations

from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry.trace import Span, SpanKind

from reeld.telemetry import tracing

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Trace:
    """Records each request as a span named after method and route, as a part of the caller's trace if it has one.

    It goes around what measures requests, so that a measurement can name the trace. Neither the query, which some
    clients put keys into, nor the caller's address is told.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and record it; anything but HTTP passes unrecorded."""
        if scope["type"] != ScopeType.HTTP or not tracing.is_on():
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "HTTP"
        with tracing.record(
            method,
            kind=SpanKind.SERVER,
            parent=tracing.parent_in(_header(scope, b"traceparent")),
            attributes=_attributes(scope),
        ) as span:
            await self._app(scope, receive, _watched(send, span))
            if route := str(scope.get("path_template") or ""):
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)


def _watched(send: Send, span: Span) -> Send:
    async def watch(message: Message) -> None:
        if message["type"] == "http.response.start":
            status = message["status"]
            span.set_attribute("http.response.status_code", status)
            # A client's mistake is no failure of the server.
            if status >= 500:
                tracing.fail(span, str(status))
        await send(message)

    return watch


def _attributes(scope: Any) -> dict[str, str | int]:
    method = scope["method"]
    known = method in _METHODS
    found: dict[str, str | int] = {
        "http.request.method": method if known else "_OTHER",
        "url.path": scope["path"],
        "url.scheme": scope["scheme"],
        "network.protocol.version": scope["http_version"],
    }
    if not known:
        found["http.request.method_original"] = method
    if (server := scope.get("server")) is not None:
        found["server.address"] = server[0]
        if server[1] is not None:
            found["server.port"] = server[1]
    return found


def _header(scope: Any, name: bytes) -> str | None:
    """Return a header's value; None when it is absent, or there twice."""
    values = [value for key, value in scope["headers"] if bytes(key).lower() == name]
    return bytes(values[0]).decode("latin-1") if len(values) == 1 else None
