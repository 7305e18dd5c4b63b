"""What identity refuses: errors that routes raise, and answers of what stands around the routes."""

from __future__ import annotations

from math import ceil
from typing import Any

from litestar.enums import ScopeType
from litestar.types import Scope, Send

from reeld.domain.errors import ReeldError, Unavailable


class WrongCredentials(ReeldError):
    """Name and password do not fit; which of both is wrong is never said."""

    default_reason = "wrong_credentials"


class KeyExpired(ReeldError):
    """A key that was one until its time was over."""

    default_reason = "key_expired"


class NotAllowed(ReeldError):
    """Whoever asks is known and may not do this."""

    default_reason = "forbidden"


class ForeignRequest(ReeldError):
    """A page of another origin, or one without the session's token, would use a person's session."""

    default_reason = "foreign_origin"


class TooMany(Unavailable):
    """Too many attempts or requests: it works again after a while."""

    default_reason = "too_many_attempts"


def waiting(seconds: float) -> TooMany:
    """Return what says how long to wait after wrong passwords or keys."""
    wait = ceil(seconds)
    return TooMany(f"Too many wrong attempts. Try again in {wait} s.", retry_after=float(wait))


async def refuse(
    scope: Scope, send: Send, body: bytes, status: int, headers: list[tuple[bytes, bytes]]
) -> None:
    """Answer a request with a problem; a WebSocket that is not accepted yet too (ASGI's `websocket.http.response`)."""
    kind = "websocket.http.response" if scope["type"] == ScopeType.WEBSOCKET else "http.response"
    head = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        *headers,
    ]
    start: Any = {"type": f"{kind}.start", "status": status, "headers": head}
    await send(start)
    end: Any = {"type": f"{kind}.body", "body": body, "more_body": False}
    await send(end)
