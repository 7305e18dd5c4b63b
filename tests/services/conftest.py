"""What the tests of all clients share: a scripted server, a scripted transport, a witness of every operation."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import trio

from reeld.services.transport import Outcome

Conversation = Callable[[trio.SocketStream, bytes], Awaitable[None]]


@dataclass
class RawServer:
    """A TCP server that says exactly what a test wants it to say."""

    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


async def read_request(stream: trio.SocketStream) -> bytes:
    """Return one request with its body, or nothing when the client closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = await stream.receive_some()
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += await stream.receive_some()
    return head + b"\r\n\r\n" + body


@pytest.fixture
async def raw_server(nursery: trio.Nursery) -> Callable[[Conversation], Awaitable[RawServer]]:
    """Start a server; its conversation is called for every request on every connection."""

    async def start(conversation: Conversation) -> RawServer:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        server = RawServer(listeners[0].socket.getsockname()[1])

        async def handle(stream: trio.SocketStream) -> None:
            server.connections += 1
            with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                while request := await read_request(stream):
                    server.requests.append(request)
                    await conversation(stream, request)

        nursery.start_soon(trio.serve_listeners, handle, listeners)
        return server

    return start


def streamed(answer: httpx.Response) -> httpx.Response:
    """Return a fresh copy whose body is still to be read, as one from the network."""
    body = httpx.ByteStream(answer.content)
    return httpx.Response(answer.status_code, headers=answer.headers, stream=body)


@dataclass
class Script:
    """Answers requests from a list and remembers what was asked."""

    answers: list[Any] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __call__(self, *answers: Any) -> Script:
        """Set the answers: responses, errors to raise, or functions of the request. The last one repeats."""
        self.answers = list(answers)
        return self

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.bodies.append(await request.aread())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(request)
        return streamed(answer)


@pytest.fixture
def script() -> Script:
    """Stands in for the network."""
    return Script()


@dataclass
class Witness:
    """An observer that remembers."""

    calls: list[tuple[str, str, Outcome]] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)

    def call_finished(self, service: str, operation: str, outcome: Outcome, seconds: float) -> None:
        assert seconds >= 0
        self.calls.append((service, operation, outcome))

    def retried(self, service: str) -> None:
        self.retries.append(service)


@pytest.fixture
def witness() -> Witness:
    """Sees every operation."""
    return Witness()


@pytest.fixture
async def closing() -> AsyncIterator[Callable[[Any], Any]]:
    """Close clients at the end of the test."""
    opened: list[Any] = []

    def remember(client: Any) -> Any:
        opened.append(client)
        return client

    yield remember
    for client in opened:
        await client.aclose()
