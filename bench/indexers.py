"""Five indexers that answer after half a second each, searched at once, beside one, in one run.

    python -m bench.indexers [--json]

Seconds from the wish for a movie to the release that is taken. A search costs two calls of an indexer whose capabilities
are not known yet, and one afterwards: the first search of a daemon is `cold`, the median of the others is `warm`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import structlog
import trio

from reeld.cli.daemon import Daemon, Started
from reeld.domain.settings import AccessSettings, LibrarySettings, ServerSettings, Settings
from reeld.simulators import Source, TorznabItem, TorznabSimulator, World, serve

LATENCY: Final = 0.5
COUNTS: Final = (1, 5)
AIM_SECONDS: Final = 2.0


def items_of(world: World) -> list[TorznabItem]:
    """What HDBits has in that world, as an indexer offers it."""
    return [
        TorznabItem(
            one.id,
            one.offer.name,
            one.torrent,
            1_700_000_000.0 + one.id,
            seeders=one.offer.seeders,
            imdb_id=one.offer.film.imdb_id,
            tmdb_id=one.offer.film.tmdb_id,
        )
        for one in world.releases.values()
        if one.offer.source is Source.HDBITS
    ]


async def measure(folder: Path, count: int) -> list[float]:
    """Return the seconds that searches of three movies take with so many indexers, the first with cold ones."""
    async with World.open(folder / "world") as world, trio.open_nursery() as nursery:
        settings = Settings(
            data_dir=folder / "data",
            library=LibrarySettings(root_folder=folder / "library"),
            server=ServerSettings(port=0),
            access=AccessSettings(requests_per_minute=0),
            tmdb=world.tmdb_settings(),
        )
        daemon = Daemon(replace(settings))
        ready = trio.Event()
        seconds: list[float] = []

        async def on_ready(started: Started) -> None:
            headers = {"X-Api-Key": started.local_key.reveal()}
            async with httpx.AsyncClient(
                base_url=started.url, headers=headers, timeout=60
            ) as client:
                seconds.extend(await searches(client, world, count))
            ready.set()

        nursery.start_soon(daemon.run, on_ready)
        await ready.wait()
        daemon.stop()
        return seconds


async def searches(client: httpx.AsyncClient, world: World, count: int) -> list[float]:
    """Enter indexers, add movies, and time the way from the request to the release that is taken."""
    found: list[float] = []
    async with trio.open_nursery() as nursery:
        for n in range(count):
            simulator = TorznabSimulator(items_of(world), title=f"Indexer {n}")
            await nursery.start(_serve, simulator)
            body = {"name": f"I{n}", "base_url": simulator.url, "api_key": simulator.api_key}
            (
                await client.post("/api/indexers", json=body | {"enable_rss": False})
            ).raise_for_status()
            simulator.turn(latency=LATENCY)
        for film in world.films_from(Source.HDBITS)[:3]:
            # The pace at which an indexer is asked at most is not what is measured.
            await trio.sleep(4)
            begun = trio.current_time()
            made = (await client.post("/api/movies", json={"tmdb_id": film.tmdb_id})).json()
            await _taken(client, made["id"])
            found.append(trio.current_time() - begun)
        nursery.cancel_scope.cancel()
    return found


async def _serve(simulator: TorznabSimulator, *, task_status: Any) -> None:
    async with serve(simulator):
        task_status.started()
        await trio.sleep_forever()


async def _taken(client: httpx.AsyncClient, movie_id: int) -> None:
    while True:
        answer = await client.get(f"/api/movies/{movie_id}")
        if answer.json()["stage"] not in {"wanted", "searched"}:
            return
        await trio.sleep(0.02)


async def run() -> dict[str, float]:
    """Measure one indexer and five; return seconds, and what five cost over one."""
    found: dict[str, float] = {}
    for count in COUNTS:
        with tempfile.TemporaryDirectory(prefix="reeld-bench-") as folder:
            cold, *warm = await measure(Path(folder), count)
        found |= {f"cold_{count}": cold, f"warm_{count}": statistics.median(warm)}
    few, many = COUNTS
    return found | {"many_over_few": found[f"warm_{many}"] / found[f"warm_{few}"]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure searches of several indexers at once.")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    found = trio.run(run)
    if arguments.json:
        print(json.dumps(found))
        return
    for count in COUNTS:
        print(
            f"{count} indexer(s) that answer in {LATENCY:g} s: the first search {found[f'cold_{count}']:.2f} s, then"
            f" {found[f'warm_{count}']:.2f} s   aim: under {AIM_SECONDS:g}"
        )
    print(f"five over one {found['many_over_few']:.2f}   aim: 1")


if __name__ == "__main__":
    main()
