"""What the tests of the storage room share: connections, and a network that can be cut."""

from __future__ import annotations

import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial

import pytest
import trio
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.storage import TrioConnection


class Network:
    """A TCP proxy in front of a server: it can fall silent, as a network does when a cable is pulled.

    With an SSL context it speaks TLS to the client, as a server does that knows TLS: the bundled one does not.
    """

    def __init__(self, target: str, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        params = conninfo_to_dict(target)
        self._host = str(params.get("hostaddr") or params.get("host") or "localhost")
        self._port = int(params.get("port") or 5432)
        self._params = params
        self._audible = trio.Event()
        self._audible.set()
        self._streams: list[trio.abc.Stream] = []
        self.port = 0
        self.connections = 0
        self.handshakes = 0

    @property
    def conninfo(self) -> str:
        """The connection string that leads through the proxy."""
        overrides = {"host": "localhost", "hostaddr": "127.0.0.1", "port": self.port}
        return make_conninfo("", **{**self._params, **overrides, "sslmode": "disable"})

    def fall_silent(self) -> None:
        """Swallow every byte from now on; connections stay open."""
        self._audible = trio.Event()

    def speak_again(self) -> None:
        """Deliver what comes, and what was held back."""
        self._audible.set()

    async def reset(self) -> None:
        """Close every connection in both directions."""
        while self._streams:
            await trio.aclose_forcefully(self._streams.pop())

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Accept connections until cancelled."""
        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(
                partial(trio.serve_tcp, self._relay, 0, host="127.0.0.1")
            )
            self.port = listeners[0].socket.getsockname()[1]
            task_status.started()

    async def _relay(self, client: trio.SocketStream) -> None:
        self.connections += 1
        await self._audible.wait()
        server = await self._reach()
        self._streams += [client, server]
        async with client, server:
            with suppress(trio.BrokenResourceError):
                secured = await self._secured(client)
                await self._connect_both(secured, server)
                # With a farewell, as a real server: libpq takes a bare end of a TLS stream for an attack.
                await secured.aclose()

    async def _secured(self, client: trio.SocketStream) -> trio.abc.Stream:
        if self._tls is None:
            return client
        # SSLRequest: a length of 8 and a number in place of a protocol version (PostgreSQL manual, "SSL Session
        # Encryption").
        request = await client.receive_some(8)
        if request != struct.pack("!II", 8, 80877103):
            await client.send_all(b"E" + struct.pack("!I", 6) + b"\0\0")
            raise trio.BrokenResourceError
        await client.send_all(b"S")
        secured = trio.SSLStream(client, self._tls, server_side=True)
        await secured.do_handshake()
        self.handshakes += 1
        return secured

    async def _connect_both(self, client: trio.abc.Stream, server: trio.abc.Stream) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._pump, client, server, nursery.cancel_scope)
            nursery.start_soon(self._pump, server, client, nursery.cancel_scope)

    async def _reach(self) -> trio.abc.Stream:
        if self._host.startswith("/"):
            return await trio.open_unix_socket(f"{self._host}/.s.PGSQL.{self._port}")
        return await trio.open_tcp_stream(self._host, self._port)

    async def _pump(
        self, source: trio.abc.Stream, target: trio.abc.Stream, scope: trio.CancelScope
    ) -> None:
        try:
            while data := await source.receive_some(65536):
                await self._audible.wait()
                await target.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        scope.cancel()


@pytest.fixture
def network_type() -> type[Network]:
    """The class, for tests that want a network of their own."""
    return Network


@pytest.fixture
async def network(database_url: str, nursery: trio.Nursery) -> Network:
    """A network between us and a fresh, migrated database."""
    proxy = Network(database_url)
    await nursery.start(proxy.run)
    return proxy


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[TrioConnection]:
    """A connection in autocommit mode to a fresh, migrated database."""
    opened = await TrioConnection.connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def witness(database_url: str) -> AsyncIterator[TrioConnection]:
    """A second connection to the same database, to look at what the first one did."""
    opened = await TrioConnection.connect(database_url)
    yield opened
    await opened.close()
