"""The web server: one supervised child that serves the application on sockets it does not own."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

import trio
from hypercorn.config import Config
from hypercorn.trio import serve as hypercorn_serve

from reeld.domain.errors import Refused

GRACE_SECONDS = 3.0
"""How long a request may go on after the server was told to stop."""


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


def url_of(listener: socket.socket) -> str:
    """Return the URL under which a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    app: Any,
    listener: socket.socket,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` until cancelled; then open requests get `GRACE_SECONDS` to end.

    The socket stays open afterwards: it belongs to the caller.
    """
    config = Config()
    # Hypercorn closes what it is given.
    config.bind = [f"fd://{os.dup(listener.fileno())}"]
    config.accesslog = None
    config.errorlog = None
    config.include_server_header = False
    config.graceful_timeout = GRACE_SECONDS
    config.keep_alive_timeout = 75
    config.h11_max_incomplete_size = 64 * 1024
    stop, ended = trio.Event(), trio.Event()
    # Shielded, so that whoever cancels this task lets the open requests end first.
    shield = trio.CancelScope(shield=True)

    async def run(task_status: trio.TaskStatus[Any]) -> None:
        with shield:
            try:
                await hypercorn_serve(
                    app, config, mode="asgi", shutdown_trigger=stop.wait, task_status=task_status
                )
            finally:
                ended.set()

    async with trio.open_nursery() as nursery:
        try:
            await nursery.start(run)
            task_status.started()
            await trio.sleep_forever()
        finally:
            stop.set()
            with trio.move_on_after(2 * GRACE_SECONDS, shield=True):
                await ended.wait()
            shield.cancel()
