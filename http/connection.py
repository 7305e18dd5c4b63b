"""One connection: hypercorn speaks the protocol; what a stranger may make of it is bounded here."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import h11
import trio
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol.events import Response
from hypercorn.protocol.h11 import H11Protocol, H11WSConnection
from hypercorn.protocol.ws_stream import FrameTooLargeError, WebsocketBuffer, WSStream
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from hypercorn.utils import parse_socket_addr

from reeld.http.identity.headers import DATA_POLICY, EVERYWHERE
from reeld.http.idling import IdleWatch
from reeld.http.inbox import Tasks
from reeld.http.problems import CONTENT_TYPE, Problem, encoded
from reeld.http.visits import Visit
from reeld.http.wellformed import (
    Malformed,
    is_handshake,
    require_wellformed,
    too_early,
    too_slow,
    unreadable,
)

HANG_UP: Final = "reeld_hang_up"
"""Under this name the state of a request holds what cuts its connection: a WebSocket's client that takes nothing cannot
be told to go."""


HEAD_SECONDS: Final = 10.0
"""How long the head of a request may take from its first byte on."""
LINGER_SECONDS: Final = 1.0
"""How long a client may go on sending, and have it dropped, after it was told to go."""
LARGEST_PART: Final = 64 * 1024
_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError)


class Context(WorkerContext):
    """What hypercorn's connection knows of its server; it sleeps no longer than there is a client."""

    def __init__(self, server: WorkerContext, visit: Visit) -> None:
        super().__init__(None)
        self.visit = visit
        self.terminated = server.terminated
        self.client_has_gone = trio.Event()

    async def sleep(self, wait: float) -> None:  # type: ignore[override]  # a static method there
        """Wait, in seconds, for as long as the client is there."""
        with trio.move_on_after(wait):
            await self.client_has_gone.wait()


class Connection(TCPServer):
    """Hypercorn's connection, over plain TCP or TLS.

    Its own would speak HTTP/2 with whoever asks for it, and outlive its client: by the keep-alive time, or until the next
    ping is due.
    """

    _client_has_gone = False
    _is_leaving = False

    @property
    def _is_tls(self) -> bool:
        stream: Any = self.stream  # which is said to be of TLS always
        return isinstance(stream, trio.SSLStream)

    async def run(self) -> None:
        """Serve the client until it has gone, or is sent away."""
        try:
            if await self._is_secured():
                await self._converse()
        except OSError:
            pass
        finally:
            await self._close()

    async def _is_secured(self) -> bool:
        if not self._is_tls:
            return True
        try:
            with trio.fail_after(self.config.ssl_handshake_timeout):
                await self.stream.do_handshake()
        except (trio.BrokenResourceError, trio.TooSlowError):
            return False
        return True

    async def _converse(self) -> None:
        connected: Any = self.stream.transport_stream if self._is_tls else self.stream
        family = connected.socket.family
        async with Tasks() as tasks:
            self._task_group = tasks
            self._speaks = _Http1(
                self.context.visit,  # type: ignore[attr-defined]
                self.app,
                self.config,
                self.context,
                tasks,
                ConnectionState(self.state),
                self._is_tls,
                parse_socket_addr(family, connected.socket.getpeername()),
                parse_socket_addr(family, connected.socket.getsockname()),
                self.protocol_send,
            )
            self.protocol = self._speaks  # type: ignore[assignment]  # it speaks nothing else
            self._idle = IdleWatch(self.config.keep_alive_timeout, self.context.terminated)
            self.idle_task = self._idle  # type: ignore[assignment]  # it does what the other one does
            await self._idle.restart(tasks, self._idle_timeout)
            await self._read_data()

    async def protocol_send(self, event: Event) -> None:
        """Send what the protocol says; at the end of a conversation the client may first read the last answer."""
        if isinstance(event, Closed) and not (self._client_has_gone or self._is_leaving):
            self._is_leaving = True
            # Closed at once, with something of the client's unread, the connection is reset and the answer is lost.
            self._task_group.spawn(self._leave)
            await self.protocol.handle(event)
        else:
            await super().protocol_send(event)

    async def _leave(self) -> None:
        # TLS has no half of a connection to close.
        with trio.move_on_after(LINGER_SECONDS), suppress(*_GONE, AttributeError):
            async with self.send_lock:
                await self.stream.send_eof()
        await self.context.sleep(LINGER_SECONDS)
        with trio.CancelScope(shield=True):
            await self.stream.aclose()

    async def _read_data(self) -> None:
        while not self._client_has_gone:
            data = await self._receive()
            self._client_has_gone = not data
            if not self._is_leaving:
                await self.protocol.handle(RawData(data))
                if self._speaks.has_begun_a_head:
                    self._idle.hurry(HEAD_SECONDS)
        await self.protocol.handle(Closed())
        self.context.client_has_gone.set()  # type: ignore[attr-defined]
        self._idle.end()

    async def _receive(self) -> bytes:
        """Return what the client says; nothing when it has gone, or is silent for too long."""
        try:
            with trio.fail_after(self.config.read_timeout or math.inf):
                return bytes(await self.stream.receive_some(LARGEST_PART))
        except (*_GONE, trio.TooSlowError):
            return b""

    async def _idle_timeout(self) -> None:
        if self._client_has_gone:
            return
        if self._speaks.has_begun_a_head and not self.context.terminated.is_set():
            await self._speaks.turn_away(too_slow())
        else:
            with trio.CancelScope(shield=True):
                await self._initiate_server_close()


class _Http1(H11Protocol):
    """HTTP/1.1 and its upgrade to a WebSocket. What is no proper request is answered, and the connection ends."""

    _method = b""
    _head = b""

    def __init__(self, visit: Visit, *given: Any) -> None:
        super().__init__(*given)
        self._visit = visit

    @property
    def has_begun_a_head(self) -> bool:
        """Whether a part of a request's head came, and its end did not."""
        connection = self.connection
        return connection.their_state is h11.IDLE and bool(connection.trailing_data[0])

    async def turn_away(self, malformed: Malformed) -> None:
        """Answer what is no request, and end the connection."""
        await self._refuse(malformed)
        await self.send(Closed())

    async def _send_h11_event(self, event: Any) -> None:
        """Send what an event is on the wire: the head of an answer together with what comes after it, which is there."""
        try:
            data = self._head + (self.connection.send(event) or b"")
        except h11.LocalProtocolError:
            if self.connection.their_state is not h11.ERROR:
                raise
            return
        self._head = data if isinstance(event, h11.Response) else b""
        if data and not self._head:
            await self.send(RawData(data))

    async def stream_send(self, event: Any) -> None:
        """Send a part of the answer."""
        if isinstance(event, Response) and self.connection.their_state is h11.SEND_BODY:
            # The rest of the body is not waited for: no other request may follow it.
            event = replace(event, headers=[*event.headers, (b"connection", b"close")])
        await super().stream_send(event)

    async def _handle_events(self) -> None:
        try:
            await super()._handle_events()
        except Malformed as malformed:
            await self.turn_away(malformed)
        except h11.LocalProtocolError:
            # The client went on talking after it was turned away.
            await self.send(Closed())
        else:
            if isinstance(self.stream, WSStream) and self.stream.closed:
                await self.send(Closed())

    async def _maybe_recycle(self) -> None:
        # What comes next is no HEAD, and its refusal has a body, until its own method is known.
        self._method = b""
        self._visit.rests()
        await super()._maybe_recycle()

    async def _check_protocol(self, event: h11.Request) -> None:
        self._method = event.method
        fields = tuple(event.headers)
        require_wellformed(event.method, event.target, event.http_version, fields)
        if is_handshake(event.method, fields) and self.connection.trailing_data[0]:
            raise too_early()
        self._visit.asks()

    async def _send_error_response(self, status_code: int) -> None:
        await self._refuse(unreadable(status_code))

    async def _refuse(self, malformed: Malformed) -> None:
        if isinstance(self.connection, H11WSConnection):
            return
        problem = Problem(
            malformed.status.phrase, malformed.status, malformed.reason, malformed.sentence
        )
        body = encoded(problem)
        headers = {
            **EVERYWHERE,
            "Content-Security-Policy": DATA_POLICY,
            "Content-Type": CONTENT_TYPE,
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        fields += self.config.response_headers("h11")
        await self._send_h11_event(h11.Response(status_code=malformed.status, headers=fields))
        if self._method != b"HEAD":
            await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())


class Unflooded:
    """Bounds what the clients of WebSockets may send, for which hypercorn has no settings.

    It accepts no compression: each client would have a compressor of its own, of some 300 kB, and what is the same for
    all be compressed for each. And a message that is too large is not kept.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any, *more: Any) -> None:
        """Pass the connection on."""
        stream = getattr(send, "__self__", None)
        if isinstance(stream, WSStream):
            stream.handshake.extensions = None
            stream.buffer = _Buffer(stream.buffer.max_length, scope["state"].get(HANG_UP))
        await self._app(scope, receive, send, *more)


class _Buffer(WebsocketBuffer):
    """Takes one message, never more than it may have; hypercorn's own goes on growing while the client goes on."""

    def __init__(self, most: int, hang_up: Any) -> None:
        super().__init__(most)
        self._hang_up = hang_up
        self._is_over = False

    def extend(self, event: Any) -> None:
        if self._is_over and self._hang_up is not None:
            # It was told that its message is too large, and does not stop.
            self._hang_up()
        if self._is_over or self.length + len(event.data) > self.max_length:
            self._is_over = True
            self.clear()
            raise FrameTooLargeError
        super().extend(event)
