"""Measure imports by hard link: the placement ladder alone, the probe, and the whole journal on PostgreSQL.

    python bench/importer.py [--json] [--folder FOLDER]

Every step is durable as in the daemon: folders are synced, every transaction is fenced and on disk. "the file
system's syncs left out" shows what durability costs; it is no mode that reeld has.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock
from uuid import uuid4

import structlog
import trio

from reeld.actors.importer._folders import Folder
from reeld.actors.importer._parts import Means, Transfer
from reeld.actors.importer._planning import Planner
from reeld.actors.importer._progress import ProgressBoard
from reeld.actors.importer._roots import RootFolders
from reeld.actors.importer._run import Importing
from reeld.actors.importer._threads import FileWork
from reeld.actors.importer.placement import Order, place, verify
from reeld.actors.importer.probe import Prober
from reeld.actors.importer.recycle import shelf_for
from reeld.actors.kernel import BreakerKeeper, Directory, StoredBreaker
from reeld.actors.resources import Resources
from reeld.actors.settings import LiveSettings
from reeld.domain.acquisition import AcquisitionState, DownloadedFile
from reeld.domain.media import AudioTrack, MediaFacts
from reeld.domain.movie import NewMovie, Stage
from reeld.domain.release import NewRelease, Source
from reeld.domain.settings import LibrarySettings, Settings
from reeld.migrations import migrate
from reeld.simulators.matroska import Matroska
from reeld.storage import Database, Leader
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.repositories import acquisitions, movies, releases
from reeld.storage.vault import Vault
from reeld.storage.work import WorkQueue
from reeld.telemetry import Metrics

FILES = 1_000
THREADS = 4
PROBES = 40
IMPORTS = 200
PROBED_IMPORTS = 40
SLOTS = 3
COPY_MIB = 512
TITLE = "Movie.2020.1080p.BluRay.x264-GRP"
FACTS = MediaFacts(6000.0, 1920, 1080, "Matroska", "x264", 8, audio=(AudioTrack("AC3", 6, "en"),))
AT = datetime(2026, 9, 14, tzinfo=UTC)


def go_on(_done: int) -> None:
    """No progress is shown."""


def make_video(path: Path, size: int = 50_000) -> None:
    movie = Matroska("Movie", 6000, 1920, 1080, size)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for index in range(movie.blocks):
            file.write(movie.block(index))


def orders(base: Path, count: int) -> list[Order]:
    downloads, library = base / "downloads", base / "library"
    library.mkdir(parents=True)
    found = []
    for number in range(count):
        make_video(downloads / f"{number}.mkv")
        shelf = shelf_for(library / ".recycle", library, number, AT)
        name = f"Movie {number} (2020)/Movie {number} (2020).mkv"
        found.append(Order(number, downloads, f"{number}.mkv", 50_000, library, name, shelf))
    os.sync()
    return found


def place_all(todo: list[Order], threads: int) -> float:
    """Return files a second."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for order, placed in zip(todo, pool.map(lambda one: place(one, go_on), todo), strict=True):
            verify(order, placed.link, go_on)
    return len(todo) / (time.perf_counter() - begun)


def measure_placement(base: Path) -> dict[str, float]:
    with mock.patch.object(Folder, "sync", return_value=None):
        unsynced = place_all(orders(base / "unsynced", FILES), 1)
    return {
        "one thread": place_all(orders(base / "one", FILES), 1),
        f"{THREADS} threads": place_all(orders(base / "more", FILES), THREADS),
        "one thread, the file system's syncs left out": unsynced,
    }


def measure_copy(base: Path) -> float:
    """Return MiB a second of a copy with its sync."""
    (order,) = orders(base / "copy", 1)
    size = COPY_MIB * 2**20
    with (order.download_root / "0.mkv").open("wb") as file:
        block = os.urandom(2**20)
        for _ in range(COPY_MIB):
            file.write(block)
    order = replace(order, size=size, means=Means(transfer=Transfer.COPY))
    begun = time.perf_counter()
    place(order, go_on)
    return COPY_MIB / (time.perf_counter() - begun)


class NoBreakers:
    """Breakers that nobody keeps."""

    async def load(self, _name: str) -> StoredBreaker | None:
        return None

    async def save(self, _stored: StoredBreaker) -> None:
        return None


@dataclass
class Spent:
    """Seconds spent in transactions, summed over all imports."""

    seconds: float = 0.0
    transactions: int = 0


@contextlib.contextmanager
def spent_in_transactions() -> Iterator[Spent]:
    """Time every transaction, from BEGIN to the end of COMMIT."""
    spent, real = Spent(), Database.transaction

    @contextlib.asynccontextmanager
    async def timed(self: Database, **options: float) -> object:  # type: ignore[misc]
        begun = time.perf_counter()
        async with real(self, **options) as conn:
            yield conn
        spent.seconds += time.perf_counter() - begun
        spent.transactions += 1

    with mock.patch.object(Database, "transaction", timed):
        yield spent


async def downloaded(database: Database, number: int, downloads: Path) -> int:
    path = f"{TITLE}-{number}/movie.mkv"
    make_video(downloads / path)
    async with database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(number, f"Movie {number}", 2020))
        offer = NewRelease(Source.HDBITS, "hdbits", f"{number}", TITLE)
        (seen,) = await releases.upsert(conn, [offer])
        (release,) = await releases.by_ids(conn, [seen.id])
        acquisition = await acquisitions.intend(conn, movie.id, release)
        assert acquisition is not None
        await acquisitions.store_torrent(conn, acquisition, b"x", f"{number:040x}")
        await acquisitions.move(conn, acquisition, AcquisitionState.SENT)
        await acquisitions.move(
            conn,
            acquisition,
            AcquisitionState.COMPLETE,
            save_path=str(downloads),
            files=[DownloadedFile(path, 50_000)],
        )
        await movies.advance(conn, movie.id, Stage.DOWNLOADING)
    return acquisition


async def import_all(resources: Resources, todo: list[int]) -> float:
    """Return imports a second, as many at once as the actor has slots."""
    files = FileWork(SLOTS + 2)
    roots = RootFolders(files, {}, resources.breakers)
    importing = Importing(
        resources,
        Planner(files, Prober(files)),
        roots,
        ProgressBoard(resources.database, resources.work),
    )
    waiting = iter(todo)

    async def work() -> None:
        for acquisition in waiting:
            effect = await importing.run(acquisition)
            async with resources.database.transaction() as conn:
                assert effect is not None
                await effect(conn)

    begun = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(SLOTS):
            nursery.start_soon(work)
    return len(todo) / (time.perf_counter() - begun)


async def measure_imports(base: Path, database: Database) -> dict[str, float]:
    library = base / "imports/library"
    library.mkdir(parents=True)
    resources = Resources(
        settings=LiveSettings(
            Settings(data_dir=base, library=LibrarySettings(root_folder=library))
        ),
        database=database,
        work=WorkQueue(database, uuid4()),
        metrics=Metrics(),
        directory=Directory(),
        breakers=BreakerKeeper(NoBreakers()),
        vault=Vault.from_file(base / "key"),
    )
    numbers = range(1, IMPORTS + PROBED_IMPORTS + 1)
    todo = [await downloaded(database, number, base / "imports/downloads") for number in numbers]
    probed = await import_all(resources, todo[:PROBED_IMPORTS])

    async def known(*_arguments: object, **_options: object) -> MediaFacts:
        return FACTS

    with mock.patch.object(Prober, "probe", known), spent_in_transactions() as spent:
        begun = time.perf_counter()
        unprobed = await import_all(resources, todo[PROBED_IMPORTS:])
        whole = (time.perf_counter() - begun) * SLOTS
    return {
        "whole imports, a second": probed,
        "without the probe, a second": unprobed,
        "transactions an import": spent.transactions / IMPORTS,
        "share of PostgreSQL without the probe": spent.seconds / whole,
    }


async def measure_probe(base: Path) -> float:
    """Return milliseconds a probe, one at a time."""
    make_video(base / "probe/movie.mkv")
    prober = Prober(FileWork())
    begun = time.perf_counter()
    for _ in range(PROBES):
        await prober.probe(base / "probe", "movie.mkv")
    return (time.perf_counter() - begun) / PROBES * 1000


async def measure(base: Path, root: Path) -> dict[str, object]:
    placement: Callable[[Path], dict[str, float]] = measure_placement
    found: dict[str, object] = {"machine": machine()}
    found["hard links, files a second"] = await trio.to_thread.run_sync(placement, base)
    found["copy, MiB a second"] = await trio.to_thread.run_sync(measure_copy, base)
    found["probe, milliseconds"] = await measure_probe(base)
    async with EmbeddedServer(root).running() as server:
        await migrate(server.conninfo)
        async with (
            Database.open(server.conninfo) as database,
            Leader(database, sole_owner=True).leading(),
        ):
            found[f"imports, {SLOTS} at once"] = await measure_imports(base, database)
    return found


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def report(found: dict[str, object]) -> None:
    """Print the result for people."""
    for name, value in found.items():
        if isinstance(value, dict):
            print(name)
            for inner, number in value.items():
                print(f"    {inner:50} {number:10.2f}")
        else:
            print(f"{name:54} {value if isinstance(value, str) else format(value, '10.1f')}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure imports by hard link.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--folder", type=Path, help="where to work; the disk that is measured")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with (
        tempfile.TemporaryDirectory(prefix="reeld-bench-", dir=arguments.folder) as folder,
        tempfile.TemporaryDirectory(prefix="reeld-bench-") as root,
    ):
        found = trio.run(measure, Path(folder), Path(root))
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
