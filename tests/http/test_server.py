from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import trio
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Ping, Request
from wsproto.extensions import PerMessageDeflate

from reeld.domain.errors import Refused
from reeld.http import crowd
from reeld.http import server as server_module
from reeld.http.server import GRACE_SECONDS, WebServer, bind, url_of


async def hello(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/slow":
        await trio.sleep(0.3)
    if scope["path"] == "/never":
        await trio.sleep_forever()
    if scope["path"] == "/fault":
        raise ZeroDivisionError
    body = b"x" * 32_000_000 if scope["path"] == "/large" else b"hello"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with bind("127.0.0.1", 0) as listening:
        yield listening


@pytest.fixture
async def server(listener: socket.socket, nursery: trio.Nursery) -> WebServer:
    made = WebServer(listener, hello)
    await nursery.start(start, made)
    return made


async def start(server: WebServer, *, task_status: trio.TaskStatus[object]) -> None:
    await server.run(task_status=task_status)


async def get(listener: socket.socket, path: str = "/") -> str:
    async with httpx.AsyncClient() as client:
        return (await client.get(url_of(listener) + path)).text


async def connect(listener: socket.socket, request: bytes = b"") -> trio.SocketStream:
    stream = await trio.open_tcp_stream("127.0.0.1", listener.getsockname()[1])
    await stream.send_all(request)
    return stream


async def test_a_server_answers_once_it_has_reported_that_it_started(
    server: WebServer, listener: socket.socket
) -> None:
    assert await get(listener) == "hello"


async def test_a_server_that_was_stopped_can_run_again_on_the_same_port(
    listener: socket.socket,
) -> None:
    server = WebServer(listener, hello)
    for _ in range(2):
        async with trio.open_nursery() as nursery:
            await nursery.start(start, server)
            assert await get(listener) == "hello"
            server.stop()


async def test_an_open_request_may_end_when_the_server_is_told_to_stop(
    listener: socket.socket,
) -> None:
    server = WebServer(listener, hello)
    answers: list[str] = []

    async def ask() -> None:
        answers.append(await get(listener, "/slow"))

    async with trio.open_nursery() as nursery:
        await nursery.start(start, server)
        nursery.start_soon(ask)
        while not server.connections:
            await trio.sleep(0.01)
        server.stop()
    assert answers == ["hello"]


async def test_an_idle_connection_does_not_hold_the_stop_up(listener: socket.socket) -> None:
    server = WebServer(listener, hello)
    async with httpx.AsyncClient() as client, trio.open_nursery() as nursery:
        await nursery.start(start, server)
        await client.get(url_of(listener))
        assert server.connections == 1
        with trio.fail_after(GRACE_SECONDS / 2):
            server.stop()
            while server.connections:
                await trio.sleep(0.01)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /",
    ],
    ids=["that is never answered", "whose answer is not read", "that never ends"],
)
async def test_no_request_holds_the_stop_up(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, request_line: bytes
) -> None:
    monkeypatch.setattr(server_module, "GRACE_SECONDS", 0.1)
    server = WebServer(listener, hello)
    with trio.fail_after(server_module.HANG_UP_SECONDS + 2):
        async with trio.open_nursery() as nursery:
            await nursery.start(start, server)
            stream = await connect(listener, request_line)
            await trio.sleep(0.2)
            assert server.connections == 1
            server.stop()
    await stream.aclose()


async def test_a_server_that_is_cancelled_ends_at_once(listener: socket.socket) -> None:
    server = WebServer(listener, hello)
    with trio.fail_after(GRACE_SECONDS):
        async with trio.open_nursery() as nursery:
            await nursery.start(start, server)
            stream = await connect(listener, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            await trio.sleep(0.1)
            nursery.cancel_scope.cancel()
    await stream.aclose()
    assert listener.fileno() >= 0


async def test_a_fault_on_one_connection_leaves_the_others_alone(
    server: WebServer, listener: socket.socket
) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{url_of(listener)}/fault")).status_code == 500
    assert await get(listener) == "hello"


async def test_connections_are_bounded(
    server: WebServer, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "MOST", 2)
    kept = [await connect(listener) for _ in range(2)]
    while server.connections < 2:
        await trio.sleep(0.01)
    third = await connect(listener)
    with trio.fail_after(30):
        # None of them has asked for anything: the first makes room.
        assert await kept[0].receive_some() == b""
        while server.connections > 2:
            await trio.sleep(0.01)
    assert await get(listener) == "hello"
    for stream in (*kept, third):
        await stream.aclose()


async def test_garbage_is_answered_with_a_refusal_and_the_server_goes_on(
    server: WebServer, listener: socket.socket
) -> None:
    stream = await connect(listener, b"\x16\x03\x01 this is no HTTP\r\n\r\n")
    with trio.fail_after(5):
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 400")
    await stream.aclose()
    assert await get(listener) == "hello"


def test_a_port_in_use_is_said_with_the_setting_to_change() -> None:
    first = bind("127.0.0.1", 0)
    with pytest.raises(Refused, match="REELD_BIND") as caught:
        bind("127.0.0.1", first.getsockname()[1])
    assert caught.value.reason == "address_in_use"
    first.close()


def test_a_host_that_is_not_ours_is_said_with_the_setting_to_change() -> None:
    with pytest.raises(Refused, match="REELD_BIND") as caught:
        bind("203.0.113.7", 0)
    assert caught.value.reason == "cannot_bind"


def test_a_url_for_every_address_names_one_that_can_be_called() -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive":
        pass


class Follower:
    """A WebSocket's client that counts the pings it gets."""

    def __init__(self, stream: trio.SocketStream, *, answers: bool) -> None:
        self.pings = 0
        self._stream = stream
        self._answers = answers
        self._protocol = WSConnection(ConnectionType.CLIENT)

    async def run(self) -> None:
        request = Request(host="x", target="/")
        await self._stream.send_all(self._protocol.send(request))
        while data := await self._receive():
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                if isinstance(event, Ping):
                    self.pings += 1
                    if self._answers:
                        await self._stream.send_all(self._protocol.send(event.response()))

    async def _receive(self) -> bytes:
        try:
            return bytes(await self._stream.receive_some())
        except trio.BrokenResourceError:
            return b""


async def test_a_socket_is_pinged_and_kept_while_its_client_answers_and_no_longer(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "PING_SECONDS", 0.1)
    monkeypatch.setattr(server_module, "SILENT_SECONDS", 1.5)
    server = WebServer(listener, echo)
    async with trio.open_nursery() as nursery:
        await nursery.start(start, server)
        streams = [await connect(listener) for _ in range(2)]
        polite, mute = (Follower(s, answers=a) for s, a in zip(streams, (True, False), strict=True))
        nursery.start_soon(polite.run)
        with trio.fail_after(30):
            await mute.run()  # ends when the server hangs up
        before = polite.pings
        with trio.fail_after(30):
            while polite.pings < before + 5:
                await trio.sleep(0.05)
        assert (mute.pings > 0, server.connections) == (True, 1)
        server.stop()  # which ends the polite one's connection
    for stream in streams:
        await stream.aclose()


async def test_a_socket_whose_client_has_gone_leaves_nothing_behind(
    server: WebServer, listener: socket.socket
) -> None:
    server.app = echo
    stream = await connect(listener)
    follower = Follower(stream, answers=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(follower.run)
        with trio.fail_after(10):
            while not follower.pings:
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    await trio.aclose_forcefully(stream)
    with trio.fail_after(server_module.PING_SECONDS / 2):
        while server.connections:
            await trio.sleep(0.01)


async def test_a_socket_is_not_compressed_whatever_its_client_offers(
    server: WebServer, listener: socket.socket
) -> None:
    server.app = echo
    protocol = WSConnection(ConnectionType.CLIENT)
    offer = Request(host="x", target="/", extensions=[PerMessageDeflate()])
    stream = await connect(listener, protocol.send(offer))
    with trio.fail_after(10):
        protocol.receive_data(bytes(await stream.receive_some()))
    accepted = next(iter(protocol.events()))
    assert isinstance(accepted, AcceptConnection)
    assert accepted.extensions == []
    await stream.aclose()
