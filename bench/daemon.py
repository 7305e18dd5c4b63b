"""Measure the whole daemon: from start to ready, its memory, and what it costs while nothing happens.

    python -m bench.daemon [--json] [--imports N]

The daemon is `reeld run` as a process of its own, with the embedded PostgreSQL and every outside system configured
(simulators in this process) at the daemon's default intervals. Memory is resident memory of the daemon's own process;
PostgreSQL's is told beside it. Imports go the daemon's whole way: rows of finished downloads, the import journal, the
probe of each file in a process of its own, hard links, qBittorrent told afterwards.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import structlog
import trio

from bench.importer import downloaded
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.simulators.world import World
from reeld.storage import Database
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.work import submit

STARTS = 3
SETTLE_SECONDS = 5.0
IDLE_SECONDS = 20.0
IMPORTS = 1_000
BATCH = 100
PATIENCE_SECONDS = 240.0
KEY = "a-key-for-measuring"

AIMS = {
    "first_start_seconds": "aim: under 3 s",
    "later_start_seconds": "aim: under 3 s",
    "idle_mib": "aim: under 150 MiB",
    "mib_after_imports": "aim: under 150 MiB",
    "idle_cpu_percent": "aim: under 2 % of one core",
}


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon as a process."""

    process: psutil.Process
    port: int
    started_in: float

    def get(self, path: str) -> Any:
        """Return the JSON of a GET; None when there is no such answer yet."""
        return fetch(self.port, path)

    def mib(self) -> float:
        """Return the resident memory of its own process."""
        return float(self.process.memory_info().rss) / 2**20

    def postgres(self) -> list[psutil.Process]:
        """Return PostgreSQL's processes."""
        return [each for each in self.process.children(recursive=True) if each.name() == "postgres"]

    def cpu_seconds(self) -> float:
        """Return what its own process has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


def fetch(port: int, path: str) -> Any:
    """Ask by hand: an HTTP client's own start would be part of the time."""
    request = f"GET {path} HTTP/1.0\r\nHost: localhost\r\nX-Api-Key: {KEY}\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(request.encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    return json.loads(body) if b" 200 " in head.split(b"\r\n")[0] else None


@contextmanager
def daemon(folder: Path, variables: dict[str, str]) -> Iterator[Daemon]:
    """Run a daemon for the length of the block; it is ready when the block begins."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("REELD_")},
        "REELD_DATA_DIR": str(folder),
        "REELD_BIND": f"127.0.0.1:{port}",
        "REELD_API_KEY": KEY,
        "XDG_CONFIG_HOME": str(folder),
        **variables,
    }
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "reeld", "run", "--log-level", "warning"],
        env=environ,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while fetch(port, "/ready") is None:
            if process.poll() is not None or time.perf_counter() - begun > 60:
                sys.exit("The daemon did not become ready.")
            time.sleep(0.01)
        yield Daemon(psutil.Process(process.pid), port, time.perf_counter() - begun)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def variables_of(world: World) -> dict[str, str]:
    """Return the variables that lead a daemon to the simulators, with default intervals."""
    username, password = world.qbittorrent.credentials
    feed = {"name": "open-movies", "url": world.rss.feed_url}
    return {
        "REELD_TMDB_URL": world.tmdb.url,
        "REELD_TMDB_TOKEN": world.tmdb.token,
        "REELD_HDBITS_URL": world.hdbits.url,
        "REELD_HDBITS_USERNAME": world.hdbits.username,
        "REELD_HDBITS_PASSKEY": world.hdbits.passkey,
        "REELD_QBITTORRENT_URL": world.qbittorrent.url,
        "REELD_QBITTORRENT_USERNAME": username,
        "REELD_QBITTORRENT_PASSWORD": password,
        "REELD_FEEDS": json.dumps([feed]),
    }


def measure_starts(base: Path, variables: dict[str, str]) -> dict[str, Any]:
    """Start with nothing, and start again on what is there; medians."""
    first, later = [], []
    for number in range(STARTS):
        for found in (first, later):
            with daemon(base / f"start-{number}", variables) as running:
                found.append(running.started_in)
    return {
        "first_start_seconds": statistics.median(first),
        "later_start_seconds": statistics.median(later),
    }


def measure_idle(running: Daemon) -> dict[str, Any]:
    """Look at a daemon that has nothing to do."""
    time.sleep(SETTLE_SECONDS)
    used, begun = running.cpu_seconds(), time.perf_counter()
    servers = {each.pid: sum(each.cpu_times()[:2]) for each in running.postgres()}
    time.sleep(IDLE_SECONDS)
    wall = time.perf_counter() - begun
    server_used = sum(
        sum(each.cpu_times()[:2]) - servers.get(each.pid, 0.0) for each in running.postgres()
    )
    return {
        "idle_mib": running.mib(),
        "idle_cpu_percent": 100 * (running.cpu_seconds() - used) / wall,
        "idle_postgres_cpu_percent": 100 * server_used / wall,
        "postgres_mib": sum(each.memory_full_info().pss for each in running.postgres()) / 2**20,
        "threads": running.process.num_threads(),
    }


async def give_downloads(conninfo: str, downloads: Path, count: int) -> None:
    """Write the rows of finished downloads, and ask for their import."""
    async with Database.open(conninfo, size=1) as database:
        ids = [await downloaded(database, number, downloads) for number in range(1, count + 1)]
        for start in range(0, len(ids), BATCH):
            requests = [
                WorkRequest(Queue.IMPORTER, WorkKind.IMPORT, {"acquisition_id": one}, f"a:{one}")
                for one in ids[start : start + BATCH]
            ]
            async with database.transaction() as conn:
                await submit(conn, *requests)


async def measure_imports(
    running: Daemon, data: Path, downloads: Path, count: int
) -> dict[str, Any]:
    """Import many movies and look at the daemon's memory afterwards."""
    server = EmbeddedServer(data / "postgres")
    await server.prepare()
    begun = time.perf_counter()
    await give_downloads(server.conninfo, downloads, count)
    peak = 0.0
    with trio.fail_after(PATIENCE_SECONDS):
        while running.get("/api/queue/status")["movies"]["in_library"] < count:
            peak = max(peak, running.mib())
            await trio.sleep(0.5)
    seconds = time.perf_counter() - begun
    await trio.sleep(SETTLE_SECONDS)
    return {
        "imports": count,
        "imports_per_second": count / seconds,
        "mib_after_imports": running.mib(),
        "mib_at_most_while_importing": peak,
    }


async def measure(base: Path, imports: int) -> dict[str, Any]:
    """Measure everything; the simulators live in this process."""
    found: dict[str, Any] = {"load_at_start": os.getloadavg()[0]}
    async with World.open(base / "world") as world:
        variables = variables_of(world)
        found |= await trio.to_thread.run_sync(measure_starts, base, variables)

        def look() -> dict[str, Any]:
            with daemon(base / "data", variables) as running:
                idle = measure_idle(running)
                imported = trio.run(
                    measure_imports, running, base / "data", base / "world/downloads", imports
                )
                return {**idle, **imported}

        found |= await trio.to_thread.run_sync(look)
    return found


def report(found: dict[str, Any]) -> None:
    """Print the result for people."""
    units = {"seconds": "s", "mib": "MiB", "percent": "%"}
    for name, value in found.items():
        unit = next((text for word, text in units.items() if word in name.split("_")), "")
        shown = value if isinstance(value, int) else f"{value:.2f}"
        print(f"{name.replace('_', ' '):34} {shown:>10} {unit:4} {AIMS.get(name, '')}".rstrip())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the whole daemon.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--imports", type=int, default=IMPORTS, help="how many movies to import")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="reeld-bench-") as folder:
        found = trio.run(measure, Path(folder), arguments.imports)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
