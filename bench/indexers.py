"""Five indexers that answer after so long each, searched at once, against one after the other: `python bench/indexers.py`.

Prints the seconds from the request to the decision's event, for one indexer and for five, in one run. A search costs two
calls of an indexer whose capabilities are not known yet, and one afterwards; both are shown.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import structlog
import trio

from reeld.cli.daemon import Daemon, Started
from reeld.domain.settings import LibrarySettings, ServerSettings, Settings
from reeld.simulators import Source, TorznabItem, TorznabSimulator, World, serve

LATENCY = 0.5


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
        await trio.sleep(1)
        for film in world.films_from(Source.HDBITS)[:3]:
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
        # Who asks this often is told to wait now and then.
        if answer.is_success and answer.json()["stage"] not in {"wanted", "searched"}:
            return
        await trio.sleep(0.1)


async def main() -> None:
    """Measure one indexer and five."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    for count in (1, 5):
        with tempfile.TemporaryDirectory() as folder:
            took = await measure(Path(folder), count)
        shown = ", ".join(f"{each:.2f} s" for each in took)
        sys.stdout.write(f"{count} indexer(s), {LATENCY:g} s an answer: {shown}\n")


if __name__ == "__main__":
    trio.run(main)
