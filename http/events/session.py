"""One client: what it asks for is read, and what it follows is sent, side by side."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Never

import trio
from litestar.exceptions import WebSocketDisconnect

from reeld.domain.errors import DatabaseUnavailable, Refused
from reeld.domain.topics import StreamKind
from reeld.http.events.clients import Clients
from reeld.http.events.frames import Frame, stream_frame
from reeld.http.events.hub import Hub
from reeld.http.events.orders import Order, order_of_message
from reeld.http.events.resuming import replay
from reeld.http.events.states import States
from reeld.http.events.subscription import Ended, Ending, Subscription
from reeld.storage.errors import LeadershipLost
from reeld.storage.events import Events

CODES: Final = {
    Ending.SLOW: 1013,
    Ending.STUCK: 1013,
    Ending.KEY_GONE: 1008,
    Ending.SHUTDOWN: 1001,
    Ending.FAULT: 1012,
    Ending.DATABASE_AWAY: 1013,
}
"""Of RFC 6455, 7.4.1 and its registry: 1001 going away, 1008 policy, 1012 restart, 1013 try again later."""

MOST_ORDERS: Final = 8
"""Messages of a client that wait to be answered; it is read no further before."""


class Session:
    """A client whose socket was accepted.

    Args:
        receive: Of the socket (ASGI).
        send: Of the socket (ASGI).
        known: Whether its key or session still holds.
        hang_up: Cuts its connection.
    """

    def __init__(
        self,
        hub: Hub,
        states: States,
        events: Events,
        *,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
        known: Callable[[], Awaitable[bool]],
        hang_up: Callable[[], None],
    ) -> None:
        self.sending_since: float | None = None
        self.is_known = known
        self.hang_up = hang_up
        self._hub = hub
        self._states = states
        self._events = events
        self._receive = receive
        self._send = send
        self._subscription = Subscription()
        self._follows = False
        self._told = 0

    def end(self, ending: Ending) -> None:
        """Tell it nothing more, and close it with the code that says why."""
        self._subscription.end(ending)

    async def run(self, order: Order, clients: Clients) -> None:
        """Serve the client until it goes or is sent away.

        Args:
            order: What it asked for in its URL.
            clients: Whom it belongs to meanwhile.
        """
        to_answer, orders = trio.open_memory_channel[Order | Refused](MOST_ORDERS)
        clients.add(self)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._hear, to_answer, nursery.cancel_scope)
                ending = await self._tell_until_ended(order, orders)
                if ending is not None:
                    clients.note_dropped(ending)
                    await self._close(ending)
                nursery.cancel_scope.cancel(reason="the client was sent away")
        finally:
            self._hub.leave(self._subscription)
            clients.remove(self)

    async def _hear(
        self, answered: trio.MemorySendChannel[Order | Refused], scope: trio.CancelScope
    ) -> None:
        while (message := await self._receive())["type"] == "websocket.receive":
            try:
                order: Order | Refused = order_of_message(message.get("text") or b"")
            except Refused as refused:
                order = refused
            await answered.send(order)
            self._subscription.wake()
        scope.cancel(reason="the client has gone")

    async def _tell_until_ended(
        self, order: Order, orders: trio.MemoryReceiveChannel[Order | Refused]
    ) -> Ending | None:
        try:
            await self._tell(order, orders)
        except Ended as ended:
            return ended.ending
        except (DatabaseUnavailable, LeadershipLost):
            return Ending.DATABASE_AWAY
        except WebSocketDisconnect:
            return None

    async def _tell(
        self, order: Order, orders: trio.MemoryReceiveChannel[Order | Refused]
    ) -> Never:
        await self._begin(order)
        while True:
            with suppress(trio.WouldBlock):
                await self._obey(orders.receive_nowait())
                continue
            if (frame := self._subscription.take()) is not None:
                await self._say(frame)
            else:
                await self._subscription.wait()

    async def _obey(self, order: Order | Refused) -> None:
        if isinstance(order, Refused):
            data = {"reason": order.reason, "sentence": order.sentence}
            await self._say(stream_frame(StreamKind.ERROR, self._told, data))
        else:
            await self._begin(order)

    async def _begin(self, order: Order) -> None:
        """Tell what was missed, then what is so, and from there on what happens."""
        topics = self._subscription.topics if order.topics is None else order.topics
        await self._states.fetch(topics)
        since = self._hub.head if order.since is None else order.since
        if follows := self._follows and order.since is None:
            # What waits already is not lost by a change of topics.
            self._subscription.topics = topics
        else:
            self._require_welcome()
            self._hub.leave(self._subscription)
            self._subscription = Subscription(topics)
        hello = {"since": since, "topics": sorted(topics)}
        told = self._told if follows else since
        await self._say(stream_frame(StreamKind.HELLO, told, hello))
        if not follows:
            await replay(self._events, self._hub, since, topics, self._say)
        # Nothing is awaited in between: no event falls between what was missed and what happens.
        if not follows:
            self._told = self._hub.head
        states = tuple(self._states.current(topics, self._told))
        self._hub.join(self._subscription)
        self._follows = True
        for frame in states:
            await self._say(frame)
        await self._say(stream_frame(StreamKind.CURRENT, self._told, {}))

    async def _say(self, frame: Frame) -> None:
        self._require_welcome()
        self.sending_since = trio.current_time()
        try:
            await self._send({"type": "websocket.send", "text": frame.text})
        finally:
            self.sending_since = None
        self._told = frame.message.seq

    def _require_welcome(self) -> None:
        if self._subscription.ending is not None:
            raise Ended(self._subscription.ending)

    async def _close(self, ending: Ending) -> None:
        with suppress(WebSocketDisconnect):
            await self._send(
                {"type": "websocket.close", "code": CODES[ending], "reason": str(ending)}
            )
