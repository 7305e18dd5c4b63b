from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import trio

from reeld.simulators import FaultProxy


async def echo(stream: trio.SocketStream) -> None:
    with suppress(trio.BrokenResourceError):
        async for data in stream:
            await stream.send_all(data)


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, echo, [listener])
        port = listener.socket.getsockname()[1]
        async with FaultProxy.open("127.0.0.1", port) as opened:
            yield opened
        nursery.cancel_scope.cancel()


async def connect(proxy: FaultProxy) -> trio.SocketStream:
    return await trio.open_tcp_stream("127.0.0.1", proxy.port)


async def receive(stream: trio.SocketStream, length: int) -> bytes:
    data = b""
    while len(data) < length and (more := await stream.receive_some(length - len(data))):
        data += more
    return data


async def test_data_passes_both_ways_and_an_end_is_an_end(proxy: FaultProxy) -> None:
    async with await connect(proxy) as stream:
        await stream.send_all(b"hello")
        assert await receive(stream, 5) == b"hello"
        await stream.send_eof()
        assert await stream.receive_some() == b""
    assert proxy.accepted == 1


async def test_latency_delays_each_piece(proxy: FaultProxy) -> None:
    proxy.latency = 0.1
    async with await connect(proxy) as stream:
        started = trio.current_time()
        await stream.send_all(b"x")
        await stream.receive_some(1)
        assert trio.current_time() - started >= 0.2


async def test_bandwidth_limits_the_flow(proxy: FaultProxy) -> None:
    proxy.bandwidth = 100_000
    async with await connect(proxy) as stream:
        started = trio.current_time()
        await stream.send_all(bytes(20_000))
        assert len(await receive(stream, 20_000)) == 20_000
        assert trio.current_time() - started >= 0.2


async def test_a_connection_is_cut_after_so_many_bytes(proxy: FaultProxy) -> None:
    proxy.cut_after = 3
    async with await connect(proxy) as stream:
        await stream.send_all(b"hello")
        assert await receive(stream, 3) == b"hel"
        with pytest.raises(trio.BrokenResourceError):
            await stream.receive_some()


async def test_a_black_hole_swallows_everything_and_stays_open(proxy: FaultProxy) -> None:
    async with await connect(proxy) as stream:
        await stream.send_all(b"a")
        assert await receive(stream, 1) == b"a"
        proxy.black_hole = True
        await stream.send_all(b"lost")
        with trio.move_on_after(0.2) as waiting:
            await stream.receive_some()
        assert waiting.cancelled_caught


async def test_open_connections_are_reset_and_new_ones_refused(proxy: FaultProxy) -> None:
    async with await connect(proxy) as stream:
        await stream.send_all(b"a")
        await receive(stream, 1)
        proxy.reset_all()
        with pytest.raises(trio.BrokenResourceError):
            await stream.receive_some()
    proxy.refusing = True
    async with await connect(proxy) as stream:
        with pytest.raises(trio.BrokenResourceError):
            await stream.receive_some()


async def test_a_server_that_is_not_there_ends_the_connection(proxy: FaultProxy) -> None:
    async with FaultProxy.open("127.0.0.1", 1) as nowhere, await connect(nowhere) as stream:
        assert await stream.receive_some() == b""
