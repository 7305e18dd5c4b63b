"""What a client has sent and the application has not taken yet: a few parts, and never in the way of the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

import trio
from hypercorn.trio.task_group import TaskGroup

MOST_PARTS: Final = 10
"""Parts of a body, or messages, that wait; the client is read no further before. A part has 64 KiB at most."""
_LAST: Final = frozenset({"http.disconnect", "websocket.disconnect"})


class Inbox:
    """Hands messages over in their order. Whoever puts waits while it is full, unless it is the last message."""

    def __init__(self) -> None:
        self._waiting: deque[Any] = deque()
        self._last: Any = None
        self._news = trio.lowlevel.ParkingLot()
        self._room = trio.lowlevel.ParkingLot()

    async def put(self, message: Any) -> None:
        """Put a message; one that comes after the last is dropped.

        The last never waits: it comes from the task that should take the others, when that is done with them.
        """
        if message["type"] in _LAST:
            self._last = message
            self._room.unpark_all()
        else:
            await trio.lowlevel.checkpoint()
            while self._last is None and len(self._waiting) >= MOST_PARTS:
                await self._room.park()
            if self._last is None:
                self._waiting.append(message)
        self._news.unpark()

    async def take(self) -> Any:
        """Take the next message, when there is one; after all others the last, as often as it is asked for."""
        await trio.lowlevel.checkpoint()
        while not self._waiting and self._last is None:
            await self._news.park()
        if not self._waiting:
            return self._last
        self._room.unpark()
        return self._waiting.popleft()


class Tasks(TaskGroup):
    """Hypercorn's tasks of a connection, of which each takes from an inbox.

    Hypercorn's own channel is full for ever when an application answers without having read a long body: the end of the
    request then waits in it, and the connection is never given back.
    """

    async def spawn_app(
        self, app: Any, config: Any, scope: Any, send: Any
    ) -> Callable[[Any], Awaitable[None]]:
        """Start the application on a request."""
        inbox = Inbox()

        async def run(scope: Any, _receive: Any, send: Any, *more: Any) -> None:
            await app(scope, inbox.take, send, *more)

        typed: Any = run
        await super().spawn_app(typed, config, scope, send)
        return inbox.put
