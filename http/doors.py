"""Two doors into one application: people and programs by one, operations by the other."""

from __future__ import annotations

from enum import Enum
from typing import Final

from litestar.types import ASGIApp, Receive, Scope, Send

from reeld.http.identity.headers import careful
from reeld.http.identity.refusals import refuse
from reeld.http.problems import Problem, encoded
from reeld.http.sides import is_of_operations

AT_BOTH: Final = "/health"
"""Liveness is asked at each door: one can be dead while the other answers."""


class Side(Enum):
    """Which door it is."""

    PEOPLE = "people"
    OPERATIONS = "operations"


class Door:
    """Lets through what belongs to one side; anything else is not there.

    Args:
        app: The whole application.
        side: Which side this door is on.
    """

    def __init__(self, app: ASGIApp, side: Side) -> None:
        self._app = app
        self._side = side

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 404."""
        path = scope["path"]
        if path == AT_BOTH or is_of_operations(path) is (self._side is Side.OPERATIONS):
            await self._app(scope, receive, send)
        else:
            await _turn_away(scope, careful(scope, send), self._side)


async def _turn_away(scope: Scope, send: Send, side: Side) -> None:
    sentence = {
        Side.PEOPLE: "Health, metrics and control are served where REELD_OPS_BIND says.",
        Side.OPERATIONS: "Only health, metrics and control are served here; the rest is where REELD_BIND says.",
    }[side]
    await refuse(scope, send, encoded(Problem("Not Found", 404, "other_door", sentence)), 404, [])
