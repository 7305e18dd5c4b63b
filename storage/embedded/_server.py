"""The embedded server from the outside: start, stop, keep alive."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

import structlog
import trio
from psycopg.conninfo import make_conninfo

from reeld.storage._beside import beside
from reeld.storage.embedded._binaries import Binaries
from reeld.storage.embedded._cluster import DATABASE, USER, Cluster, make_database
from reeld.storage.embedded._directory import ServerDirectory
from reeld.storage.embedded._identity import Identity, identity_for
from reeld.storage.embedded._postmaster import Postmaster
from reeld.storage.embedded._upgrade import UPGRADABLE, Upgrade, finish
from reeld.storage.errors import EmbeddedServerFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

log = structlog.get_logger("reeld.storage")

DEFAULT_PORT: Final = "5432"
RESTART_MIN_SECONDS: Final = 0.2
RESTART_MAX_SECONDS: Final = 10.0


class EmbeddedServer:
    """A PostgreSQL server of our own in a folder of our own.

    It listens on a Unix socket that only our user may reach; nobody else on the machine or the network can.

    A postmaster that a former daemon left behind (it was killed) is stopped and started anew, not adopted: so it always
    runs as a child of this process, with this version's programs and settings, and no session of the former daemon
    survives. There is no death signal from parent to child on purpose: a killed daemon must not take the server through
    a crash recovery.

    Args:
        root: The folder for data, socket, log and lock; made when missing.
        settings: Settings of PostgreSQL that win over reeld's own.
        binaries: The programs; those installed with reeld by default.
    """

    def __init__(
        self,
        root: Path,
        *,
        settings: Mapping[str, str] | None = None,
        binaries: Binaries | None = None,
    ) -> None:
        self.binaries = binaries or Binaries.bundled()
        self.directory = ServerDirectory(root)
        self._settings = dict(settings or {})
        self._identity = Identity()
        self._postmaster: Postmaster | None = None
        self._conninfo = ""
        self._sockets = self.directory.root

    @property
    def conninfo(self) -> str:
        """The connection string of reeld's database, known once `prepare` is done. It holds no secret."""
        return self._conninfo

    @property
    def pid(self) -> int | None:
        """The postmaster's process, while there is one."""
        return self._postmaster.pid if self._postmaster else None

    @property
    def pg_dump(self) -> Path:
        """The program that makes backups of this server."""
        return self.binaries.path("pg_dump")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[EmbeddedServer]:
        """Run the server for the length of the block; a postmaster that ends by itself is started again."""
        await self.start()
        try:
            async with beside(self._keep_alive):
                yield self
        finally:
            await self.stop()

    async def prepare(self) -> None:
        """Make the folder and settle how the server will be reached, without starting it.

        Raises:
            EmbeddedServerFailed: The folder cannot be used, or PostgreSQL cannot run here.
        """
        with self._usable_folder():
            await trio.to_thread.run_sync(self.directory.prepare)
            self._identity = await trio.to_thread.run_sync(identity_for, self.directory.root)
            self._sockets = self.directory.socket_folder(self._identity)
        port = self._settings.get("port", DEFAULT_PORT)
        self._conninfo = make_conninfo(
            "", host=str(self._sockets), port=port, user=USER, dbname=DATABASE
        )

    async def start(self) -> None:
        """Take the folder, make the data when there is none, start the server and wait until it serves.

        Data of an older major version whose programs come with reeld is upgraded first, by dump and restore. There is no
        deadline: a crash recovery takes as long as it makes progress. Cancelled, it stops what it started.

        Raises:
            DataDirectoryBusy: Another daemon has the folder.
            EmbeddedServerFailed: The folder cannot be used, its data is of a version that cannot be upgraded, or
                PostgreSQL cannot run here.
        """
        await self.prepare()
        try:
            with self._usable_folder():
                self.directory.lock()
                await self._start_locked()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the server and give the folder back; not cancellable, takes 30 s at most. Safe to call twice."""
        if self._postmaster is not None:
            await self._postmaster.stop()
            self._postmaster = None
            log.info("embedded_server_stopped")
        self.directory.unlock()

    @contextmanager
    def _usable_folder(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EmbeddedServerFailed(
                f"The database folder {self.directory.root} cannot be used: {error.strerror or error}."
                " Check that it is writable and that its disk has room, or set REELD_DATA_DIR to another.",
                reason="data_directory_unusable",
            ) from error

    async def end_left_running(self) -> bool:
        """End the server that a killed process left running on this folder, if there is one; True if there was.

        It comes to an end in order, so that its data can be opened again. A server in use is left alone.

        Raises:
            DataDirectoryBusy: Whoever started the server still lives.
        """
        if not self.directory.data.is_dir():
            return False
        self.directory.lock()
        try:
            return await self._end_orphan()
        finally:
            self.directory.unlock()

    async def _start_locked(self) -> None:
        await finish(self.directory)
        major = self.directory.major()
        self._refuse_other_majors(major)
        await self._end_orphan()
        if major is None:
            await self._initialise()
        elif major != self.binaries.major:
            await self._upgrade(major).run()
        await self._launch()
        await make_database(self._conninfo)
        log.info("embedded_server_started", pid=self.pid)

    async def _end_orphan(self) -> bool:
        orphan = Postmaster.orphan_of(self.directory.data)
        if orphan is None:
            return False
        log.warning("embedded_server_was_left_running", pid=orphan.pid)
        await orphan.stop()
        return True

    def _refuse_other_majors(self, major: int | None) -> None:
        if major is not None and major != self.binaries.major and major not in UPGRADABLE:
            raise EmbeddedServerFailed(
                f"The data in {self.directory.data} is of PostgreSQL {major}, reeld brings {self.binaries.major}."
                " Dump it with the old version (pg_dump -Fc), move the folder away, start reeld once and restore the"
                " dump (pg_restore).",
                reason="other_major_version",
            )

    def _cluster(self, data: Path, binaries: Binaries) -> Cluster:
        return Cluster(
            data, binaries, self.directory, self._identity, self._sockets, self._settings
        )

    def _upgrade(self, major: int) -> Upgrade:
        old = self._cluster(self.directory.data, Binaries.bundled(major))
        return Upgrade(old, self._cluster(self._fresh, self.binaries), self._conninfo)

    @property
    def _fresh(self) -> Path:
        return self.directory.root / "data.new"

    async def _initialise(self) -> None:
        """Make the data directory aside and move it into place, so that a half-made one is never used."""
        await self._cluster(self._fresh, self.binaries).initialise()
        self._fresh.rename(self.directory.data)

    async def _launch(self) -> None:
        await self._cluster(self.directory.data, self.binaries).launch(self._note)

    def _note(self, postmaster: Postmaster) -> None:
        self._postmaster = postmaster

    async def _keep_alive(self) -> None:
        backoff = RESTART_MIN_SECONDS
        while self._postmaster is not None:
            started = trio.current_time()
            await self._postmaster.ended()
            log.error("embedded_server_ended", pid=self.pid, see=str(self.directory.log))
            if trio.current_time() - started > RESTART_MAX_SECONDS:
                backoff = RESTART_MIN_SECONDS
            await trio.sleep(backoff)
            backoff = min(backoff * 2, RESTART_MAX_SECONDS)
            try:
                # A disk that is full or read-only for a while is no reason to end the daemon.
                with self._usable_folder():
                    await self._launch()
            except EmbeddedServerFailed as failure:
                log.error("embedded_server_restart_failed", error=failure.sentence)
