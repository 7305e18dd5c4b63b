"""Data of an older major version: dumped by its own server, restored into a new directory, and kept."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
import trio

from reeld.storage.embedded._cluster import make_database
from reeld.storage.embedded._postmaster import Postmaster
from reeld.storage.errors import EmbeddedServerFailed

if TYPE_CHECKING:
    from pathlib import Path

    from reeld.storage.embedded._cluster import Cluster
    from reeld.storage.embedded._directory import ServerDirectory

log = structlog.get_logger("reeld.storage")

UPGRADABLE: Final = frozenset({16})
"""Older versions whose programs come with reeld."""
PROGRAM_SECONDS: Final = 4 * 3600.0
"""How long the dump may take, and the restore. A library of a hundred thousand movies takes minutes."""


def finished_folder(directory: ServerDirectory) -> Path:
    """Return where the new data lies when it is whole and not in its place yet."""
    return directory.root / "data.upgraded"


async def finish(directory: ServerDirectory) -> None:
    """Put new data in its place that a crash left beside it, after the old data had been moved away."""
    if finished_folder(directory).exists() and not directory.data.exists():
        await trio.to_thread.run_sync(_put, finished_folder(directory), directory.data)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Moves the data of one server to the next major version, by dump and restore.

    The old data is only read, and stays beside the new under the name of its version, with the dump, until a person
    removes both. Killed at any moment, the next start begins anew, or has only the last rename to do (see `finish`):
    there is always one whole data directory, and the new one takes the place of the old only when it is whole and on
    the disk.

    Attributes:
        old: The data directory as it is, with the programs of its version.
        new: The data directory to be made, with ours.
        conninfo: How reeld's database is reached on either server.
    """

    old: Cluster
    new: Cluster
    conninfo: str

    @property
    def dump(self) -> Path:
        """The file with everything that was in the old database."""
        return self.old.directory.root / f"postgresql-{self.old.binaries.major}.dump"

    async def run(self) -> None:
        """Upgrade. Nobody serves the old data, and the folder is locked.

        Raises:
            EmbeddedServerFailed: The disk has no room, or a step failed; the old data is as it was.
            OSError: The folder cannot be used; the old data is as it was.
        """
        log.warning("embedded_data_upgrade_started", of=self._versions)
        await self._clear()
        await trio.to_thread.run_sync(self._require_room)
        try:
            await self._save()
            await self._build()
        except BaseException:
            # The room is needed; what was made of it is of no use to anybody.
            with trio.CancelScope(shield=True):
                await self._clear()
            raise
        await self._exchange()
        log.warning("embedded_data_upgraded", of=self._versions, kept=str(self.dump))

    @property
    def _versions(self) -> str:
        return f"{self.old.binaries.major} to {self.new.binaries.major}"

    async def _clear(self) -> None:
        """Remove what an attempt that did not come to its end has left."""
        if (orphan := Postmaster.orphan_of(self.new.data)) is not None:
            await orphan.stop()
        for folder in (self.new.data, finished_folder(self.new.directory)):
            await trio.to_thread.run_sync(partial(shutil.rmtree, folder, ignore_errors=True))
        self._unfinished.unlink(missing_ok=True)

    def _require_room(self) -> None:
        needed = 2 * sum(file.lstat().st_size for file in self.old.data.rglob("*"))
        free = shutil.disk_usage(self.old.directory.root).free
        if free < needed:
            raise EmbeddedServerFailed(
                f"To bring the database from PostgreSQL {self._versions}, {self.old.directory.root} needs"
                f" {needed / 2**20:.0f} MiB free and has {free / 2**20:.0f}: make room. Nothing was changed.",
                reason="no_room_for_upgrade",
            )

    @property
    def _unfinished(self) -> Path:
        return self.dump.with_suffix(".tmp")

    async def _save(self) -> None:
        self._unfinished.touch(mode=0o600)
        async with self.old.served():
            # A daemon that died in its very first start left a server without it.
            await make_database(self.conninfo)
            await self._call("pg_dump", "--format=custom", f"--file={self._unfinished}")
        await trio.to_thread.run_sync(_put, self._unfinished, self.dump)

    async def _build(self) -> None:
        await self.new.initialise()
        async with self.new.served():
            await make_database(self.conninfo)
            await self._restore()
        # The server has stopped in order: what it wrote is on the disk.
        await trio.to_thread.run_sync(_put, self.new.data, finished_folder(self.new.directory))

    async def _restore(self) -> None:
        whole = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
        await self._call("pg_restore", *whole, str(self.dump))

    async def _exchange(self) -> None:
        await trio.to_thread.run_sync(_put, self.old.data, self._free_name())
        await self._put_in_place()

    async def _put_in_place(self) -> None:
        await finish(self.new.directory)

    def _free_name(self) -> Path:
        """Return a name for the old data that nothing has yet: somebody may have put old data back before."""
        name = f"data.{self.old.binaries.major}"
        names = [name, *(f"{name}-{number}" for number in range(2, 100))]
        return next(p for n in names if not (p := self.old.directory.root / n).exists())

    async def _call(self, program: str, *arguments: str) -> None:
        """Run one of the new version's programs on reeld's database."""
        command = [str(self.new.binaries.path(program)), f"--dbname={self.conninfo}", *arguments]
        with trio.move_on_after(PROGRAM_SECONDS):
            done = await trio.run_process(command, check=False, capture_stderr=True)
            if done.returncode == 0:
                return
            said = done.stderr.decode(errors="replace").strip()[-500:]
            raise self._failed(program, said)
        raise self._failed(program, f"it took longer than {PROGRAM_SECONDS:g} seconds")

    def _failed(self, program: str, why: str) -> EmbeddedServerFailed:
        return EmbeddedServerFailed(
            f"The database could not be brought from PostgreSQL {self._versions}: {program} failed. The data is as it"
            f" was; the next start tries again. {why}",
            reason="upgrade_failed",
        )


def _put(path: Path, target: Path) -> None:
    """Give a file or folder another name, so that a power cut cannot undo it."""
    if path.is_file():
        _sync(path)
    path.rename(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
