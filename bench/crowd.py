"""Many clients at once that cost next to nothing themselves: what is measured is the daemon.

Each has a session of its own, follows live events over a WebSocket, and asks one route after the other on a connection
that it keeps, the next as soon as it has the last answer whole. A client in a library costs more than an answer does, and
on two cores that would be measured instead.
"""

from __future__ import annotations

import base64
import os
import selectors
import socket
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

PATIENCE_SECONDS: Final = 60.0
_END: Final = b"\r\n\r\n"


@dataclass(slots=True)
class Client:
    """One of the crowd.

    Attributes:
        requests: What it asks, by name, in its order.
        left: How many more times it asks.
        taken: Seconds of each answer, with the name of what was asked.
    """

    address: tuple[str, int]
    requests: Sequence[tuple[str, bytes]]
    left: int
    taken: list[tuple[str, float]] = field(default_factory=list)
    turn: int = 0
    connection: socket.socket = field(default_factory=socket.socket)
    _begun: float = 0.0
    _parts: list[bytes] = field(default_factory=list)
    _wanted: int | None = None

    def ask(self) -> None:
        """Send the next request."""
        self._parts, self._wanted = [], None
        self._begun = time.perf_counter()
        self.connection.sendall(self.requests[self.turn % len(self.requests)][1])

    def connect(self) -> None:
        """Open a connection of its own."""
        self.connection = socket.create_connection(self.address, timeout=PATIENCE_SECONDS)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def hear(self, data: bytes) -> bool:
        """Take a part of an answer; True when it is whole, and noted."""
        self._parts.append(data)
        if self._wanted is None:
            self._wanted = _length_of(b"".join(self._parts))
        if self._wanted is None or sum(map(len, self._parts)) < self._wanted:
            return False
        name = self.requests[self.turn % len(self.requests)][0]
        self.taken.append((name, time.perf_counter() - self._begun))
        self.turn += 1
        self.left -= 1
        return True


def _length_of(beginning: bytes) -> int | None:
    """Return the length of a whole answer with its head; None while the head is not whole."""
    head, end, _ = beginning.partition(_END)
    if not end:
        return None
    status, *lines = head.decode("latin-1").split("\r\n")
    if " 200 " not in status:
        raise RuntimeError(beginning[:500].decode("latin-1"))
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return len(head) + len(_END) + int(headers["content-length"])


def sessions(url: str, password: str, number: int) -> list[str]:
    """Log in so many times; return the cookies."""
    found = []
    for _ in range(number):
        with httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as client:
            order = {"username": "admin", "password": password}
            client.post("/api/login", json=order).raise_for_status()
            found.append("; ".join(f"{name}={value}" for name, value in client.cookies.items()))
    return found


def crowd(
    url: str, cookies: Sequence[str], routes: Mapping[str, str], *, rounds: int, warm_up: int = 1
) -> dict[str, Any]:
    """Let clients ask every route, all at once, each beginning with another one; return what it took, in milliseconds.

    `{own}` in a path is another number for each client: what people look at is not all the same.
    """
    address = _address(url)
    names = list(routes)
    clients = []
    for number, cookie in enumerate(cookies):
        turned = [names[(number + place) % len(names)] for place in range(len(names))]
        paths = {name: path.format(own=1 + 197 * number) for name, path in routes.items()}
        requests = [(name, _request(url, paths[name], cookie)) for name in turned]
        clients.append(Client(address, requests, (warm_up + rounds) * len(names)))
    with _followers(url, cookies) as followers:
        begun = time.perf_counter()
        _run(clients, followers)
        seconds = time.perf_counter() - begun
    taken: dict[str, list[float]] = {name: [] for name in names}
    for client in clients:
        for name, each in client.taken[warm_up * len(names) :]:
            taken[name].append(1000 * each)
    asked = sum(len(client.taken) for client in clients)
    return {
        "requests": asked,
        "requests_per_second": asked / seconds,
        "routes": {name: percentiles(times) for name, times in taken.items()},
    }


def percentiles(times: list[float]) -> dict[str, float]:
    """Return the median and the tail, in milliseconds."""
    cuts = statistics.quantiles(times, n=100)
    return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


def _run(clients: Sequence[Client], followers: Sequence[socket.socket]) -> None:
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for follower in followers:
            selector.register(follower, selectors.EVENT_READ, None)
        for client in clients:
            client.connect()
            stack.callback(lambda client=client: client.connection.close())
            selector.register(client.connection, selectors.EVENT_READ, client)
        for client in clients:
            client.ask()
        while any(client.left for client in clients):
            ready = selector.select(PATIENCE_SECONDS)
            if not ready:
                raise TimeoutError("nobody was answered")
            for key, _ in ready:
                data = key.fileobj.recv(1 << 20)  # type: ignore[union-attr]  # sockets, all of them
                client = key.data
                if client is not None:
                    _go_on(selector, client, data)


def _go_on(selector: selectors.BaseSelector, client: Client, data: bytes) -> None:
    if not data:
        # The server ends a connection after a thousand requests; the next one comes on a new one.
        selector.unregister(client.connection)
        client.connection.close()
        client.connect()
        selector.register(client.connection, selectors.EVENT_READ, client)
        client.ask()
    elif client.hear(data) and client.left:
        client.ask()


@contextmanager
def _followers(url: str, cookies: Sequence[str]) -> Iterator[list[socket.socket]]:
    """Have each session follow every event meanwhile."""
    with ExitStack() as stack:
        yield [stack.enter_context(_follower(url, cookie)) for cookie in cookies]


def _follower(url: str, cookie: str) -> socket.socket:
    key = base64.b64encode(os.urandom(16)).decode()
    connection = socket.create_connection(_address(url), timeout=PATIENCE_SECONDS)
    connection.sendall(
        f"GET /api/events HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nOrigin: {url}\r\nCookie: {cookie}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    answer = connection.recv(4096)
    if b" 101 " not in answer[:20]:
        raise RuntimeError(answer[:500].decode("latin-1"))
    return connection


def _request(url: str, path: str, cookie: str) -> bytes:
    host = urlsplit(url).netloc
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode()


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)
