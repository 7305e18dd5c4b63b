"""Lag of the daemon's loop while movies arrive: not scraped, scraped each second, and in a storm of a hundred a second.

    python -m bench.observing [--json]

The daemon runs in this process, each time anew on a database of its own, and a timer on its loop notes how late it is.
The simulators and whoever scrapes are processes of their own, so that nothing of theirs is counted; they, PostgreSQL and
the probes of files take their share of the cores, though.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import structlog
import trio
from psycopg.conninfo import conninfo_to_dict

from bench.daemon import KEY, variables_of
from bench.scrape import OPENMETRICS, database_of, watch_lag
from reeld.cli.daemon import Daemon
from reeld.cli.reload import SettingsReader
from reeld.simulators.offers import OFFERS
from reeld.simulators.world import World
from reeld.storage.embedded import EmbeddedServer

RATES: Final = {"unwatched": 0, "watched": 1, "storm": 100}
"""Scrapes a second."""
FILMS: Final = 6
LEAST_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 60.0
FASTER: Final = {
    "REELD_HDBITS_SPACING_SECONDS": "0.5",
    "REELD_HDBITS_CALLS_PER_HOUR": "10000",
    "REELD_QBITTORRENT_POLL_SECONDS": "0.5",
}
"""What the demo sets, too, so that movies arrive within seconds."""


async def be_the_world(folder: Path) -> None:
    """Serve the simulators until killed; the first line says how to reach them, and which movies there are."""
    async with World.open(folder, download_seconds=2.0) as world:
        films = [film.tmdb_id for film in world.films_from(OFFERS[0].source)[:FILMS]]
        print(json.dumps({"variables": variables_of(world), "films": films}), flush=True)
        await trio.sleep_forever()


async def scrape_on(url: str, rate: float) -> None:
    """Scrape until standard input ends, whether or not the last one was answered; then say how many had which status."""
    answers: Counter[str] = Counter()

    async def scrape(client: httpx.AsyncClient) -> None:
        try:
            answer = await client.get(url, headers={"Accept": OPENMETRICS})
        except httpx.HTTPError as error:
            answers[type(error).__name__] += 1
        else:
            answers[str(answer.status_code)] += 1

    async with httpx.AsyncClient(timeout=10) as client, trio.open_nursery() as nursery:
        begun, number = trio.current_time(), 0
        ended = trio.Event()

        async def wait_for_end() -> None:
            await trio.to_thread.run_sync(sys.stdin.read, abandon_on_cancel=True)
            ended.set()

        nursery.start_soon(wait_for_end)
        while not ended.is_set():
            nursery.start_soon(scrape, client)
            number += 1
            await trio.sleep_until(begun + number / rate)
        nursery.cancel_scope.deadline = trio.current_time() + 2
    print(json.dumps(answers))


def child(*arguments: str) -> subprocess.Popen[str]:
    """Start this module in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench.observing", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@asynccontextmanager
async def scraped(url: str, rate: float) -> AsyncIterator[dict[str, int]]:
    """Have the daemon scraped during the block; afterwards the answers are counted in what the block got."""
    answers: dict[str, int] = {}
    if not rate:
        yield answers
        return
    process = child("--scrape", f"{url}/metrics", "--rate", str(rate))
    try:
        yield answers
        said, _ = await trio.to_thread.run_sync(process.communicate, "", 15.0)
        answers |= json.loads(said)
    finally:
        process.kill()
        process.wait()


async def live(settings: dict[str, str], films: list[int], rate: float) -> dict[str, Any]:
    """Run a daemon while movies arrive, and note its lag from the moment that it is ready."""
    reader = SettingsReader(settings)
    daemon = Daemon(reader.read(), reader)
    send, receive = trio.open_memory_channel[Any](1)
    lags: list[float] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(daemon.run, send.send)
        started = await receive.receive()
        async with scraped(started.url, rate) as answers, trio.open_nursery() as watching:
            watching.start_soon(watch_lag, lags)
            seconds = await let_arrive(started.url, films)
            watching.cancel_scope.cancel()
        daemon.stop()
    quantiles = statistics.quantiles(lags, n=1000)
    return {
        "arrived_in_seconds": seconds,
        "lag_p50_ms": quantiles[499],
        "lag_p99_ms": quantiles[989],
        "lag_max_ms": max(lags),
        "answers": answers,
    }


async def let_arrive(url: str, films: list[int]) -> float:
    """Want movies and wait until they are there; returns how long that took. Lasts ten seconds at least."""
    begun = trio.current_time()
    headers = {"X-Api-Key": KEY}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        for film in films:
            (await client.post("/api/movies", json={"tmdb_id": film})).raise_for_status()
        with trio.fail_after(PATIENCE_SECONDS):
            while (await client.get("/api/queue/status")).json()["movies"].get(
                "in_library", 0
            ) < len(films):
                await trio.sleep(0.25)
    seconds = trio.current_time() - begun
    await trio.sleep_until(begun + LEAST_SECONDS)
    return seconds


async def measure_one(name: str, conninfo: str, folder: Path) -> dict[str, Any]:
    """Measure with a world, a database and a daemon of its own."""
    folder.mkdir()
    world = child("--world", str(folder / "world"))
    try:
        assert world.stdout is not None
        known = json.loads(await trio.to_thread.run_sync(world.stdout.readline))
        options = conninfo_to_dict(conninfo)
        database = options.pop("dbname")
        (folder / "library").mkdir()
        settings = {
            **known["variables"],
            **FASTER,
            "REELD_DATA_DIR": str(folder / "data"),
            "REELD_DATABASE_URL": f"postgresql:///{database}?{urlencode(options)}",
            "REELD_LIBRARY_ROOT_FOLDER": str(folder / "library"),
            "REELD_BIND": "127.0.0.1:0",
            "REELD_API_KEY": KEY,
            "XDG_CONFIG_HOME": str(folder),
        }
        return await live(settings, known["films"], RATES[name])
    finally:
        world.kill()
        world.wait()


def measure() -> dict[str, Any]:
    """Run everything and return the numbers."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = EmbeddedServer(folder / "postgres")
        trio.run(server.start)
        try:
            databases = {
                name: database_of(server.conninfo, f"bench_{name}", "SELECT 1") for name in RATES
            }
            return {
                name: trio.run(measure_one, name, conninfo, folder / name)
                for name, conninfo in databases.items()
            }
        finally:
            trio.run(server.stop)


def report(found: dict[str, Any]) -> None:
    """Print the result for people; the aim is the design's."""
    print(f"{'loop lag while six movies arrive':36} {'p50':>8} {'p99':>8} {'most':>8}   answers")
    for name, rate in RATES.items():
        one = found[name]
        what = f"{name}, {rate} scrapes a second"
        lags = " ".join(f"{one[f'lag_{which}_ms']:5.1f} ms" for which in ("p50", "p99", "max"))
        answers = ", ".join(f"{status}: {count}" for status, count in one["answers"].items())
        aim = "   aim: p99 under 10 ms" if name == "watched" else ""
        print(f"{what:36} {lags}   {answers}{aim}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the lag of a daemon that is scraped.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--world", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--scrape", help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=float, default=1.0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if arguments.world:
        trio.run(be_the_world, arguments.world)
    elif arguments.scrape:
        trio.run(scrape_on, arguments.scrape, arguments.rate)
    else:
        found = measure()
        print(json.dumps(found, indent=2)) if arguments.json else report(found)


if __name__ == "__main__":
    main()
