"""Kills real moves, removals and renames at every crash point; run by `test_crash_matrix_library` in a process of its own.

It forks, as `import_process` does: each child is one life of the daemon's importer on the real journal.

    python library_process.py CONNINFO FOLDER move-link|move-copy|remove|rename
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import trio
from import_process import NoBreakers, in_child

from reeld.actors.importer import _copying, _parts
from reeld.actors.importer._moving import Moving
from reeld.actors.importer._progress import ProgressBoard
from reeld.actors.importer._removing import Removing
from reeld.actors.importer._renaming import Renaming
from reeld.actors.importer._roots import RootFolders
from reeld.actors.importer._threads import FileWork
from reeld.actors.kernel import BreakerKeeper, Directory
from reeld.actors.resources import Resources
from reeld.actors.settings import LiveSettings
from reeld.domain.edits import MovieEdit
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import NewMovie
from reeld.domain.quality import Quality
from reeld.domain.settings import LibrarySettings, Settings
from reeld.storage import Database
from reeld.storage.repositories import edits, library, movies, removals, roots
from reeld.storage.vault import Vault
from reeld.storage.work import WorkQueue
from reeld.telemetry import Metrics

BYTES = b"the movie" * 1000
PATH = "Movie (2020)/Movie (2020).mkv"
RENAMED = "Movie (2020)/Movie (2020) WEBDL-720p.mkv"


class World:
    """One movie with a file, and two root folders."""

    def __init__(self, conninfo: str, base: Path, number: int) -> None:
        self.conninfo, self.number, self.base = conninfo, number, base
        self.old_root, self.new_root = base / "old", base / "new"
        (self.old_root / PATH).parent.mkdir(parents=True)
        (self.old_root / PATH).write_bytes(BYTES)
        self.new_root.mkdir()
        self.movie_id = 0

    async def prepare(self) -> None:
        """The movie with its file in the library."""
        async with self.database() as database, database.transaction() as conn:
            movie, _ = await movies.add(conn, NewMovie(self.number, "Movie", 2020))
            root = str(self.old_root)
            await library.record(
                conn, NewMovieFile(movie.id, root, PATH, len(BYTES), Quality.WEBDL_720P)
            )
            self.movie_id = movie.id

    async def move(self) -> None:
        """Say that the movie is to lie elsewhere, once; and one life of the importer."""
        async with self.database() as database:
            async with database.transaction() as conn:
                await roots.add(conn, str(self.new_root), str(self.old_root))
                change = MovieEdit(root_folder=str(self.new_root))
                await edits.edit(
                    conn,
                    [self.movie_id],
                    change,
                    default_root=str(self.old_root),
                    move_files=True,
                )
            resources, folders = self.parts(database)
            board = ProgressBoard(database, resources.work)
            await Moving(resources, folders, board).run(self.movie_id)

    async def remove(self) -> None:
        """Delete the movie with its file, once; and one life of the importer."""
        async with self.database() as database:
            async with database.transaction() as conn:
                await removals.remove_movies(conn, [self.movie_id], with_files=True, exclude=True)
            resources, folders = self.parts(database)
            removing = Removing(resources, folders)
            rows = await database.fetch_all(
                "SELECT id FROM file_removal WHERE movie_id = %s", (self.movie_id,)
            )
            for (number,) in rows:
                if effect := await removing.run(number):
                    async with database.transaction() as conn:
                        await effect(conn)

    async def rename(self) -> None:
        """One life of the importer, that is to give the file the name of the template."""
        async with self.database() as database:
            resources, folders = self.parts(database)
            await Renaming(resources, folders).run(self.movie_id)

    def database(self) -> Any:
        return Database.open(self.conninfo, size=2)

    def parts(self, database: Database) -> tuple[Resources, RootFolders]:
        settings = Settings(
            data_dir=self.base, library=LibrarySettings(root_folder=self.old_root, free_bytes=0)
        )
        resources = Resources(
            settings=LiveSettings(settings),
            database=database,
            work=WorkQueue(database, uuid4()),
            metrics=Metrics(),
            directory=Directory(),
            breakers=BreakerKeeper(NoBreakers()),
            vault=Vault.from_file(self.base / "key"),
        )
        return resources, RootFolders(FileWork(), {}, resources.breakers)

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.base)): path.read_bytes()
            for root in (self.old_root, self.new_root)
            for path in root.rglob("*")
            if path.is_file()
        }

    def rows(self, statement: str) -> list[Any]:
        with psycopg.connect(self.conninfo) as conn:
            return conn.execute(statement, {"m": self.movie_id}).fetchall()

    def always(self) -> None:
        """What holds at every moment, before any recovery."""
        whole = {name: data for name, data in self.files().items() if not name.endswith(".part")}
        assert set(whole.values()) == {BYTES}, "the file is lost, or half of it has a final name"
        for root, path in self.rows(
            "SELECT root_folder, relative_path FROM library_file WHERE movie_id = %(m)s"
        ):
            if not self.is_being_renamed(path):
                there = (Path(root) / path).read_bytes()
                assert there == BYTES, "the library's row points to nothing"

    def is_being_renamed(self, path: str) -> bool:
        """Whether the journal says that the file may have its new name already, and it has."""
        planned = self.rows(
            "SELECT from_path FROM file_rename WHERE movie_id = %(m)s AND step = 'planned'"
        )
        return (path,) in planned and list(self.files()) == [f"old/{RENAMED}"]

    def renamed(self) -> None:
        self.always()
        assert list(self.files()) == [f"old/{RENAMED}"], self.files().keys()
        row = self.rows("SELECT relative_path FROM library_file WHERE movie_id = %(m)s")
        assert row == [(RENAMED,)], row
        steps = self.rows("SELECT step FROM file_rename WHERE movie_id = %(m)s")
        assert steps == [("done",)], steps
        assert self.rows("SELECT kind FROM history WHERE movie_id = %(m)s") == [("file_renamed",)]

    def moved(self) -> None:
        self.always()
        assert list(self.files()) == [f"new/{PATH}"], self.files().keys()
        assert not (self.old_root / PATH).parent.exists()
        assert self.rows("SELECT root_folder FROM library_file WHERE movie_id = %(m)s") == [
            (str(self.new_root),)
        ]
        assert self.rows("SELECT step FROM file_move WHERE movie_id = %(m)s") == [("done",)]
        assert self.rows("SELECT kind FROM history WHERE movie_id = %(m)s") == [("file_moved",)]

    def removed(self) -> None:
        self.always()
        (kept,) = self.files()
        assert kept.startswith("old/.recycle/"), kept
        assert kept.endswith(PATH), kept
        assert self.rows("SELECT id FROM movie WHERE id = %(m)s") == []
        assert self.rows("SELECT step FROM file_removal WHERE movie_id = %(m)s") == [("retired",)]
        told = self.rows("SELECT kind FROM history WHERE movie_id = %(m)s ORDER BY id")
        assert told == [("removed",), ("file_deleted",)], told
        excluded = f"SELECT count(*) FROM exclusion WHERE tmdb_id = {self.number} AND %(m)s > 0"
        assert self.rows(excluded) == [(1,)]


def main(conninfo: str, folder: Path, story: str) -> None:
    numbers = itertools.count(1)
    _parts.clone = lambda *_: False
    _copying._RANGE = 3000
    if story == "move-copy":
        _parts.hard_link = lambda *_: _parts.LinkRefusal.CROSS_DEVICE

    def fresh() -> tuple[World, Callable[[], Awaitable[None]], Callable[[], None]]:
        number = next(numbers)
        world = World(conninfo, folder / str(number), number)
        trio.run(world.prepare)
        if story == "remove":
            return world, world.remove, world.removed
        if story == "rename":
            return world, world.rename, world.renamed
        return world, world.move, world.moved

    world, live, finally_ = fresh()
    points = in_child(live, None)
    finally_()
    moments = [(name, hit) for name, count in points.items() for hit in range(1, count + 1)]
    for index, first in enumerate(moments):
        second = moments[(index * 5 + 2) % len(moments)]
        world, live, finally_ = fresh()
        assert not in_child(live, first), f"{first} was not reached"
        world.always()
        in_child(live, second)
        world.always()
        in_child(live, None)
        in_child(live, None)  # once more than needed
        finally_()
    sys.stdout.write(json.dumps({"points": sorted({name for name, _ in moments})}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
