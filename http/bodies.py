"""Which bodies are taken: those that are not packed, and that are whole in time."""

from __future__ import annotations

from typing import Any, Final

import trio
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send

from reeld.http.identity.refusals import refuse
from reeld.http.problems import Problem, encoded

BODY_SECONDS: Final = 30.0
"""How long a client has to send its body. The largest then comes with 35 kB/s, and nobody sends a byte a minute."""
_SLOW: Final = f"The body was not whole after {BODY_SECONDS:.0f} s. Send it again, faster."
_PACKED: Final = "Bodies are not unpacked here. Send it as it is, without a Content-Encoding."


class BodyTooSlow(HTTPException):
    """The body is not there in time (408)."""

    def __init__(self) -> None:
        super().__init__(status_code=408, detail=_SLOW)


class Bodies:
    """Refuses bodies that are packed, which may be far larger than they look, and waits for no other without end.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        if _is_packed(scope):
            problem = Problem("Unsupported Media Type", 415, "body_packed", _PACKED)
            await refuse(scope, send, encoded(problem), 415, [(b"accept-encoding", b"identity")])
            return
        try:
            await self._app(scope, _in_time(receive), send)
        except BodyTooSlow as error:
            # It was read by what stands around the routes, where nobody answers for them.
            problem = Problem("Request Timeout", 408, "request_timeout", error.detail)
            await refuse(scope, send, encoded(problem), 408, [])


def _is_packed(scope: Any) -> bool:
    packings = (value for name, value in scope["headers"] if name == b"content-encoding")
    return any(value.strip().lower() not in {b"", b"identity"} for value in packings)


def _in_time(receive: Receive) -> Receive:
    """Return what receives a body while there is time; what comes after the body may take as long as it likes."""
    deadline = trio.current_time() + BODY_SECONDS
    is_whole = False

    async def take() -> Any:
        nonlocal is_whole
        with trio.move_on_at(float("inf") if is_whole else deadline):
            message = await receive()
            is_whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message
        raise BodyTooSlow

    return take
