"""One data directory of PostgreSQL and the programs of its version: made, started."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg
import trio
from psycopg.conninfo import make_conninfo

from reeld.storage.connection import TrioConnection
from reeld.storage.embedded._postmaster import Postmaster
from reeld.storage.embedded._settings import arguments
from reeld.storage.errors import EmbeddedServerFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from reeld.storage.embedded._binaries import Binaries
    from reeld.storage.embedded._directory import ServerDirectory
    from reeld.storage.embedded._identity import Identity

USER: Final = "reeld"
DATABASE: Final = "reeld"
BUILTIN_LOCALE: Final = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
BUILTIN_SINCE: Final = 17
INITDB_SECONDS: Final = 120.0
DATABASE_SECONDS: Final = 60.0
"""How long making the empty database may take: it copies some megabytes."""
START_ATTEMPTS: Final = 20
ATTEMPT_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Cluster:
    """One data directory and what serves it.

    Attributes:
        data: The directory.
        binaries: The programs of its version.
        directory: Where the log is.
        identity: As whom the programs run.
        sockets: The folder for the socket.
        settings: Settings that win over reeld's own.
    """

    data: Path
    binaries: Binaries
    directory: ServerDirectory
    identity: Identity
    sockets: Path
    settings: Mapping[str, str]

    async def initialise(self) -> None:
        """Make the data directory; what lies there already is removed.

        Raises:
            EmbeddedServerFailed: It cannot be made.
        """
        await trio.to_thread.run_sync(lambda: shutil.rmtree(self.data, ignore_errors=True))
        command = self.identity.command(
            self.binaries.path("initdb"),
            f"--pgdata={self.data}",
            f"--username={USER}",
            "--auth-local=trust",
            "--auth-host=reject",
            "--encoding=UTF8",
            *(BUILTIN_LOCALE if self.binaries.major >= BUILTIN_SINCE else ()),
            "--locale=C",
            "--data-checksums",
        )

        def run() -> subprocess.CompletedProcess[bytes]:
            options = self.identity.process_options()
            return subprocess.run(
                command,
                capture_output=True,
                cwd="/",
                timeout=INITDB_SECONDS,
                check=False,
                **options,
            )

        try:
            done = await trio.to_thread.run_sync(run)
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedServerFailed(f"The database cannot be made: {error}") from error
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()[-500:]
            raise EmbeddedServerFailed(f"The database cannot be made: {said}")

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Serve the directory for the length of the block.

        Raises:
            EmbeddedServerFailed: PostgreSQL does not start.
        """
        started: list[Postmaster] = []
        try:
            await self.launch(started.append)
            yield
        finally:
            for postmaster in started:
                await postmaster.stop()

    async def launch(self, note: Callable[[Postmaster], None]) -> None:
        """Start a postmaster and wait until it serves.

        Args:
            note: Called with it as soon as there is one: whoever is cancelled meanwhile must stop it.

        Raises:
            EmbeddedServerFailed: PostgreSQL does not start.
            OSError: The folder cannot be used.
        """
        # Server processes of a killed postmaster need a moment to notice; it does not start beside them.
        for attempt in range(START_ATTEMPTS):
            try:
                await self._launch_once(note)
            except EmbeddedServerFailed as failure:
                if "shared memory" not in failure.sentence or attempt == START_ATTEMPTS - 1:
                    raise
                await trio.sleep(ATTEMPT_SECONDS)
            else:
                return

    async def _launch_once(self, note: Callable[[Postmaster], None]) -> None:
        command = self.identity.command(
            self.binaries.path("postgres"),
            *arguments(self.data, self.sockets, self.settings, self.binaries.major),
        )
        Postmaster.disown_stale_files(self.data, self.sockets, self.identity)
        log_file = self.directory.open_log(self.identity)
        try:
            postmaster = await Postmaster.start(
                command, data=self.data, identity=self.identity, log_file=log_file
            )
        finally:
            os.close(log_file)
        note(postmaster)
        await postmaster.ready(self.directory.log)


async def make_database(conninfo: str) -> None:
    """Make reeld's database on a server that has none yet."""
    connection = await TrioConnection.connect(make_conninfo(conninfo, dbname="postgres"))
    connection.statement_seconds = DATABASE_SECONDS
    try:
        found = await connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)
        )
        if await found.fetchone() is None:
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    except psycopg.errors.DuplicateDatabase:
        pass
    finally:
        await connection.close()
