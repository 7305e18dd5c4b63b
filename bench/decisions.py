"""Measure whole decisions: from a movie's rows over 100 custom formats and every rule to the stored explanation.

    python -m bench.decisions [--json]

A movie has 50 offers, as after a search of an indexer. Each decision reads everything anew, judges in the worker thread
and commits verdicts and explanation to a durable PostgreSQL; the first one reads names and finds formats, later ones
remember both, as at every poll. The loop's lag is watched meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog
import trio

from bench.parsing import names
from reeld.actors.decision._deciding import Deciding
from reeld.actors.kernel import BreakerKeeper, Directory, StoredBreaker
from reeld.actors.resources import Resources
from reeld.actors.settings import LiveSettings
from reeld.domain.custom_format import from_radarr
from reeld.domain.decision import Cause
from reeld.domain.movie import NewMovie
from reeld.domain.release import NewRelease, Source
from reeld.domain.settings import LibrarySettings, Settings
from reeld.migrations import migrate
from reeld.storage import Database
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.repositories import formats, movies, releases
from reeld.storage.vault import Vault
from reeld.storage.work import WorkQueue
from reeld.telemetry import Metrics

OFFERS = 50
FORMATS = 100
DECISIONS = 100
LAG_SECONDS = 0.002


class NoBreakers:
    """A store of breakers that remembers nothing."""

    async def load(self, _name: str) -> StoredBreaker | None:
        return None

    async def save(self, _stored: StoredBreaker) -> None:
        pass


def document(number: int, word: str) -> dict[str, Any]:
    """Return a format that asks for a word or a group."""
    fields = {"value": rf"\b({word}|GRP{number})\b"}
    condition = {
        "name": word,
        "implementation": "ReleaseTitleSpecification",
        "negate": False,
        "required": True,
        "fields": fields,
    }
    return {"name": f"{word} {number}", "specifications": [condition]}


async def fill(database: Database) -> int:
    """Store a movie, its offers and the formats; return the movie's number."""
    words = sorted({word for name in names() for word in name.split(".") if word.isalpha()})
    async with database.transaction() as conn:
        for number in range(FORMATS):
            word = words[number % len(words)]
            saved = await formats.save(conn, from_radarr(document(number, word)))
            await conn.execute(
                "INSERT INTO profile_format_score SELECT id, %s, %s FROM quality_profile",
                (saved, number),
            )
        movie, _ = await movies.add(conn, NewMovie(1, "Sintel", 2010, runtime_minutes=110))
        offered = [
            NewRelease(
                source=Source.HDBITS,
                indexer="hdbits",
                guid=str(number),
                title=f"Sintel.2010.{1080 if number % 2 else 720}p.BluRay.DTS.x264-GRP{number}",
                size=4_000_000_000,
                seeders=0,  # nothing is taken, so that every decision is about all of them
                infohash=f"{number:040x}",
            )
            for number in range(OFFERS)
        ]
        for each in await releases.upsert(conn, offered):
            await releases.set_match(conn, each.id, movie.id)
    return movie.id


async def timed(do: Callable[[], Awaitable[None]]) -> float:
    begun = time.perf_counter()
    await do()
    return (time.perf_counter() - begun) * 1000


async def watch_lag(lags: list[float]) -> None:
    while True:
        due = trio.current_time() + LAG_SECONDS
        await trio.sleep_until(due)
        lags.append((trio.current_time() - due) * 1000)


async def run(conninfo: str, folder: Path) -> dict[str, Any]:
    settings = Settings(folder / "data", LibrarySettings(folder / "library"))
    async with Database.open(conninfo) as database:
        movie_id = await fill(database)
        resources = Resources(
            settings=LiveSettings(settings),
            database=database,
            work=WorkQueue(database, uuid.uuid4()),
            metrics=Metrics(),
            directory=Directory(),
            breakers=BreakerKeeper(NoBreakers()),
            vault=Vault.from_file(folder / "vault.key"),
        )
        deciding = Deciding(resources)

        async def decide() -> None:
            movie = await movies.get(database, movie_id)
            assert movie is not None
            effect = await deciding.about(movie, Cause.SEARCH)
            assert effect is not None
            async with database.transaction() as conn:
                await effect(conn)

        lags: list[float] = []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch_lag, lags)
            first = await timed(decide)
            times = [await timed(decide) for _ in range(DECISIONS)]
            nursery.cancel_scope.cancel()
    median = statistics.median(times)
    return {
        "offers": OFFERS,
        "formats": FORMATS,
        "first_ms": first,
        "median_ms": median,
        "decisions_per_second": 1000 / median,
        "releases_per_second": 1000 * OFFERS / median,
        "loop_lag_p99_ms": statistics.quantiles(lags, n=100)[98],
    }


def measure() -> dict[str, Any]:
    """Run it on a server of its own and return the numbers."""
    load = os.getloadavg()[0]

    async def main() -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            server = EmbeddedServer(folder / "postgres")
            await server.start()
            try:
                await migrate(server.conninfo)
                return await run(server.conninfo, folder)
            finally:
                await server.stop()

    return {"load_at_start": load, **trio.run(main)}


def report(found: dict[str, Any]) -> None:
    """Print the result for people."""
    print(f"Decisions about {found['offers']} offers with {found['formats']} custom formats:")
    print(f"  the first      {found['first_ms']:8.1f} ms, names read and formats found")
    print(
        f"  each later one {found['median_ms']:8.1f} ms, {found['decisions_per_second']:.0f} a second"
    )
    print(f"  the loop's lag {found['loop_lag_p99_ms']:8.1f} ms at p99, aim under 10 ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure whole decisions.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    found = measure()
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
