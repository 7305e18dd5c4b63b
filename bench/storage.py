"""Queries a second on eight connections: reeld's database on trio, against the other ways to use psycopg.

    python bench/storage.py [--json] [--rounds N] [--queries N]

Every round runs each way once, one after the other, on the same server and the same statement; the ratios are medians of
the rounds' own ratios, so that a slow minute of the machine counts for all. Takes about half a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import structlog
import trio

from reeld.migrations import migrate
from reeld.storage import Database, Leader, TrioConnection
from reeld.storage.embedded import EmbeddedServer

CONNECTIONS = 8
SQL = "SELECT %s::int, 'a short text'"

Way = Callable[[str, int], Awaitable[float]]


async def database(conninfo: str, queries: int) -> float:
    """What reeld's rooms use: `Database.fetch_one`, with its pool and a deadline for each call."""

    async def work() -> None:
        for n in range(queries):
            await opened.fetch_one(SQL, (n,))

    async with Database.open(conninfo, size=CONNECTIONS) as opened:
        await _together(opened.fetch_one, SQL, (1,))
        return await _timed(work)


async def trio_connections(conninfo: str, queries: int) -> float:
    """psycopg's own cursors on trio, a connection for each task."""
    connections = [await TrioConnection.connect(conninfo) for _ in range(CONNECTIONS)]
    spare = iter(connections)

    async def work() -> None:
        connection = next(spare)
        for n in range(queries):
            await (await connection.execute(SQL, (n,))).fetchone()

    seconds = await _timed(work)
    for connection in connections:
        await connection.close()
    return seconds


async def worker_threads(conninfo: str, queries: int) -> float:
    """Blocking psycopg, each query handed to a worker thread."""
    connections = [psycopg.connect(conninfo, autocommit=True) for _ in range(CONNECTIONS)]
    spare = iter(connections)

    async def work() -> None:
        connection = next(spare)

        def query(n: int) -> object:
            return connection.execute(SQL, (n,)).fetchone()

        for n in range(queries):
            await trio.to_thread.run_sync(query, n)

    seconds = await _timed(work)
    for connection in connections:
        connection.close()
    return seconds


async def asyncio_connections(conninfo: str, queries: int) -> float:
    """psycopg's own asyncio connections, one for each task: a pool of as many adds to it, and takes nothing away."""

    async def main() -> float:
        connections = [
            await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
            for _ in range(CONNECTIONS)
        ]

        async def work(connection: psycopg.AsyncConnection) -> None:
            for n in range(queries):
                await (await connection.execute(SQL, (n,))).fetchone()

        started = time.perf_counter()
        await asyncio.gather(*(work(connection) for connection in connections))
        seconds = time.perf_counter() - started
        for connection in connections:
            await connection.close()
        return seconds

    return await trio.to_thread.run_sync(asyncio.run, main())


async def transactions(conninfo: str, queries: int) -> float:
    """Fenced transactions of one statement, committed."""

    async def work() -> None:
        for n in range(queries):
            async with opened.transaction() as connection:
                await connection.execute(SQL, (n,))

    async with Database.open(conninfo, size=CONNECTIONS) as opened, Leader(opened).leading():
        return await _timed(work)


WAYS: dict[str, Way] = {
    way.__name__: way
    for way in (database, trio_connections, worker_threads, asyncio_connections, transactions)
}


async def _together(function: Callable[..., Awaitable[object]], *arguments: object) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(CONNECTIONS):
            nursery.start_soon(function, *arguments)


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await _together(work)
    return time.perf_counter() - started


async def measure(rounds: int, queries: int) -> dict[str, object]:
    """Run every way in every round and return rates and ratios."""
    rates: dict[str, list[float]] = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        async with EmbeddedServer(Path(folder)).running() as server:
            await migrate(server.conninfo)
            for _ in range(rounds):
                for name, way in WAYS.items():
                    share = queries // 4 if way is transactions else queries
                    rates[name].append(CONNECTIONS * share / await way(server.conninfo, share))

    def ratio(other: str) -> float:
        pairs = zip(rates["database"], rates[other], strict=True)
        return round(statistics.median(ours / theirs for ours, theirs in pairs), 2)

    return {
        "connections": CONNECTIONS,
        "rounds": rounds,
        "queries_per_second": {
            name: round(statistics.median(all_)) for name, all_ in rates.items()
        },
        "ratios": {
            "against_worker_threads": ratio("worker_threads"),
            "against_asyncio": ratio("asyncio_connections"),
        },
        "aims": {"against_worker_threads": 4.0, "against_asyncio": 1.0},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--queries", type=int, default=1000, help="per connection and round")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = trio.run(measure, arguments.rounds, arguments.queries)
    if arguments.json:
        print(json.dumps(found))
        return
    for group in ("queries_per_second", "ratios"):
        print(group.replace("_", " "))
        for name, value in found[group].items():
            print(f"  {name.replace('_', ' '):<24}{value:>12,}")


if __name__ == "__main__":
    main()
