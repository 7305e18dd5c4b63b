"""Serves an ASGI app on a loopback port, with a grip on the sockets themselves.

Connections are spoken to by hypercorn's trio worker. The accept loop is our own, because a simulator must also be able
to do what an ASGI app cannot: refuse connections for a while, or reset one in the middle of an answer.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Protocol, cast, runtime_checkable

import trio
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from hypercorn.utils import wrap_app

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

ABORT = "reeld.abort"
"""The ASGI extension under which a handler finds the callable that resets its own connection."""

_BACKLOG = 512
# With linger on and zero seconds, closing a socket sends RST instead of FIN.
_LINGER_ZERO = struct.pack("ii", 1, 0)


@runtime_checkable
class Served(Protocol):
    """An app that wants more than requests."""

    def opened(self, door: Door) -> None:
        """Called once, before the first request, with the door it is served behind."""

    async def work(self) -> None:
        """Run beside the requests, cancelled with the server."""


class Door:
    """The listening socket of one served app and the connections that came through it."""

    def __init__(self, listener: trio.SocketListener) -> None:
        self._listener = listener
        self.port: int = listener.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._streams: set[trio.SocketStream] = set()
        self._accepting = trio.CancelScope()
        self._closed_until = 0.0

    def refuse_for(self, seconds: float) -> None:
        """Close the listening socket and reset every connection; listen again after `seconds`."""
        self._closed_until = trio.current_time() + seconds
        self.reset_connections()
        self._accepting.cancel()

    def reset_connections(self) -> None:
        """Reset every open connection."""
        for stream in tuple(self._streams):
            reset(stream)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._streams)

    async def _accept(self, handler: Callable[[trio.SocketStream], Awaitable[None]]) -> None:
        async with trio.open_nursery() as connections:
            while True:
                with trio.CancelScope() as self._accepting:
                    await trio.serve_listeners(
                        handler, [self._listener], handler_nursery=connections
                    )
                # Only `refuse_for` cancels that scope: serve_listeners has closed the socket.
                await self._listener.aclose()
                await trio.sleep_until(self._closed_until)
                self._listener = _listen(self.port)

    async def _reset_when_cancelled(self) -> None:
        # hypercorn shields its sends: a peer that has stopped reading would hold the shutdown up.
        try:
            await trio.sleep_forever()
        finally:
            self.reset_connections()


def reset(stream: trio.SocketStream) -> None:
    """Close a connection so that its peer sees a reset, not an orderly end."""
    with suppress(OSError):
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    stream.socket.close()


def _listen(port: int) -> trio.SocketListener:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        raise
    return trio.SocketListener(trio.socket.from_stdlib_socket(sock))


def _config(keep_alive: float) -> Config:
    config = Config()
    config.include_server_header = False
    config.keep_alive_timeout = keep_alive
    return config


async def serve_app(
    app: ASGIApp,
    *,
    port: int = 0,
    keep_alive: float = 7.0,
    task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` on loopback until cancelled.

    Args:
        app: Any ASGI 3 app; a `Served` one is handed its `Door` first, and its work is run.
        port: The TCP port; 0 lets the kernel choose.
        keep_alive: Seconds after which an idle connection is closed (7 is qBittorrent's).
        task_status: Reports the URL, such as `http://127.0.0.1:40123`, once connections are accepted.

    Cancellation closes the listening socket and resets what is still open.
    """
    config, context = _config(keep_alive), WorkerContext(None)
    door = Door(_listen(port))
    served = cast("object", app)
    served = served if isinstance(served, Served) else None
    if served is not None:
        served.opened(door)

    async def converse(stream: trio.SocketStream) -> None:
        async def with_abort(scope: Scope, receive: Receive, send: Send) -> None:
            scope["extensions"][ABORT] = lambda: reset(stream)
            await app(scope, receive, send)

        door._streams.add(stream)
        try:
            wrapped = wrap_app(cast("Any", with_abort), 0, "asgi")
            await TCPServer(wrapped, config, context, ConnectionState({}), stream)  # type: ignore[arg-type]
        finally:
            door._streams.discard(stream)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(door._reset_when_cancelled)
        nursery.start_soon(door._accept, converse)
        if served is not None:
            nursery.start_soon(served.work)
        task_status.started(door.url)


@asynccontextmanager
async def serve(app: ASGIApp, *, port: int = 0, keep_alive: float = 7.0) -> AsyncIterator[str]:
    """Serve `app` on loopback inside the block and hand out its URL.

    Args:
        app: Any ASGI 3 app.
        port: The TCP port; 0 lets the kernel choose.
        keep_alive: Seconds after which an idle connection is closed.
    """
    async with trio.open_nursery() as nursery:
        url: str = await nursery.start(partial(serve_app, app, port=port, keep_alive=keep_alive))
        try:
            yield url
        finally:
            nursery.cancel_scope.cancel()
