"""Kills real imports at every crash point; run by `test_crash_matrix_database` in a process of its own.

It forks: each child is one life of the daemon's importer on the real journal. Nothing runs in the parent
when it forks.

    python import_process.py CONNINFO FOLDER hardlink|copy
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import trio

from reeld.actors.importer import _copying, _parts
from reeld.actors.importer._planning import Planner
from reeld.actors.importer._progress import ProgressBoard
from reeld.actors.importer._roots import RootFolders
from reeld.actors.importer._run import Importing
from reeld.actors.importer._threads import FileWork
from reeld.actors.importer.probe import Prober
from reeld.actors.kernel import BreakerKeeper, Directory
from reeld.actors.resources import Resources
from reeld.actors.settings import LiveSettings
from reeld.domain.acquisition import AcquisitionState, DownloadedFile
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import NewMovie, Stage
from reeld.domain.quality import Quality
from reeld.domain.release import NewRelease, Source
from reeld.domain.settings import LibrarySettings, Settings
from reeld.simulators.matroska import Matroska
from reeld.storage import Database, crashpoints
from reeld.storage.repositories import acquisitions, library, movies, releases
from reeld.storage.vault import Vault
from reeld.storage.work import WorkQueue
from reeld.telemetry import Metrics

OLD = b"the old movie" * 1000
TITLE = "Movie.2020.1080p.BluRay.x264-GRP"
FINAL = "Movie (2020)/Movie (2020) Bluray-1080p.mkv"
VIDEO = Matroska("Movie", 6000, 1920, 1080, 30_000)
NEW = b"".join(VIDEO.block(index) for index in range(VIDEO.blocks))


class NoBreakers:
    async def load(self, name: str) -> None:
        return None

    async def save(self, stored: object) -> None:
        return None


class World:
    """One movie with an old file and a downloaded upgrade, in folders of its own."""

    def __init__(self, conninfo: str, base: Path, number: int, old: str) -> None:
        self.conninfo, self.number, self.old = conninfo, number, old
        self.downloads, self.root = base / "downloads", base / "library"
        self.source = self.downloads / TITLE / "movie.mkv"
        self.source.parent.mkdir(parents=True)
        self.source.write_bytes(NEW)
        (self.root / old).parent.mkdir(parents=True)
        (self.root / old).write_bytes(OLD)
        self.final = self.root / FINAL

    async def prepare(self) -> None:
        number, root = self.number, str(self.root)
        async with Database.open(self.conninfo, size=1) as database, database.transaction() as conn:
            movie, _ = await movies.add(
                conn, NewMovie(number, "Movie", 2020, runtime_minutes=100, root_folder=root)
            )
            offer = NewRelease(Source.HDBITS, "hdbits", f"guid-{number}", TITLE)
            (seen,) = await releases.upsert(conn, [offer])
            release = await releases.get(conn, seen.id)
            assert release is not None
            acquisition = await acquisitions.intend(conn, movie.id, release)
            assert acquisition is not None
            await acquisitions.store_torrent(conn, acquisition, b"x", f"{number:040x}")
            await acquisitions.move(conn, acquisition, AcquisitionState.SENT)
            await acquisitions.move(
                conn,
                acquisition,
                AcquisitionState.COMPLETE,
                save_path=str(self.downloads),
                files=[DownloadedFile(f"{TITLE}/movie.mkv", len(NEW))],
            )
            await movies.advance(conn, movie.id, Stage.DOWNLOADING)
            old = NewMovieFile(movie.id, root, self.old, len(OLD), Quality.WEBDL_720P)
            await library.record(conn, old)
        self.movie_id, self.acquisition_id = movie.id, acquisition

    async def live(self) -> None:
        """One life of the importer: the attempt, and the transaction that ends it."""
        async with Database.open(self.conninfo, size=2) as database:
            resources = self._resources(database)
            files = FileWork()
            roots = RootFolders(files, {}, resources.breakers)
            planner = Planner(files, Prober(files))
            importing = Importing(
                resources, planner, roots, ProgressBoard(database, resources.work)
            )
            effect = await importing.run(self.acquisition_id)
            async with database.transaction() as conn:
                if effect is not None:
                    await effect(conn)

    def _resources(self, database: Database) -> Resources:
        base = self.root.parent
        settings = Settings(
            data_dir=base, library=LibrarySettings(root_folder=self.root, free_bytes=0)
        )
        return Resources(
            settings=LiveSettings(settings),
            database=database,
            work=WorkQueue(database, uuid4()),
            metrics=Metrics(),
            directory=Directory(),
            breakers=BreakerKeeper(NoBreakers()),
            vault=Vault.from_file(base / "key"),
        )

    def always(self) -> None:
        """What holds at every moment, before any recovery."""
        assert self.source.read_bytes() == NEW, "the download was touched"
        files = [path for path in self.root.rglob("*") if path.is_file()]
        whole = [path for path in files if not path.name.endswith(".part")]
        assert all(path.read_bytes() in (OLD, NEW) for path in whole), "a half file"
        assert any(path.read_bytes() == OLD for path in whole), "the old file is lost"
        with psycopg.connect(self.conninfo) as conn:
            rows = conn.execute(
                "SELECT relative_path, size FROM library_file WHERE movie_id = %s",
                (self.movie_id,),
            ).fetchall()
        assert len(rows) == 1, rows
        ((path, size),) = rows
        assert (self.root / path).exists(), "the library's row points to nothing"
        if size == len(NEW):
            assert self.final.read_bytes() == NEW

    def finally_(self) -> None:
        self.always()
        assert self.final.read_bytes() == NEW
        names = sorted(path.name for path in self.root.rglob("*") if path.is_file())
        assert names == sorted([Path(FINAL).name, Path(self.old).name]), names
        with psycopg.connect(self.conninfo) as conn:

            def one(sql: str) -> Any:
                return conn.execute(sql, {"m": self.movie_id, "a": self.acquisition_id}).fetchall()

            steps = one("SELECT step, file_id IS NOT NULL FROM import_journal WHERE movie_id=%(m)s")
            assert steps == [("done", True)], steps
            told = one("SELECT kind FROM history WHERE movie_id = %(m)s ORDER BY id")
            assert told == [("imported",), ("file_retired",)], told
            events = [
                kind for (kind,) in one("SELECT kind FROM event WHERE movie_id = %(m)s ORDER BY id")
            ]
            told = [kind for kind in events if not kind.endswith((".moved", ".stepped"))]
            assert told == ["movie.imported", "file.retired"], events
            assert one("SELECT stage FROM movie WHERE id = %(m)s") == [("in_library",)]
            assert one("SELECT state FROM acquisition WHERE id = %(a)s") == [("imported",)]
            marking = one("SELECT count(*) FROM work WHERE args->>'acquisition_id' = %(a)s::text")
            assert marking == [(1,)], marking


def in_child(life: Callable[[], Any], kill: tuple[str, int] | None) -> Counter[str]:
    """Run one life in a process of its own; the answer is empty when it was killed."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            crashpoints.watch() if kill is None else crashpoints.arm(*kill)
            trio.run(life)
            os.write(write, json.dumps(dict(crashpoints.hit_counts())).encode())
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        hits = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, -signal.SIGKILL), f"the importer failed by itself: {status}, {kill}"
    return Counter(json.loads(hits)) if status == 0 else Counter()


def main(conninfo: str, folder: Path, means: str) -> None:
    numbers = itertools.count(1)
    _parts.clone = lambda *_: False
    _copying._RANGE = 20_000
    if means == "copy":
        _parts.hard_link = lambda *_: (
            _parts.LinkRefusal.CROSS_DEVICE
        )  # also into the recycle folder

    def fresh(old: str) -> World:
        number = next(numbers)
        world = World(conninfo, folder / str(number), number, old)
        trio.run(world.prepare)
        return world

    lives = 0
    for old in (FINAL, "Movie (2020)/Movie (2020) WEBDL-720p.mkv"):
        world = fresh(old)
        points = in_child(world.live, None)
        world.finally_()
        moments = [(name, hit) for name, count in points.items() for hit in range(1, count + 1)]
        for index, first in enumerate(moments):
            second = moments[(index * 7 + 3) % len(moments)]
            world = fresh(old)
            assert not in_child(world.live, first), f"{first} was not reached"
            world.always()
            in_child(world.live, second)
            world.always()
            in_child(world.live, None)
            in_child(world.live, None)  # once more than needed
            world.finally_()
            lives += 4
    sys.stdout.write(json.dumps({"lives": lives, "points": len(moments)}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
