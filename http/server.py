"""The web server: one supervised child that serves the application on a socket it does not own."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from functools import partial
from typing import Any, Final

import structlog
import trio
from hypercorn.config import Config
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from hypercorn.utils import wrap_app

from reeld.domain.errors import Refused
from reeld.http.connection import HANG_UP, Connection, Context, Unflooded
from reeld.http.crowd import Crowd
from reeld.http.tls import Certificate
from reeld.http.visits import Visit
from reeld.telemetry import Metrics

log = structlog.get_logger("reeld.http")

GRACE_SECONDS: Final = 3.0
"""How long a request may go on after the server was told to stop."""
HANG_UP_SECONDS: Final = 1.0
"""How long a connection that was closed under its handler may take to end."""
HANDSHAKE_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 75.0
"""How long a connection is kept without the first byte of a request."""
SILENT_SECONDS: Final = 120.0
"""How long a client that is due to send may be silent; longer than any request of ours takes to answer."""
PING_SECONDS: Final = 20.0
"""How often a WebSocket is pinged. A client whose machine is gone is noticed `UNREAD_SECONDS` later, one that answers no
ping and says nothing else after `SILENT_SECONDS`."""
LARGEST_MESSAGE: Final = 16 * 1024
"""Bytes of a message that a client may send over a WebSocket."""
UNREAD_SECONDS: Final = 30.0
"""How long a client may leave what it was sent unacknowledged or unread, before the system resets the connection."""


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    It is made once, before the actor tree starts, so that a web server that is restarted finds the same port, and a
    port in use is said at once.

    Args:
        host: A name or an address; looked up with the system's resolver.
        port: 0 lets the system choose.

    Raises:
        Refused: The address cannot be bound; the sentence says which setting to change.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot_bind(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it (tcp(7)).
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_SECONDS * 1000))
        listener.bind(address)
        listener.listen(128)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _cannot_bind(host, port, error) from error
    return listener


def _cannot_bind(host: str, port: int, error: OSError) -> Refused:
    if error.errno == errno.EADDRINUSE:
        return Refused(
            f"Port {port} on {host} is in use, perhaps by another reeld. Stop it or set REELD_BIND.",
            reason="address_in_use",
        )
    return Refused(
        f"Cannot listen on {host}:{port}: {error.strerror or error}. Correct REELD_BIND.",
        reason="cannot_bind",
    )


def url_of(listener: socket.socket, *, over_tls: bool = False) -> str:
    """Return the URL under which a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    scheme = "https" if over_tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class WebServer:
    """Serves an application until it is told to stop; then it can be run again on the same socket.

    Hypercorn speaks the protocol on each connection, within the bounds of `connection.py`. Accepting is done here,
    because it must be bounded: in how many connections there are, and in how long the end takes, whatever a client does
    or leaves undone.

    Args:
        listener: A listening socket, which stays the caller's and stays open.
        app: The ASGI application; it may also be set later, before `run`. It gets no lifespan events: what it needs
            lives elsewhere in the tree.
        certificate: What TLS is served with; None serves plain HTTP.
        crowd: Bounds the connections; without it they are bounded and shown nowhere.
    """

    def __init__(
        self,
        listener: socket.socket,
        app: Any = None,
        *,
        certificate: Certificate | None = None,
        crowd: Crowd | None = None,
    ) -> None:
        self.app = app
        self._listener = listener
        self._certificate = certificate
        self._crowd = crowd or Crowd(Metrics(), "people")
        self._config = _config()
        self._open: set[trio.SocketStream] = set()
        self._stop = trio.Event()
        self._quiet = trio.Event()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def stop(self) -> None:
        """Take no more connections, and let open requests end: `run` then returns, within five seconds."""
        self._stop.set()

    async def run(self, *, task_status: trio.TaskStatus[object] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until `stop`, or until cancelled, which cuts open requests off."""
        self._stop = trio.Event()
        context = WorkerContext(None)
        # A duplicate: closing the listener that accepts must leave the caller's socket open.
        accepting = trio.SocketListener(trio.socket.from_stdlib_socket(self._listener.dup()))
        async with trio.open_nursery() as connections:
            try:
                async with trio.open_nursery() as nursery:
                    handler = partial(self._admit, context)
                    serve = partial(trio.serve_listeners, handler_nursery=connections)
                    await nursery.start(serve, handler, [accepting])
                    task_status.started()
                    await self._stop.wait()
                    nursery.cancel_scope.cancel(reason="the web server stops")
                await self._drain(context)
            finally:
                for stream in tuple(self._open):
                    await trio.aclose_forcefully(stream)
            connections.cancel_scope.deadline = trio.current_time() + HANG_UP_SECONDS

    async def _admit(self, context: WorkerContext, stream: trio.SocketStream) -> None:
        try:
            address = str(stream.socket.getpeername()[0])
        except OSError:
            return  # it has gone already
        visit = self._crowd.enter(address, partial(_abort, stream.socket))
        if visit is None:
            await trio.aclose_forcefully(stream)
            return
        try:
            await self._converse(context, stream, visit)
        finally:
            self._crowd.leave(visit)

    async def _converse(
        self, context: WorkerContext, stream: trio.SocketStream, visit: Visit
    ) -> None:
        self._open.add(stream)
        try:
            app: Any = Unflooded(wrap_app(self.app, 0, "asgi"))
            spoken = self._spoken(stream)
            state = ConnectionState({HANG_UP: visit.hang_up})
            line = Context(context, visit)
            await Connection(app, self._config, line, state, spoken)
        except Exception as error:  # one connection must not take all others down
            log.error("connection_failed", exc_info=error)
        finally:
            self._open.discard(stream)
            if not self._open:
                self._quiet.set()

    def _spoken(self, stream: trio.SocketStream) -> Any:
        if self._certificate is None:
            return stream
        # Asked for with each connection: a renewed certificate is served from then on.
        return trio.SSLStream(
            stream, self._certificate.context, server_side=True, https_compatible=True
        )

    async def _drain(self, context: WorkerContext) -> None:
        # Idle connections are closed at once.
        await context.terminated.set()
        self._quiet = trio.Event()
        if self._open:
            with trio.move_on_after(GRACE_SECONDS):
                await self._quiet.wait()


def _abort(connection: trio.socket.SocketType) -> None:
    # Whoever waits for the client then finds the connection broken, and ends it.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _config() -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = None
    config.include_server_header = False
    config.keep_alive_timeout = IDLE_SECONDS
    config.ssl_handshake_timeout = HANDSHAKE_SECONDS
    config.read_timeout = SILENT_SECONDS  # type: ignore[assignment]  # used as seconds, whatever its type says
    config.websocket_ping_interval = PING_SECONDS
    config.websocket_max_message_size = LARGEST_MESSAGE
    config.h11_max_incomplete_size = 64 * 1024
    return config
