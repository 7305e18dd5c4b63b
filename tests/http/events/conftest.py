"""A WebSocket client under trio, as small as it can be, and daemons for it to follow."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
import pytest
import trio
from litestar import Litestar
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

from reeld.cli.labels import KNOWN_LABELS
from reeld.cli.live import live_events
from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.http.access import Access, Caller
from reeld.http.events import Clients, LiveEvents, clients
from reeld.http.events.routes import event_routes
from reeld.http.events.schemas import message_schemas
from reeld.http.problems import HANDLERS
from reeld.http.server import WebServer, bind, url_of
from reeld.storage import Database
from reeld.telemetry import HealthBoard, Metrics

PATIENCE_SECONDS = 30.0
MESSAGES = message_schemas()
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

    def __init__(self, stream: trio.abc.Stream, *, answers_pings: bool = True) -> None:
        self.stream = stream
        self.pings = 0
        self.close_code: int | None = None
        self._opened = False
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
            while not self._opened:
                await self._read()

    async def receive(self) -> dict[str, Any]:
        """Return the next message; `Closed` when none will come."""
        with trio.fail_after(PATIENCE_SECONDS):
            while not self._texts:
                await self._read()
        document: dict[str, Any] = json.loads(self._texts.pop(0))
        jsonschema_rs.validate(MESSAGES[document["topic"]], document)
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

    async def _read(self) -> None:
        if self.close_code is not None:
            raise Closed(self.close_code)
        try:
            data = await self.stream.receive_some()
        except trio.BrokenResourceError:
            data = b""
        self._protocol.receive_data(data or None)
        for event in self._protocol.events():
            await self._take(event)
        if not data:
            raise Closed(1006)

    async def _take(self, event: object) -> None:
        match event:
            case AcceptConnection():
                self._opened = True
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
                self.close_code = int(code)

    def _reject(self) -> None:
        assert self._refusal is not None
        headers = {bytes(n).decode().lower(): bytes(v).decode() for n, v in self._refusal.headers}
        body = json.loads(self._refusal_body) if self._refusal_body else {}
        raise Rejected(self._refusal.status_code, body, headers)


@dataclass(frozen=True, slots=True)
class Served:
    """Live events on a real database, served on a real port, without the rest of a daemon."""

    url: str
    live: LiveEvents
    clients: Clients
    metrics: Metrics
    access: Access
    keys: set[str]

    def count(self, name: str, **labels: str) -> float:
        """Return a value of the metrics."""
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        body, _ = self.metrics.render("text/plain")
        for line in body.decode().splitlines():
            head, _, value = line.rpartition(" ")
            if head.partition("{")[0] == name and all(each in head for each in wanted):
                return float(value)
        raise KeyError(name)


def _tree() -> Any:
    return SimpleNamespace(children=())


@pytest.fixture
async def served(
    database: Database, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Served]:
    monkeypatch.setattr(clients, "KNOWN_SECONDS", 0.1)
    monkeypatch.setattr(clients, "LOOK_SECONDS", 0.1)
    metrics, keys = Metrics(KNOWN_LABELS), set(KEY.values())

    async def find(key: Secret) -> Caller | None:
        return Caller("x", Scope.READ) if key.reveal() in keys else None

    access = Access(find, metrics)
    was_ready = trio.Event()
    was_ready.set()
    live = live_events(metrics, database, HealthBoard(), _tree, was_ready)
    surface: Any = SimpleNamespace(live=live, access=access)
    app = Litestar(
        event_routes(surface),
        exception_handlers=HANDLERS,  # type: ignore[arg-type]
        openapi_config=None,
        logging_config=None,
    )
    with bind("127.0.0.1", 0) as listener:
        web = WebServer(listener, app)
        await nursery.start(_start, web)
        await nursery.start(_start, live)
        with trio.fail_after(PATIENCE_SECONDS):
            while not live.hub.is_open:
                await trio.sleep(0.01)
        yield Served(url_of(listener), live, live.clients, metrics, access, keys)
        live.stop()
        web.stop()
        nursery.cancel_scope.deadline = trio.current_time() + PATIENCE_SECONDS


async def _start(child: Any, *, task_status: trio.TaskStatus[object]) -> None:
    await child.run(task_status=task_status)


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
        tls: ssl.SSLContext | None = None,
    ) -> AsyncIterator[Socket]:
        place = urlsplit(url)
        assert place.hostname is not None
        stream = await trio.open_tcp_stream(place.hostname, place.port or 80)
        if receive_buffer is not None:
            stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, receive_buffer)
        secured: trio.abc.Stream = stream
        if tls is not None:
            secured = trio.SSLStream(stream, tls, server_hostname=place.hostname)
        socket = Socket(secured, answers_pings=answers_pings)
        try:
            await socket.shake_hands(place.netloc, f"/api/events{query}", headers)
            yield socket
        finally:
            await trio.aclose_forcefully(stream)

    return connected


@pytest.fixture
def rejected(connect: Connect) -> Callable[..., Awaitable[Rejected]]:
    """Opens a socket that must not open, and returns what is answered instead."""

    async def reject(url: str, query: str = "", **more: Any) -> Rejected:
        with pytest.raises(Rejected) as caught:
            async with connect(url, query, **more):
                pass
        return caught.value

    return reject
