"""What somebody hears whose WebSocket is not opened: a status and a problem, as anybody else whom reeld refuses."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send

from reeld.domain.errors import ReeldError
from reeld.http.identity.refusals import refuse
from reeld.http.problems import Problem, encoded, status_of
from reeld.telemetry import redaction

_ERROR: Final = "reeld_error"


async def note_error(error: Exception, scope: Scope) -> None:
    """Leave a mark of what went wrong, for `Litestar(after_exception=...)`: a socket's close does not say it."""
    if scope["type"] == ScopeType.WEBSOCKET:
        marks: Any = scope
        marks[_ERROR] = error


class TurnedAway:
    """Answers in place of a close before the socket was opened, of which a client would see a bare 403.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != ScopeType.WEBSOCKET:
            await self._app(scope, receive, send)
            return
        is_answered = False

        async def say(message: Any) -> None:
            nonlocal is_answered
            if message["type"] == "websocket.close" and not is_answered:
                problem = _problem(scope.get(_ERROR))
                await refuse(scope, send, encoded(problem), problem.status, [])
            else:
                await send(message)
            is_answered = True

        await self._app(scope, receive, say)


def _problem(error: object) -> Problem:
    match error:
        case HTTPException(status_code=status, detail=said) if status < 500:
            phrase = HTTPStatus(status).phrase
            reason = phrase.lower().replace(" ", "_")
        case ReeldError(reason=reason, sentence=said):
            status = status_of(error)
            phrase = HTTPStatus(status).phrase
        case _:
            said = "reeld failed on this request; its log says why."
            status, phrase, reason = 500, "Internal Server Error", "internal_error"
    return Problem(phrase, int(status), reason, redaction.text(said))
