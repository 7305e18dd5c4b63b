"""Radarr's v3 API with 10,000 movies: the whole list for one client, and the rest with 50 clients at once.

    python -m bench.radarr [--json] [--rounds N] [--clients N]

The daemon runs in a process of its own, the clients in this one, on the same machine; see `bench/crowd.py`, and
`bench/api.py`, of which this has its library. The whole list is asked for once cold and then again and again, as pollers do.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
from pathlib import Path
from typing import Any, Final

import httpx
import structlog
import trio

from bench.api import KEY, MOVIES, PASSWORD, ask, daemon_on, fill, resident_mb
from bench.crowd import crowd, sessions
from bench.scrape import database_of
from reeld.storage.embedded import EmbeddedServer

CLIENTS: Final = 50
ROUNDS: Final = 20
WARM: Final = 10
LIST: Final = "/api/v3/movie"

ROUTES: Final = {
    "one movie": "/api/v3/movie/{own}",
    "by TMDB number": "/api/v3/movie?tmdbId={own}",
    "queue": "/api/v3/queue?pageSize=50",
    "queue status": "/api/v3/queue/status",
    "history": "/api/v3/history?pageSize=20",
    "missing": "/api/v3/wanted/missing?pageSize=10",
    "cutoff": "/api/v3/wanted/cutoff?pageSize=1",
    "calendar": "/api/v3/calendar?unmonitored=true",
    "profiles": "/api/v3/qualityprofile",
    "tags": "/api/v3/tag",
    "status": "/api/v3/system/status",
}


async def whole_list(url: str) -> dict[str, float]:
    """Ask for all movies once cold and then warm; return milliseconds, and megabytes."""
    async with httpx.AsyncClient(base_url=url, headers={"X-Api-Key": KEY}, timeout=120) as client:
        cold = await ask(client, LIST)
        warm = [await ask(client, LIST) for _ in range(WARM)]
        size = len((await client.get(LIST)).content)
    return {"cold": cold, "warm": statistics.median(warm), "megabytes": size / 1e6}


def measure(clients: int, rounds: int) -> dict[str, Any]:
    """Run everything and return the numbers."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = EmbeddedServer(folder / "postgres")
        trio.run(server.start)
        try:
            conninfo = database_of(server.conninfo, "bench_radarr", fill(MOVIES))
            with daemon_on(conninfo, folder / "daemon") as (url, pid):
                found: dict[str, Any] = {"list_ms": trio.run(whole_list, url)}
                found |= crowd(url, sessions(url, PASSWORD, clients), ROUTES, rounds=rounds)
                found["memory_mb"] = resident_mb(pid)
        finally:
            trio.run(server.stop)
    return {**found, "clients": clients}


def report(found: dict[str, Any]) -> None:
    """Print the result for people; the aims are the issue's."""
    times = found["list_ms"]
    print(f"all {MOVIES} movies, {times['megabytes']:.1f} MB, one client, milliseconds")
    print(f"cold {times['cold']:.0f}   warm {times['warm']:.0f}   aim: warm under 150")
    print(f"{found['clients']} clients at once, milliseconds   aim: p95 under 100")
    for name, route in found["routes"].items():
        print(f"{name:16} " + " ".join(f"{route[each]:8.1f}" for each in ("p50", "p95", "p99")))
    print(f"requests a second {found['requests_per_second']:.0f}")
    print(f"memory of the daemon {found['memory_mb']:.0f} MB   aim: under 250")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure Radarr's v3 API.")
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
