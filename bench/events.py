"""Measure live events: how soon a row reaches clients, and 500 clients that follow 50 downloads.

    python -m bench.events [--json] [--clients N]

The row's client beside the crowd is on the crowd's own loop, which is late by itself then.

The daemon is `reeld run` as a process of its own with the embedded PostgreSQL. The clients live in this process, on one
loop: what they need to read is part of every figure, and so is whoever else uses the cores. A row's time begins before
its commit is sent; that of progress when the daemon hands it to its clients.
"""

from __future__ import annotations

import argparse
import base64
import json
import logging
import os
import statistics
import struct
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import structlog
import trio

from bench.daemon import KEY, Daemon, daemon
from reeld.domain.history import EventKind
from reeld.storage import Database
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.events import append

CLIENTS = 500
DOWNLOADS = 50
ROWS = 300
ROW_PAUSE_SECONDS = 0.02
WATCHED_SECONDS = 15.0
PATIENCE_SECONDS = 120.0
TEXT, CLOSE, PING = 1, 8, 9

AIMS = {
    "row_p95_ms": "aim: under 50 ms",
    "progress_p99_ms": "aim: under 250 ms",
}

FILL = """
WITH wanted AS (
    INSERT INTO movie (tmdb_id, title, profile, stage)
    SELECT n, 'Movie ' || n, 'Any', 'downloading' FROM generate_series(1, %s) n RETURNING id, title
), offered AS (
    INSERT INTO release (source, indexer, guid, title, movie_id)
    SELECT 'rss', 'feed', id, title, id FROM wanted RETURNING id, title, movie_id
)
INSERT INTO acquisition (movie_id, release_id, source, indexer, title, state, torrent, infohash, size)
SELECT movie_id, id, 'rss', 'feed', title, 'downloading', '', lpad(id::text, 40, '0'), 10^10 FROM offered
"""
MOVE = (
    "UPDATE acquisition SET progress = least(progress + 0.001, 1), speed = 1000 + random() * 1000"
)


class Seen(msgspec.Struct):
    """What a client looks at of a message."""

    kind: str
    at: datetime
    data: msgspec.Raw


class Number(msgspec.Struct):
    """What an event of this benchmark carries."""

    movie_id: int


SEEN, NUMBER = msgspec.json.Decoder(Seen), msgspec.json.Decoder(Number)


class Client:
    """A WebSocket's client that does next to nothing."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._held = bytearray()

    async def open(self, topics: str) -> None:
        """Shake hands."""
        key = base64.b64encode(os.urandom(16)).decode()
        await self._stream.send_all(
            f"GET /api/events?topics={topics} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {KEY}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        while (end := self._held.find(b"\r\n\r\n")) < 0:
            await self._fill()
        if b" 101 " not in self._held[:20]:
            raise RuntimeError(bytes(self._held[:200]).decode())
        del self._held[: end + 4]

    async def texts(self) -> AsyncIterator[bytes]:
        """Wait for messages, for ever."""
        while True:
            for kind, payload in self._frames():
                if kind == PING:
                    await self._stream.send_all(_masked(10, payload))
                elif kind == CLOSE:
                    raise RuntimeError(f"closed: {payload!r}")
                else:
                    yield payload
            await self._fill()

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        held = self._held
        while len(held) >= 2:
            length, head = held[1] & 127, 2
            if length >= 126:
                head = 4 if length == 126 else 10
                if len(held) < head:
                    return
                length = int.from_bytes(held[2:head], "big")
            if len(held) < head + length:
                return
            kind, payload = held[0] & 15, bytes(held[head : head + length])
            del held[: head + length]
            yield kind, payload

    async def _fill(self) -> None:
        data = await self._stream.receive_some()
        if not data:
            raise RuntimeError("hung up")
        self._held += data


def _masked(kind: int, payload: bytes) -> bytes:
    return struct.pack("!BBI", 128 | kind, 128 | len(payload), 0) + payload


@asynccontextmanager
async def clients(
    port: int, number: int, topics: str, note: Callable[[Seen, float], None]
) -> AsyncIterator[None]:
    """Have clients follow topics during the block; each message is noted with the time at which it was read."""
    ready = 0

    async def follow() -> None:
        nonlocal ready
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        async with stream:
            client = Client(stream)
            await client.open(topics)
            async for text in client.texts():
                seen = SEEN.decode(text)
                if seen.kind == "current":
                    ready += 1
                else:
                    note(seen, time.time())

    async with trio.open_nursery() as nursery:
        for _ in range(number):
            nursery.start_soon(follow)
            await trio.sleep(0.002)
        with trio.fail_after(PATIENCE_SECONDS):
            while ready < number:
                await trio.sleep(0.05)
        yield
        nursery.cancel_scope.cancel()


async def measure_rows(port: int, database: Database) -> list[float]:
    """Commit events one after the other; return the milliseconds until one client has read each."""
    begun: dict[int, float] = {}
    taken: dict[int, float] = {}

    def note(seen: Seen, now: float) -> None:
        if seen.kind == "movie.searched":
            number = NUMBER.decode(seen.data).movie_id
            taken[number] = (now - begun[number]) * 1000

    async with clients(port, 1, "movie", note):
        for number in range(ROWS):
            async with database.transaction() as conn:
                await append(conn, EventKind.MOVIE_SEARCHED, number, {"movie_id": number})
                begun[number] = time.time()
            await trio.sleep(ROW_PAUSE_SECONDS)
        with trio.fail_after(PATIENCE_SECONDS):
            while len(taken) < ROWS:
                await trio.sleep(0.05)
    return list(taken.values())


async def measure_crowd(running: Daemon, database: Database, number: int) -> dict[str, Any]:
    """Have many clients follow downloads that all move each second, with rows and requests beside them."""
    late: list[float] = []
    is_on = False

    def note(seen: Seen, now: float) -> None:
        if is_on and seen.kind == "download.progress":
            late.append((now - seen.at.timestamp()) * 1000)

    async def move() -> None:
        while True:
            async with database.transaction() as conn:
                await conn.execute(MOVE)
            await trio.sleep(0.5)

    before = running.mib()
    async with clients(running.port, number, "download", note), trio.open_nursery() as nursery:
        found: dict[str, Any] = {"kib_a_client": (running.mib() - before) * 1024 / number}
        nursery.start_soon(move)
        await trio.sleep(2)
        is_on, used, begun = True, running.cpu_seconds(), time.perf_counter()
        found["api_p95_ms_beside_clients"] = await measure_api(running.port)
        wall = time.perf_counter() - begun
        found["daemon_cpu_percent"] = 100 * (running.cpu_seconds() - used) / wall
        found["frames_a_client_a_second"] = len(late) / number / wall
        is_on = False
        rows = await measure_rows(running.port, database)
        nursery.cancel_scope.cancel()
    found |= {
        "row_p95_ms_beside_clients": at(rows, 0.95),
        "progress_p50_ms": at(late, 0.5),
        "progress_p99_ms": at(late, 0.99),
        "mib_with_clients": running.mib(),
    }
    return found


async def measure_api(port: int) -> float:
    """Return the p95 of a request, in milliseconds."""
    taken = []
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"X-Api-Key": KEY}, timeout=30
    ) as http:
        until = time.perf_counter() + WATCHED_SECONDS
        while (begun := time.perf_counter()) < until:
            (await http.get("/api/queue")).raise_for_status()
            taken.append((time.perf_counter() - begun) * 1000)
            await trio.sleep(0.1)
    return at(taken, 0.95)


def at(values: list[float], share: float) -> float:
    """Return a quantile."""
    return statistics.quantiles(values, n=1000, method="inclusive")[int(share * 1000) - 1]


async def measure(base: Path, number: int) -> dict[str, Any]:
    """Measure everything."""
    found: dict[str, Any] = {"load_at_start": os.getloadavg()[0], "clients": number}

    def run() -> dict[str, Any]:
        limits = {"REELD_ACCESS_REQUESTS_PER_MINUTE": "100000"}
        with daemon(base / "data", limits) as running:
            return trio.run(look, running)

    async def look(running: Daemon) -> dict[str, Any]:
        server = EmbeddedServer(base / "data" / "postgres")
        await server.prepare()
        async with Database.open(server.conninfo, size=2) as database:
            rows = await measure_rows(running.port, database)
            async with database.transaction() as conn:
                await conn.execute(FILL, (DOWNLOADS,))
            alone = await measure_api(running.port)
            crowd = await measure_crowd(running, database, number)
        return {
            "row_p50_ms": at(rows, 0.5),
            "row_p95_ms": at(rows, 0.95),
            "api_p95_ms_alone": alone,
            **crowd,
        }

    return found | await trio.to_thread.run_sync(run)


def report(found: dict[str, Any]) -> None:
    """Print the result for people."""
    for name, value in found.items():
        shown = value if isinstance(value, int) else f"{value:.2f}"
        print(f"{name.replace('_', ' '):34} {shown:>10}  {AIMS.get(name, '')}".rstrip())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure live events.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="how many follow downloads")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="reeld-bench-") as folder:
        found = trio.run(measure, Path(folder), arguments.clients)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
