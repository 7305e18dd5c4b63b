"""The headers by which browsers keep an answer in its place; OWASP ASVS 5.0, chapter 3.4, names each."""

from __future__ import annotations

from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from reeld.http.identity.cookies import is_secure

EVERYWHERE: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
DATA_POLICY: Final = "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
"""An answer that is no page loads and runs nothing, wherever it is shown."""
PAGE_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; connect-src 'self'; style-src 'self'; script-src 'self';"
    " object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
"""Pages take everything from reeld itself, and nothing that is written into them."""
TLS_SECONDS: Final = 31_536_000
"""For a year, whoever came over TLS comes back over TLS alone (ASVS 3.4.1)."""


class Careful:
    """Adds them to every answer that does not have them: also to those of the framework itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, careful(scope, send))


def careful(scope: Scope, send: Send) -> Send:
    """Return what sends an answer with its headers."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {bytes(name).lower(): bytes(value) for name, value in message["headers"]}
            wanted = _wanted(scope, given.get(b"content-type", b""))
            missing = [(name, value) for name, value in wanted.items() if name not in given]
            message["headers"] = [*message["headers"], *missing]
        await send(message)

    return add


def _wanted(scope: Any, content_type: bytes) -> dict[bytes, bytes]:
    policy = PAGE_POLICY if content_type.startswith(b"text/html") else DATA_POLICY
    headers = {**EVERYWHERE, "Content-Security-Policy": policy}
    if is_secure(scope):
        headers["Strict-Transport-Security"] = f"max-age={TLS_SECONDS}"
    return {name.lower().encode(): value.encode() for name, value in headers.items()}
