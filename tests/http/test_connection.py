"""What somebody on a raw socket may try. Each time the answer is said, the connection ends, and the next one is served."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
import trustme

from reeld.http import connection as connection_module
from reeld.http import server as server_module
from reeld.http.server import LARGEST_MESSAGE, WebServer, bind, url_of
from reeld.http.tls import Certificate
from reeld.telemetry import Metrics

HOST = b"Host: localhost\r\n"
UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
SECONDS = 30.0


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Echoes over WebSockets; else reads no body and answers."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"] or "bytes"})
        return
    if scope["path"] == "/later":
        await trio.sleep(0.3)
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}
    )
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with bind("127.0.0.1", 0) as listening:
        yield listening


@pytest.fixture
async def server(listener: socket.socket, nursery: trio.Nursery) -> AsyncIterator[WebServer]:
    """A server that still serves when the test is over, has nobody left."""
    made = WebServer(listener, app)
    await nursery.start(_run, made)
    yield made
    await until(lambda: made.connections == 0)
    async with httpx.AsyncClient() as client:
        assert (await client.get(url_of(listener))).text == "hello"


async def _run(server: WebServer, *, task_status: trio.TaskStatus[object]) -> None:
    await server.run(task_status=task_status)


async def until(holds: Callable[[], bool]) -> None:
    with trio.fail_after(SECONDS):
        while not holds():
            await trio.sleep(0.01)


class Line:
    """A raw connection."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream

    @classmethod
    async def open(cls, listener: socket.socket, said: bytes = b"") -> Line:
        line = cls(await trio.open_tcp_stream("127.0.0.1", listener.getsockname()[1]))
        await line.say(said)
        return line

    async def say(self, said: bytes) -> None:
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self.stream.send_all(said)

    async def hear(self) -> bytes:
        try:
            return bytes(await self.stream.receive_some())
        except trio.BrokenResourceError:
            return b""

    async def hear_all(self) -> bytes:
        """Return all that the server says until it hangs up."""
        heard = b""
        with trio.fail_after(SECONDS):
            while part := await self.hear():
                heard += part
        await self.stream.aclose()
        return heard


async def answer_to(listener: socket.socket, said: bytes) -> tuple[int, dict[str, Any]]:
    """Return status and problem of the one answer, after which the server hangs up."""
    line = await Line.open(listener)
    heard = b""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(line.say, said)
        heard = await line.hear_all()
        nursery.cancel_scope.cancel()
    assert heard.count(b"HTTP/1.1 ") == 1
    head, _, body = heard.partition(b"\r\n\r\n")
    assert b"x-content-type-options: nosniff" in head.lower()
    return int(head.split()[1]), json.loads(body)


def post(fields: bytes, body: bytes = b"") -> bytes:
    return b"POST / HTTP/1.1\r\n" + HOST + fields + b"\r\n" + body


def get(fields: bytes, version: bytes = b"1.1") -> bytes:
    return b"GET / HTTP/" + version + b"\r\n" + HOST + fields + b"\r\n"


SMUGGLED = b"0\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (post(b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", SMUGGLED), 400),
        (post(b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", SMUGGLED), 400),
        (post(b"Content-Length: 6\r\nContent-Length: 7\r\n", b"abcdefg"), 400),
        (post(b"Content-Length: +6\r\n", b"abcdef"), 400),
        (post(b"Content-Length: 6_0\r\n", b"abcdef"), 400),
        (post(b"Content-Length: -1\r\n"), 400),
        (post(b"Transfer-Encoding : chunked\r\n", SMUGGLED), 400),
        (post(b"Transfer-Encoding: xchunked\r\n", SMUGGLED), 501),
        (post(b"Transfer-Encoding: chunked, identity\r\n", SMUGGLED), 501),
        (get(b"X: a\x00b\r\n"), 400),
        (get(b"X: a\rb\r\n"), 400),
        (get(b"Host: other\r\n"), 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (get(b"X: " + b"a" * 200_000 + b"\r\n"), 431),
        (get(b"a:\r\n" * 1000), 431),
        (b"GET /?" + b"a=1&" * 17_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431),
        (get(b"", version=b"2.0"), 505),
        (get(b"", version=b"9.9"), 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" * 100, 505),
    ],
)
async def test_what_two_programs_could_read_differently_is_refused(
    server: WebServer, listener: socket.socket, said: bytes, status: int
) -> None:
    answered, problem = await answer_to(listener, said)
    assert (answered, problem["status"]) == (status, status)
    assert problem["detail"].endswith(".")
    assert (problem["reason"] == "head_too_large") is (status == 431)


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        (UPGRADE + b"Sec-WebSocket-Protocol: \xff\xfe\r\n", b""),
        (UPGRADE + b"Sec-WebSocket-Extensions: \xff\xfe\r\n", b""),
        (UPGRADE.replace(b"Connection: Upgrade", b"Connection: Upgrade, \xff"), b""),
        (UPGRADE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"\xff"), b""),
        (UPGRADE.replace(b": 13", b": 99"), b""),
        (UPGRADE.partition(b"Sec-WebSocket-Key")[0], b""),
        (UPGRADE + b"Content-Length: 5\r\n", b"hello"),
        (UPGRADE + b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        (UPGRADE, b"\x81\x80aaaa"),
    ],
    ids=[
        "protocol",
        "extension",
        "connection",
        "key",
        "version",
        "no key",
        "body",
        "chunks",
        "early",
    ],
)
async def test_a_handshake_that_is_none_is_refused(
    server: WebServer, listener: socket.socket, fields: bytes, more: bytes
) -> None:
    status, problem = await answer_to(listener, get(fields) + more)
    assert (status, problem["reason"]) == (400, "malformed_request")


async def test_http_2_is_not_spoken_with_whoever_asks_for_it(
    server: WebServer, listener: socket.socket
) -> None:
    asked = b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    heard = await (await Line.open(listener, get(asked))).hear_all()
    assert heard.startswith(b"HTTP/1.1 200")
    assert heard.endswith(b"hello")


async def test_the_head_of_a_refused_request_is_answered_without_a_body(
    server: WebServer, listener: socket.socket
) -> None:
    said = b"HEAD / HTTP/1.1\r\n" + HOST + b"a:\r\n" * 1000 + b"\r\n"
    heard = await (await Line.open(listener, said)).hear_all()
    assert heard.startswith(b"HTTP/1.1 431")
    assert heard.endswith(b"\r\n\r\n")


async def test_http_1_0_and_pipelines_are_answered_in_their_order(
    server: WebServer, listener: socket.socket
) -> None:
    old = await (await Line.open(listener, b"GET / HTTP/1.0\r\n\r\n")).hear_all()
    assert old.endswith(b"hello")
    many = get(b"") * 20 + get(b"Connection: close\r\n")
    heard = await (await Line.open(listener, many)).hear_all()
    assert heard.count(b"HTTP/1.1 200") == 21


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 950000\r\n\r\n" + b"a" * 950_000,
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 20_000 + b"0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 20_000,
    ],
    ids=["one piece", "a thousand pieces", "no end"],
)
async def test_a_body_that_nobody_reads_holds_no_connection(
    server: WebServer, listener: socket.socket, body: bytes
) -> None:
    line = await Line.open(listener)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(line.say, b"POST /later HTTP/1.1\r\n" + HOST + body)
        assert (await line.hear_all()).endswith(b"hello")
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost:",
        get(UPGRADE).removesuffix(b"\r\n"),
        get(b"") + b"GET / HTTP/1.1\r\nHost:",
        b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\nGET / HTTP/1.1\r\nHost:",
    ],
    ids=["from the first byte", "half", "a handshake", "the second", "the one after HEAD"],
)
async def test_a_head_that_comes_drop_by_drop_is_not_waited_for(
    server: WebServer, listener: socket.socket, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(connection_module, "HEAD_SECONDS", 0.5)
    line = await Line.open(listener, said)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_drip, line)
        heard = await line.hear_all()
        nursery.cancel_scope.cancel()
    head, _, body = heard[heard.rindex(b"HTTP/1.1 ") :].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert json.loads(body)["reason"] == "request_timeout"


async def test_a_head_that_comes_in_pieces_and_in_time_is_answered_however_long_the_answer_takes(
    server: WebServer, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "HEAD_SECONDS", 0.2)
    line = await Line.open(listener)
    for _ in range(2):
        await line.say(b"GET /later HT")
        await trio.sleep(0.02)
        await line.say(b"TP/1.1\r\n" + HOST + b"\r\n")
        with trio.fail_after(SECONDS):
            heard = await line.hear()
        assert heard.startswith(b"HTTP/1.1 200")
    await trio.aclose_forcefully(line.stream)


async def _drip(line: Line) -> None:
    while True:
        await trio.sleep(0.05)
        await line.say(b"x")


async def test_a_connection_that_is_kept_and_not_used_ends(
    server: WebServer, listener: socket.socket
) -> None:
    server._config.keep_alive_timeout = 0.5
    heard = await (await Line.open(listener, get(b""))).hear_all()
    assert heard.endswith(b"hello")


async def test_a_client_of_tls_that_says_nothing_is_not_waited_for(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(server_module, "HANDSHAKE_SECONDS", 0.3)
    issued = trustme.CA().issue_cert("127.0.0.1")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    server = WebServer(listener, app, certificate=Certificate(certificate, key, Metrics()))
    async with trio.open_nursery() as nursery:
        await nursery.start(_run, server)
        for said in (b"", b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n\r\n"):
            await (await Line.open(listener, said)).hear_all()
        await until(lambda: server.connections == 0)
        server.stop()


def frame(opcode: int, payload: bytes, *, final: bool = True, masked: bool = True) -> bytes:
    """Return a frame of RFC 6455, 5.2; `opcode` may hold reserved bits."""
    first = (0x80 if final else 0) | opcode
    mask = 0x80 if masked else 0
    if len(payload) < 126:
        head = struct.pack("!BB", first, mask | len(payload))
    elif len(payload) < 2**16:
        head = struct.pack("!BBH", first, mask | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, mask | 127, len(payload))
    return head + (b"\0\0\0\0" if masked else b"") + payload


TEXT, BINARY, CLOSE, PING, COMPRESSED = 1, 2, 8, 9, 0x40


async def opened(listener: socket.socket) -> Line:
    line = await Line.open(listener, get(UPGRADE))
    heard = b""
    with trio.fail_after(SECONDS):
        while b"\r\n\r\n" not in heard:
            heard += await line.hear()
    assert heard.startswith(b"HTTP/1.1 101")
    return line


@pytest.mark.parametrize(
    "said",
    [
        frame(TEXT, b"\xff\xfe"),
        frame(TEXT, b"hello", masked=False),
        frame(TEXT | COMPRESSED, b"\x4a\x4c\x4c\x04\x00"),
        frame(0x0B, b""),
        frame(0x03, b""),
        frame(PING, b"a" * 126),
        frame(PING, b"", final=False),
        frame(0x00, b"a continuation of nothing"),
        frame(TEXT, b"a", final=False) + frame(TEXT, b"b"),
        frame(CLOSE, b"\x00"),
        frame(CLOSE, struct.pack("!H", 1005)),
        frame(CLOSE, struct.pack("!H", 1000) + b"\xff"),
        struct.pack("!BBQ", 0x81, 0xFF, 2**63) + b"\0\0\0\0",
    ],
    ids=[
        "no UTF-8",
        "not masked",
        "packed",
        "a reserved control frame",
        "a reserved frame",
        "a large ping",
        "a ping in pieces",
        "a piece of nothing",
        "a message within another",
        "half a code",
        "a code that is none",
        "a reason that is no UTF-8",
        "a length that is none",
    ],
)
async def test_a_frame_that_is_none_ends_its_socket(
    server: WebServer, listener: socket.socket, said: bytes
) -> None:
    line = await opened(listener)
    await line.say(said)
    await line.hear_all()


async def test_a_message_in_many_pieces_is_one(server: WebServer, listener: socket.socket) -> None:
    line = await opened(listener)
    pieces = frame(TEXT, b"a", final=False) + frame(0, b"b", final=False) * 500 + frame(0, b"c")
    await line.say(pieces)
    heard = b""
    with trio.fail_after(SECONDS):
        while b"bbc" not in heard:
            heard += await line.hear()
    await line.say(frame(CLOSE, struct.pack("!H", 1000)))
    await line.hear_all()


@pytest.mark.parametrize("final", [True, False], ids=["one piece", "many pieces"])
async def test_who_goes_on_with_a_message_that_is_too_large_is_cut_off_and_nothing_is_kept(
    server: WebServer, listener: socket.socket, final: bool
) -> None:
    line = await opened(listener)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_go_on, line, final)
        heard = await line.hear_all()
        nursery.cancel_scope.cancel()
    assert struct.pack("!H", 1009) in heard


async def _go_on(line: Line, final: bool) -> None:
    await line.say(frame(TEXT, b"a" * (LARGEST_MESSAGE + 1), final=final))
    while True:
        await line.say(frame(TEXT if final else 0, b"a" * 10_000, final=final))
        await trio.sleep(0.01)


async def test_a_flood_of_pings_whose_answers_nobody_reads_is_not_kept_in_memory(
    server: WebServer, listener: socket.socket
) -> None:
    line = await opened(listener)
    flood = frame(PING, b"a" * 125) * 1000
    sent = 0
    with trio.move_on_after(3):
        while sent < 400:
            await line.stream.send_all(flood)
            sent += 1
    # 55 MB were not taken: what the server does not get rid of, it does not read on for.
    assert sent < 400
    await trio.aclose_forcefully(line.stream)


async def test_a_client_that_talks_on_after_it_was_turned_away_is_no_fault_of_the_server(
    listener: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    async def turn_away(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await trio.sleep(0.05)
        await send({"type": "websocket.close", "code": 1008})

    server = WebServer(listener, turn_away)
    async with trio.open_nursery() as nursery:
        await nursery.start(_run, server)
        for wait in (0.0, 0.02, 0.05, 0.06):
            line = await Line.open(listener, get(UPGRADE))
            await trio.sleep(wait)
            await line.say(os.urandom(100))
            await line.hear_all()
        await until(lambda: server.connections == 0)
        server.stop()
    assert "connection_failed" not in capsys.readouterr().out
