"""A WebSocket client under trio, as small as it can be, and daemons for it to follow."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import trio
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

PATIENCE_SECONDS = 30.0
KEY = {"X-Api-Key": "the-key-of-the-tests"}


class Rejected(Exception):
    """The server answered instead of opening a socket."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers


class Closed(Exception):
    """The server has closed the socket; 1006 when it did not say so."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Socket:
    """An open socket: what is sent and received is JSON."""

    def __init__(self, stream: trio.SocketStream, *, answers_pings: bool = True) -> None:
        self.stream = stream
        self.pings = 0
        self._answers_pings = answers_pings
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._texts: list[str] = []
        self._partial = ""
        self._refusal: RejectConnection | None = None
        self._refusal_body = b""

    async def shake_hands(self, host: str, target: str, headers: dict[str, str]) -> None:
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self.stream.send_all(
            self._protocol.send(Request(host=host, target=target, extra_headers=extra))
        )
        with trio.fail_after(PATIENCE_SECONDS):
            while not await self._read():
                pass

    async def receive(self) -> dict[str, Any]:
        """Return the next message; `Closed` when none will come."""
        with trio.fail_after(PATIENCE_SECONDS):
            while not self._texts:
                await self._read()
        document: dict[str, Any] = json.loads(self._texts.pop(0))
        return document

    async def until(self, *kinds: str) -> list[dict[str, Any]]:
        """Return messages up to the first one of some kinds."""
        found = [await self.receive()]
        while found[-1]["kind"] not in kinds:
            found.append(await self.receive())
        return found

    async def code(self) -> int:
        """Return the code with which the socket is closed, whatever is said before."""
        try:
            while True:
                await self.receive()
        except Closed as closed:
            return closed.code

    async def send(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self.stream.send_all(self._protocol.send(TextMessage(text)))

    async def _read(self) -> bool:
        try:
            data = await self.stream.receive_some()
        except trio.BrokenResourceError:
            data = b""
        self._protocol.receive_data(data or None)
        opened = False
        for event in self._protocol.events():
            match event:
                case AcceptConnection():
                    opened = True
                case TextMessage(data=text, message_finished=finished):
                    self._partial += text
                    if finished:
                        self._texts.append(self._partial)
                        self._partial = ""
                case Ping():
                    self.pings += 1
                    if self._answers_pings:
                        await self.stream.send_all(self._protocol.send(event.response()))
                case RejectConnection():
                    self._refusal = event
                    if not event.has_body:
                        self._reject()
                case RejectData(data=part, body_finished=finished):
                    self._refusal_body += bytes(part)
                    if finished:
                        self._reject()
                case CloseConnection(code=code):
                    raise Closed(int(code))
        if not data:
            raise Closed(1006)
        return opened

    def _reject(self) -> None:
        assert self._refusal is not None
        headers = {bytes(n).decode().lower(): bytes(v).decode() for n, v in self._refusal.headers}
        body = json.loads(self._refusal_body) if self._refusal_body else {}
        raise Rejected(self._refusal.status_code, body, headers)


Connect = Callable[..., AbstractAsyncContextManager[Socket]]


@pytest.fixture
def connect() -> Connect:
    """Opens a socket at `/api/events` of a URL, for the length of a block."""

    @asynccontextmanager
    async def connected(
        url: str,
        query: str = "",
        *,
        headers: dict[str, str] = KEY,
        receive_buffer: int | None = None,
        answers_pings: bool = True,
    ) -> AsyncIterator[Socket]:
        place = urlsplit(url)
        assert place.hostname is not None
        stream = await trio.open_tcp_stream(place.hostname, place.port or 80)
        if receive_buffer is not None:
            stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, receive_buffer)
        socket = Socket(stream, answers_pings=answers_pings)
        try:
            await socket.shake_hands(place.netloc, f"/api/events{query}", headers)
            yield socket
        finally:
            await trio.aclose_forcefully(stream)

    return connected
