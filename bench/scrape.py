"""Time and size of a scrape with 10,000 movies beside one of an empty library, in turns, in one run.

    python bench/scrape.py [--json] [--scrapes N]

Two whole daemons run in this process, each on a database of its own; a scrape is timed as Prometheus pays for it, from
the request to the last byte. Between two scrapes there is a pause, because a daemon rests after each render. The lag is
that of the loop on which all of it runs, the client too.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import psycopg
import structlog
import trio
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.cli.daemon import Daemon, Started
from reeld.cli.labels import KNOWN_LABELS
from reeld.domain.secret import Secret
from reeld.domain.settings import LibrarySettings, ServerSettings, Settings
from reeld.migrations import migrate
from reeld.storage import Database
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.repositories.counts import count
from reeld.telemetry import KernelObserver, Metrics

MOVIES: Final = 10_000
SCRAPES: Final = 60
PAUSE_SECONDS: Final = 0.15
WARM_UP: Final = 5
OPENMETRICS: Final = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"

FILL: Final = f"""
INSERT INTO movie (tmdb_id, title, year, profile, stage)
    SELECT n, 'The Movie Number ' || n, 1900 + n % 120, 'HD-1080p',
           CASE WHEN n % 10 = 0 THEN 'wanted' ELSE 'in_library' END
    FROM generate_series(1, {MOVIES}) n;
INSERT INTO library_file (movie_id, root_folder, relative_path, size, quality)
    SELECT n, '/library', 'Movie ' || n || '/Movie.mkv', 8000000000,
           (ARRAY['Bluray-1080p', 'WEBDL-720p', 'SDTV'])[1 + n % 3]
    FROM generate_series(1, {MOVIES}) n WHERE n % 10 > 0;
INSERT INTO history (movie_id, kind) SELECT 1 + n % {MOVIES}, 'imported' FROM generate_series(1, 100000) n;
INSERT INTO work (queue, kind, state, finished_at)
    SELECT 'qbit', 'add-torrent', 'done', now() FROM generate_series(1, 20000) n;
ANALYZE
"""


def database_of(server: str, name: str, fill: str) -> str:
    """Make a database and return its connection string."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    conninfo = make_conninfo(server, dbname=name)
    trio.run(migrate, conninfo)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(fill)  # type: ignore[call-overload]
        # As the server itself does with tables that grew, some minutes later.
        connection.execute("VACUUM (ANALYZE)")
    return conninfo


@asynccontextmanager
async def running(conninfo: str, folder: Path) -> AsyncIterator[Started]:
    """Run a daemon for the length of the block."""
    options = conninfo_to_dict(conninfo)
    name = options.pop("dbname")
    library = folder / "library"
    library.mkdir(parents=True)
    daemon = Daemon(
        Settings(
            data_dir=folder / "data",
            database_url=Secret(f"postgresql:///{name}?{urlencode(options)}"),
            library=LibrarySettings(root_folder=library),
            server=ServerSettings(port=0, api_key=Secret("b" * 20)),
        )
    )
    send, receive = trio.open_memory_channel[Any](1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(daemon.run, send.send)
        try:
            yield await receive.receive()
        finally:
            daemon.stop()


async def scrape(client: httpx.AsyncClient, url: str) -> tuple[float, int, int]:
    """Return how long a scrape took, in milliseconds, its bytes, and what of them went over the wire, packed."""
    begun = time.perf_counter()
    answer = await client.get(f"{url}/metrics", headers={"Accept": OPENMETRICS})
    took = 1000 * (time.perf_counter() - begun)
    answer.raise_for_status()
    return took, len(answer.content), answer.num_bytes_downloaded


async def watch_lag(lags: list[float]) -> None:
    """Note how late a timer of 5 ms runs, in milliseconds."""
    while True:
        due = trio.current_time() + 0.005
        await trio.sleep_until(due)
        lags.append(1000 * (trio.current_time() - due))


async def in_turns(daemons: dict[str, Started], scrapes: int) -> dict[str, Any]:
    """Scrape the daemons in turns."""
    took: dict[str, list[float]] = {name: [] for name in daemons}
    sizes: dict[str, int] = {}
    packed: dict[str, int] = {}
    lags: list[float] = []
    async with httpx.AsyncClient(timeout=30) as client, trio.open_nursery() as nursery:
        for started in daemons.values():
            while started.metrics.value("reeld_rows_age_seconds") > 60:
                await trio.sleep(0.1)
        for number in range(WARM_UP + scrapes):
            if number == WARM_UP:
                nursery.start_soon(watch_lag, lags)
            for name, started in daemons.items():
                each, sizes[name], packed[name] = await scrape(client, started.url)
                if number >= WARM_UP:
                    took[name].append(each)
                await trio.sleep(PAUSE_SECONDS)
        nursery.cancel_scope.cancel()
    found: dict[str, Any] = {}
    for name, times in took.items():
        found[f"{name}_scrape_ms"] = statistics.median(times)
        found[f"{name}_bytes"] = sizes[name]
        found[f"{name}_packed_bytes"] = packed[name]
    pairs = zip(took["full"], took["empty"], strict=True)
    found["full_over_empty"] = statistics.median(full / empty for full, empty in pairs)
    found["lag_p99_ms"] = statistics.quantiles(lags, n=100)[98]
    return found


async def count_ms(conninfo: str) -> float:
    """Return how long the periodic count takes, in milliseconds."""
    async with Database.open(conninfo) as database:
        times = []
        for _ in range(WARM_UP + 20):
            begun = time.perf_counter()
            await count(database)
            times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times[WARM_UP:])


def observing_us() -> float:
    """Return what counting and timing one message costs, in microseconds."""
    observer = KernelObserver(Metrics(KNOWN_LABELS))
    rounds = []
    for _ in range(7):
        begun = time.perf_counter()
        for _ in range(20_000):
            observer.message_handled("rss", "Sweep", "ok", 0.001, 0.002)
        rounds.append(1e6 * (time.perf_counter() - begun) / 20_000)
    return statistics.median(rounds)


async def measure_daemons(conninfos: dict[str, str], folder: Path, scrapes: int) -> dict[str, Any]:
    """Run the daemons and scrape them."""
    async with AsyncExitStack() as stack:
        daemons = {
            name: await stack.enter_async_context(running(conninfo, folder / name))
            for name, conninfo in conninfos.items()
        }
        return await in_turns(daemons, scrapes)


def measure(scrapes: int) -> dict[str, Any]:
    """Run everything and return the numbers."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = EmbeddedServer(folder / "postgres")
        trio.run(server.start)
        try:
            conninfos = {
                "empty": database_of(server.conninfo, "bench_empty", "SELECT 1"),
                "full": database_of(server.conninfo, "bench_full", FILL),
            }
            found = trio.run(measure_daemons, conninfos, folder, scrapes)
            found["count_ms"] = trio.run(count_ms, conninfos["full"])
        finally:
            trio.run(server.stop)
    return {**found, "observing_us": observing_us()}


def report(found: dict[str, Any]) -> None:
    """Print the result for people; the aims are the design's."""

    def row(what: str, text: str, aim: str = "") -> None:
        print(f"{what:44} {text:>12}   {aim}")

    for name in ("empty", "full"):
        row(f"scrape, {name} library", f"{found[f'{name}_scrape_ms']:.1f} ms", "aim: under 20 ms")
        size = found[f"{name}_bytes"] / 1000
        row(f"its size, {name} library", f"{size:.0f} kB", "aim: under 250 kB")
        row("as gzip", f"{found[f'{name}_packed_bytes'] / 1000:.0f} kB")
    row("full over empty", f"{found['full_over_empty']:.2f}", "aim: 1, however large the library")
    row("loop lag p99 while scraped", f"{found['lag_p99_ms']:.1f} ms", "aim: under 10 ms")
    row("counting the rows, every few seconds", f"{found['count_ms']:.1f} ms")
    row("counting and timing one message", f"{found['observing_us']:.2f} us")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure scrapes of a daemon.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--scrapes", type=int, default=SCRAPES, help="of each daemon")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = measure(arguments.scrapes)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
