"""A TCP proxy that makes any network worse: latency, bandwidth, cuts, silence and resets, in front of any server."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

import trio

from reeld.simulators.serving import reset

_CHUNK = 16 * 1024


class FaultProxy:
    """Passes connections on, as well as its attributes let it. They may be changed at any time.

    Attributes:
        latency: Seconds before each piece of data is passed on, in either direction.
        bandwidth: Bytes per second and direction of each connection.
        cut_after: After so many bytes from the server a connection is reset; None never.
        black_hole: Data is read and thrown away, connections stay open: a half-open peer.
        refusing: New connections are reset at once.
        accepted: Connections so far.
    """

    def __init__(self, host: str, port: int) -> None:
        self.latency = 0.0
        self.bandwidth = math.inf
        self.cut_after: int | None = None
        self.black_hole = False
        self.refusing = False
        self.accepted = 0
        self.port = 0
        """Where it listens, on loopback."""
        self._target = host, port
        self._open: set[trio.SocketStream] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, host: str, port: int) -> AsyncIterator[Self]:
        """Listen on a loopback port inside the block, in front of `host` and `port`."""
        proxy = cls(host, port)
        async with trio.open_nursery() as nursery:
            (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
            proxy.port = listener.socket.getsockname()[1]
            nursery.start_soon(trio.serve_listeners, proxy._converse, [listener])
            yield proxy
            nursery.cancel_scope.cancel()

    def reset_all(self) -> None:
        """Reset every connection."""
        for stream in tuple(self._open):
            reset(stream)

    async def _converse(self, client: trio.SocketStream) -> None:
        self.accepted += 1
        if self.refusing:
            reset(client)
            return
        # A peer that is gone ends the conversation, whatever way it went.
        with suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            server = await trio.open_tcp_stream(*self._target)
            self._open |= {client, server}
            try:
                await self._pass_both_ways(client, server)
            finally:
                self._open -= {client, server}
                await trio.aclose_forcefully(server)

    async def _pass_both_ways(self, client: trio.SocketStream, server: trio.SocketStream) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._pass_on, client, server)
            await self._pass_on(server, client, limited=True)
            nursery.cancel_scope.cancel()

    async def _pass_on(
        self, source: trio.SocketStream, target: trio.SocketStream, *, limited: bool = False
    ) -> None:
        passed = 0
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while piece := bytes(await source.receive_some(_CHUNK)):
                if self.black_hole:
                    continue
                await trio.sleep(self.latency + len(piece) / self.bandwidth)
                if limited and self.cut_after is not None and passed + len(piece) > self.cut_after:
                    await target.send_all(piece[: max(0, self.cut_after - passed)])
                    reset(target)
                    return
                await target.send_all(piece)
                passed += len(piece)
            await target.send_eof()
