"""What is examined: the settings, and the daemon that may run on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import trio

from reeld.cli.doctor._notes import Note, note
from reeld.cli.keys import find_local
from reeld.domain.errors import ReeldError
from reeld.domain.secret import Secret
from reeld.domain.settings import Settings
from reeld.storage import Database, TrioConnection

ANSWER_SECONDS: Final = 5.0
_SOCKET_LINE: Final = 4
"""The line of postmaster.pid that names the folder of the socket (PostgreSQL's pidfile.h, counted from 0)."""
_PORT_LINE: Final = 3


@dataclass(frozen=True, slots=True)
class RunningDaemon:
    """A daemon that answers on the data directory."""

    url: str
    key: Secret

    async def get(self, path: str) -> Any:
        """Return the JSON of a GET; None when the daemon does not give any."""
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS) as client:
                headers = {"X-Api-Key": self.key.reveal()}
                return (await client.get(f"{self.url}{path}", headers=headers)).json()
        except (httpx.HTTPError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Patient:
    """What the checks look at.

    Attributes:
        environ: The environment that the settings were read from.
        settings: The settings.
        daemon: The daemon that runs on the data directory; None when none answers.
    """

    environ: Mapping[str, str]
    settings: Settings
    daemon: RunningDaemon | None = None

    @property
    def postgres(self) -> Path:
        """The folder of the embedded server."""
        return self.settings.data_dir / "postgres"

    @property
    def conninfo(self) -> str | None:
        """How to reach the database; None while the embedded server does not run. Blocks on the disk."""
        if self.settings.database_url is not None:
            return self.settings.database_url.reveal()
        return embedded_conninfo(self.postgres)

    def note(self, name: str) -> Note:
        """The note that the last visit left about a system. Blocks on the disk."""
        return note(name, self.settings.data_dir, self.environ)

    @asynccontextmanager
    async def database(self, table: str) -> AsyncIterator[Database | None]:
        """The database for the length of the block; None when it cannot be reached, or lacks the table.

        Its own check says why.
        """
        conninfo = await trio.to_thread.run_sync(lambda: self.conninfo)
        if conninfo is None or not await _has_table(conninfo, table):
            yield None
            return
        async with Database.open(conninfo, size=1) as database:
            yield database


async def _has_table(conninfo: str, table: str) -> bool:
    # A pool waits for a server that is down; whoever only looks does not.
    try:
        connection = await TrioConnection.connect(conninfo, application_name="reeld-doctor")
        try:
            found = await connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,))
            return await found.fetchone() == (True,)
        finally:
            await connection.close()
    except (ReeldError, psycopg.Error):
        return False


async def find_running(data_dir: Path) -> RunningDaemon | None:
    """Return the daemon that answers on a data directory."""
    note = find_local(data_dir)
    if note is None:
        return None
    daemon = RunningDaemon(note.ops_url, note.key)
    answer = await daemon.get("/health")
    return daemon if isinstance(answer, dict) and "status" in answer else None


def embedded_conninfo(folder: Path) -> str | None:
    """Return how to reach an embedded server that runs in a folder: its own note says where its socket is."""
    try:
        note = (folder / "data" / "postmaster.pid").read_text(errors="replace").splitlines()
    except OSError:
        return None
    if len(note) <= _SOCKET_LINE or not note[_SOCKET_LINE]:
        return None
    sockets, port = note[_SOCKET_LINE], note[_PORT_LINE].strip()
    if not (Path(sockets) / f".s.PGSQL.{port}").is_socket():
        return None
    return f"host='{_quoted(sockets)}' port={port} user=reeld dbname=reeld"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
