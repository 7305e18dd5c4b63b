"""Measure the daemon's own queries with 10,000 movies and 1,000,000 history rows: p50 and p95.

    python bench/database.py [--json]

The server is the embedded one with its durable defaults. A query is timed as the daemon pays for it: from the call on
the pool to the value in Python, one call at a time. Writes are whole fenced transactions, with their commit on disk.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
import trio

from reeld.domain.acquisition import AcquisitionState
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.movie import Stage
from reeld.domain.release import NewRelease, Source
from reeld.domain.secret import Secret
from reeld.migrations import migrate
from reeld.storage import Database, Events, Leader, WorkQueue
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.repositories import (
    acquisitions,
    downloads,
    history,
    keys,
    library,
    movies,
    releases,
    titles,
)
from reeld.storage.repositories.downloads import ClientReport

MOVIES = 10_000
HISTORY = 1_000_000
RELEASES = 100_000
WORK = 100_000
EVENTS = 100_000
ACTIVE = 100
WARM_UP = 30
CALLS = 300

FILL = f"""
INSERT INTO movie (tmdb_id, imdb_id, title, original_title, year, alternative_titles, overview, profile, stage)
    SELECT n, 'tt' || lpad(n::text, 7, '0'), 'The Movie Number ' || n, 'Film ' || n, 1900 + n % 120,
           ARRAY['Der Film ' || n, 'Le film ' || n], repeat('A story. ', 40), 'Any',
           CASE WHEN n % 10 = 0 THEN 'wanted' ELSE 'in_library' END
    FROM generate_series(1, {MOVIES}) n;
INSERT INTO release (source, indexer, guid, title, size, seeders, movie_id, indexer_ref)
    SELECT 'hdbits', 'hdbits', n, 'The.Movie.Number.' || n || '.1080p.BluRay.x264-GRP', 8000000000, 9,
           CASE WHEN n % 4 > 0 THEN 1 + n % {MOVIES} END, n
    FROM generate_series(1, {RELEASES}) n;
INSERT INTO acquisition (movie_id, release_id, source, indexer, title, state, torrent, infohash)
    SELECT n, n, 'hdbits', 'hdbits', 'x', CASE WHEN n <= {ACTIVE} THEN 'downloading' ELSE 'imported' END,
           decode(repeat('ab', 20000), 'hex'), lpad(to_hex(n), 40, '0')
    FROM generate_series(1, 5000) n;
INSERT INTO library_file (movie_id, root_folder, relative_path, size, quality)
    SELECT n, '/library', 'Movie ' || n || '/Movie.mkv', 8000000000, 'Bluray-1080p'
    FROM generate_series(1, {MOVIES}) n;
INSERT INTO history (movie_id, kind, release_title, infohash, data, at)
    SELECT 1 + n % {MOVIES}, (ARRAY['grabbed', 'downloaded', 'imported', 'searched'])[1 + n % 4],
           'The.Movie.Number.' || n || '.1080p.BluRay.x264-GRP', lpad(to_hex(n), 40, '0'),
           jsonb_build_object('indexer', 'hdbits', 'size', 8000000000), now() - make_interval(secs => {HISTORY} - n)
    FROM generate_series(1, {HISTORY}) n;
INSERT INTO work (queue, kind, state, finished_at, unique_key)
    SELECT 'qbit', 'add-torrent', 'done', now(), 'acquisition:' || n FROM generate_series(1, {WORK}) n;
INSERT INTO work (queue, kind, run_at)
    SELECT 'hdbits', 'search-movie', now() + interval '1 hour' FROM generate_series(1, 1000);
INSERT INTO event (kind, position) SELECT 'movie.added', nextval('event_position') FROM generate_series(1, {EVENTS});
INSERT INTO event_cursor (subscriber, position) VALUES ('bench', {EVENTS} - 10)
"""


@dataclass(frozen=True, slots=True)
class Timed:
    """One query's times in milliseconds."""

    group: str
    name: str
    p50_ms: float
    p95_ms: float


Call = Callable[[], Awaitable[object]]


class Bench:
    """The daemon's queries, by the group that their aim belongs to."""

    def __init__(self, database: Database, key: Secret) -> None:
        self.database = database
        self.key = key
        self.queue = WorkQueue(database, uuid.uuid4())
        self.events = Events(database)
        self.number = 0

    def a_movie(self) -> int:
        return random.randint(1, MOVIES)

    async def in_transaction(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        async with self.database.transaction() as conn:
            return await function(conn, *args)

    def simple_reads(self) -> dict[str, Call]:
        db = self.database
        return {
            "movie by id": lambda: movies.get(db, self.a_movie()),
            "movie by TMDB id": lambda: movies.by_tmdb_id(db, self.a_movie()),
            "acquisition by id": lambda: acquisitions.get(db, random.randint(1, 5000)),
            "acquisition under way": lambda: acquisitions.active_of_movie(db, self.a_movie()),
            "releases of a movie": lambda: releases.by_movie(db, self.a_movie()),
            "files of a movie": lambda: library.by_movie(db, self.a_movie()),
            "history of a movie": lambda: history.page(db, movie_id=self.a_movie()),
            "events after a cursor": lambda: self.events.read_after("bench"),
            "API key": lambda: keys.find(db, self.key),
            "claim, nothing due": lambda: self.queue.claim("tmdb", 5, uuid.UUID(int=1)),
        }

    def heavy_reads(self) -> dict[str, Call]:
        db = self.database
        return {
            "50 rows of all history": lambda: history.page(db),
            "50 rows of one kind of history": lambda: history.page(db, kind=HistoryKind.IMPORTED),
            "100 movies": lambda: movies.page(db, after=self.a_movie()),
            "100 wanted movies": lambda: movies.page(db, stage=Stage.WANTED),
            "movies counted by stage": lambda: movies.count_by_stage(db),
            f"{ACTIVE} downloads with movies": lambda: downloads.active(db),
            "depths of all queues": self.queue.depths,
            "rescue, nobody gone": self.queue.rescue,
        }

    def writes(self) -> dict[str, Call]:
        return {
            "stage of a movie": lambda: self.in_transaction(
                movies.set_progress, self.a_movie(), Stage.WANTED, random.random()
            ),
            "history row and event": self.tell,
            "enqueue, claim, complete": self.work_once,
            f"progress of {ACTIVE} downloads": self.report,
            "page of 100 releases": self.store_page,
        }

    async def tell(self) -> None:
        async with self.database.transaction() as conn:
            await history.append(conn, self.a_movie(), HistoryKind.GRABBED, release_title="x")
            await self.events.append(conn, EventKind.MOVIE_GRABBED, 1, {"movie_id": 1})

    async def work_once(self) -> None:
        async with self.database.transaction() as conn:
            await self.queue.enqueue(conn, "bench", "k", {})
        [job] = await self.queue.claim("bench", 1, uuid.UUID(int=1))
        async with self.database.transaction() as conn:
            await self.queue.complete(conn, job)

    async def report(self) -> None:
        reports = [
            ClientReport(
                number,
                random.random(),
                random.randint(0, 9999),
                1000,
                60,
                AcquisitionState.DOWNLOADING,
            )
            for number in range(1, ACTIVE + 1)
        ]
        await self.in_transaction(downloads.report, reports)

    async def store_page(self) -> None:
        self.number += 100
        page = [
            NewRelease(Source.RSS, "feed", f"g{self.number + n % 90}", "The.Movie.2020.1080p")
            for n in range(100)
        ]
        await self.in_transaction(releases.upsert, page)


async def time_calls(group: str, calls: dict[str, Call]) -> list[Timed]:
    """Time every call; the calls take turns, so that a busy moment hits all of them."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(WARM_UP + CALLS):
        for name, call in calls.items():
            begun = time.perf_counter()
            await call()
            if turn >= WARM_UP:
                taken[name].append(1e3 * (time.perf_counter() - begun))
    return [
        Timed(group, name, statistics.median(times), statistics.quantiles(times, n=20)[-1])
        for name, times in taken.items()
    ]


async def measure(database: Database) -> list[Timed]:
    async with database.connection(deadline=120) as conn:
        for statement in FILL.split(";"):
            await conn.execute(statement)
        await conn.execute("VACUUM ANALYZE")
    key = keys.generate()
    async with database.transaction() as conn:
        await keys.store(conn, "bench", key)
    bench = Bench(database, key)
    found = await time_calls("simple read", bench.simple_reads())
    found += await time_calls("heavy read", bench.heavy_reads())
    found += await time_calls("write", bench.writes())
    begun = time.perf_counter()
    text, after = "", 0
    while text != "[]":
        text = await titles.page(database, after=after)
        after = max((row.id for row in titles.decode(text)), default=0)
    taken = 1e3 * (time.perf_counter() - begun)
    return [*found, Timed("once", f"titles of all {MOVIES:,} movies", taken, taken)]


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), ""
    )
    return (
        f"{model or platform.machine()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, psycopg {version('psycopg')}, trio {version('trio')}"
    )


async def with_server(root: Path) -> dict[str, Any]:
    async with EmbeddedServer(root).running() as server:
        await migrate(server.conninfo)
        async with Database.open(server.conninfo) as database:
            row = await database.fetch_one("SHOW server_version")
            begun = time.perf_counter()
            async with Leader(database, sole_owner=True).leading():
                found = await measure(database)
    return {
        "machine": f"{machine()}, PostgreSQL {row[0] if row else '?'}",
        "movies": MOVIES,
        "history_rows": HISTORY,
        "seconds": time.perf_counter() - begun,
        "queries": [
            {"group": one.group, "name": one.name, "p50_ms": one.p50_ms, "p95_ms": one.p95_ms}
            for one in found
        ],
    }


def report(found: dict[str, Any]) -> None:
    """Print the result for people; the aims are the design's."""
    aims = {"simple read": "under 1 ms", "heavy read": "under 5 ms", "write": "with its commit"}
    print(f"{found['machine']}; {MOVIES:,} movies, {HISTORY:,} history rows\n")
    print(f"{'':12} {'':34} {'p50':>9} {'p95':>9}")
    for query in found["queries"]:
        group = query["group"]
        print(
            f"{group:12} {query['name']:34} {query['p50_ms']:>6.2f} ms {query['p95_ms']:>6.2f} ms"
            f"   {aims.get(group, '')}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the daemon's queries on a full database.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="reeld-bench-") as folder:
        found = trio.run(with_server, Path(folder))
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
