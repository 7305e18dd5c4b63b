"""The native API with 10,000 movies and 50 clients at once, and pages from 1,000 to 100,000 movies, in one run.

    python -m bench.api [--json] [--rounds N] [--clients N]

The daemon runs in a process of its own, as it does in earnest; the clients run in this one, on the same machine; see
`bench/crowd.py` for what they do. `flat` is the median of a
page from the middle of 100,000 movies over that of one from the middle of 1,000, measured in turns by one client.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import structlog
import trio

from bench.crowd import crowd, sessions
from bench.scrape import database_of
from reeld.storage.embedded import EmbeddedServer

KEY: Final = "b" * 20
PASSWORD: Final = "a long one for a crowd"
MOVIES: Final = 10_000
SIZES: Final = (1_000, 100_000)
CLIENTS: Final = 50
ROUNDS: Final = 20
WARM_UP: Final = 1
FLAT_ROUNDS: Final = 40

ROUTES: Final = {
    "first page": "/api/movies",
    "page by title": "/api/movies?sort=title&limit=50&fields=title,year,stage",
    "search": "/api/movies?text=number+{own}",
    "filter": "/api/movies?stage=wanted&has_file=false&limit=50",
    "one movie": "/api/movies/{own}",
    "queue": "/api/downloads",
    "queue status": "/api/queue/status",
    "history": "/api/history",
    "calendar": "/api/calendar",
    "collections": "/api/collections?limit=50",
    "statistics": "/api/statistics",
}


def fill(movies: int) -> str:
    """Return what fills a database with a library of so many movies."""
    return f"""
INSERT INTO movie (tmdb_id, title, year, profile, stage, overview, genres, collection_tmdb_id, collection_title,
                   release_dates)
    SELECT n, 'The Movie Number ' || n, 1900 + n % 120, 'HD-1080p',
           CASE WHEN n % 10 = 0 THEN 'wanted' ELSE 'in_library' END, repeat('A story. ', 30), '{{Drama,Comedy}}',
           CASE WHEN n % 20 < 3 THEN n / 20 + 1 END, 'Series ' || n / 20,
           jsonb_build_object('digital', current_date + (n % 20000 - 10000))
    FROM generate_series(1, {movies}) n;
INSERT INTO library_file (movie_id, root_folder, relative_path, size, quality)
    SELECT n, '/library', 'Movie ' || n || '/Movie.mkv', 8000000000,
           (ARRAY['Bluray-1080p', 'WEBDL-720p', 'SDTV'])[1 + n % 3]
    FROM generate_series(1, {movies}) n WHERE n % 10 > 0;
INSERT INTO history (movie_id, kind) SELECT 1 + n % {movies}, 'imported' FROM generate_series(1, {movies}) n;
ANALYZE
"""


@contextmanager
def daemon_on(conninfo: str, folder: Path) -> Iterator[tuple[str, int]]:
    """Run a daemon in a process of its own; yield its address and its number."""
    from psycopg.conninfo import conninfo_to_dict

    options = conninfo_to_dict(conninfo)
    name, host = options["dbname"], options["host"]
    (folder / "library").mkdir(parents=True)
    variables = {
        **os.environ,
        "REELD_DATA_DIR": str(folder / "data"),
        "REELD_DATABASE_URL": f"postgresql:///{name}?host={host}&port={options['port']}&user={options['user']}",
        "REELD_BIND": "127.0.0.1:0",
        "REELD_API_KEY": KEY,
        "REELD_ADMIN_PASSWORD": PASSWORD,
        "REELD_LIBRARY_ROOT_FOLDER": str(folder / "library"),
        "REELD_ACCESS_REQUESTS_PER_MINUTE": "0",
    }
    log = folder / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "reeld", "run"], env=variables, stderr=stream, stdout=stream
        )
    try:
        yield _address(log), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _address(log: Path) -> str:
    for _ in range(600):
        if found := re.search(r"ready at (http://[0-9.:]+)", log.read_text()):
            return found[1]
        time.sleep(0.1)
    raise SystemExit(f"the daemon did not start:\n{log.read_text()[-3000:]}")


async def ask(client: httpx.AsyncClient, path: str) -> float:
    """Return how long an answer took, whole, in milliseconds."""
    begun = time.perf_counter()
    answer = await client.get(path)
    took = 1000 * (time.perf_counter() - begun)
    answer.raise_for_status()
    return took


async def alone(url: str, rounds: int) -> dict[str, float]:
    """Let one client ask every route; return medians in milliseconds."""
    async with httpx.AsyncClient(base_url=url, headers={"X-Api-Key": KEY}, timeout=60) as client:
        found = {}
        for name, path in ROUTES.items():
            times = [await ask(client, path.format(own=5000)) for _ in range(WARM_UP + rounds)]
            found[name] = statistics.median(times[WARM_UP:])
        return found


async def flatness(urls: dict[int, str]) -> dict[str, float]:
    """Ask for pages from the middle of a small and of a large library in turns; return the ratios of their medians."""
    took: dict[tuple[str, int], list[float]] = {}
    queries = {
        "by id": "after={middle}&limit=100",
        "by title": "sort=title&limit=100&after={cursor}",
        "search": "text=number+77&limit=20",
        "one movie": "",
    }
    async with httpx.AsyncClient(headers={"X-Api-Key": KEY}, timeout=60) as client:
        cursors = {}
        for size, url in urls.items():
            first = await client.get(f"{url}/api/movies?sort=title&limit=100")
            cursors[size] = first.json()["next"]
        for turn in range(5 + FLAT_ROUNDS):
            for name, query in queries.items():
                for size, url in urls.items():
                    path = f"{url}/api/movies?{query}" if query else f"{url}/api/movies/{size // 2}"
                    each = await ask(client, path.format(middle=size // 2, cursor=cursors[size]))
                    if turn >= 5:
                        took.setdefault((name, size), []).append(each)
    small, large = urls
    return {
        name: statistics.median(took[name, large]) / statistics.median(took[name, small])
        for name in queries
    }


def processor_seconds(pid: int) -> float:
    """Return what a process has taken of the processor so far."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Return the memory of a process, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else 0.0


def measure(clients: int, rounds: int) -> dict[str, Any]:
    """Run everything and return the numbers."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = EmbeddedServer(folder / "postgres")
        trio.run(server.start)
        try:
            conninfo = database_of(server.conninfo, "bench_api", fill(MOVIES))
            with daemon_on(conninfo, folder / "crowd") as (url, pid):
                one = trio.run(alone, url, 10)
                cookies = sessions(url, PASSWORD, clients)
                before = processor_seconds(pid)
                found = crowd(url, cookies, ROUTES, rounds=rounds)
                taken = processor_seconds(pid) - before
                found["processor_ms"] = 1000 * taken / found["requests"]
                found |= {"alone_ms": one, "memory_mb": resident_mb(pid)}
            few, many = (
                database_of(server.conninfo, f"bench_api_{size}", fill(size)) for size in SIZES
            )
            with daemon_on(few, folder / "few") as small, daemon_on(many, folder / "many") as large:
                urls = {SIZES[0]: small[0], SIZES[1]: large[0]}
                found["flat"] = trio.run(flatness, urls)
        finally:
            trio.run(server.stop)
    return {**found, "clients": clients}


def report(found: dict[str, Any]) -> None:
    """Print the result for people; the aims are the issue's."""
    print(f"{found['clients']} clients at once, {MOVIES} movies, milliseconds; aim: p95 under 100")
    print(f"{'':16} {'alone':>8} {'p50':>8} {'p95':>8} {'p99':>8}")
    for name, times in found["routes"].items():
        shown = " ".join(f"{times[each]:8.1f}" for each in ("p50", "p95", "p99"))
        print(f"{name:16} {found['alone_ms'][name]:8.1f} {shown}")
    print(f"requests a second {found['requests_per_second']:.0f}")
    print(f"processor time of the daemon for one request {found['processor_ms']:.1f} ms")
    print(f"memory of the daemon {found['memory_mb']:.0f} MB   aim: under 250")
    for name, ratio in found["flat"].items():
        print(f"{SIZES[1]} over {SIZES[0]} movies, {name:10} {ratio:.2f}   aim: 1")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the native API.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each client")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="at once")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = measure(arguments.clients, arguments.rounds)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
