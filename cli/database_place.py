"""Where the database is, whether or not a daemon runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import trio

from reeld.cli.lock import only_daemon_on
from reeld.domain.errors import DatabaseUnavailable, Refused
from reeld.domain.settings import Settings
from reeld.storage.backup import connected
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.errors import DataDirectoryBusy

STARTING_SECONDS = 60.0
"""How long a daemon that has just been started gets until its database answers."""
LOOK_SECONDS = 0.2


@asynccontextmanager
async def beside_daemon(settings: Settings) -> AsyncIterator[str]:
    """Give the database's connection string to the block: of a running daemon's server, or of one started for it.

    Raises:
        Refused: There is no database yet.
        DatabaseUnavailable: A daemon runs, and its server does not answer.
        EmbeddedServerFailed: PostgreSQL cannot run here.
    """
    if settings.database_url is not None:
        yield settings.database_url.reveal()
        return
    server = EmbeddedServer(settings.data_dir / "postgres")
    if server.directory.major() is None:
        raise Refused(
            f"There is no database in {settings.data_dir}: start reeld once, or set REELD_DATA_DIR.",
            reason="nothing_to_save",
        )
    with ExitStack() as stack:
        try:
            stack.enter_context(only_daemon_on(settings.data_dir))
        except DataDirectoryBusy:
            await server.prepare()
            await _answers(server.conninfo)
            yield server.conninfo
            return
        async with server.running():
            yield server.conninfo


@asynccontextmanager
async def without_daemon(settings: Settings) -> AsyncIterator[str]:
    """Give the database's connection string to the block, in which no daemon of this data directory can start.

    Raises:
        Refused: A daemon runs.
        EmbeddedServerFailed: PostgreSQL cannot run here.
    """
    with _no_daemon(settings):
        if settings.database_url is not None:
            yield settings.database_url.reveal()
            return
        async with EmbeddedServer(settings.data_dir / "postgres").running() as server:
            yield server.conninfo


@contextmanager
def _no_daemon(settings: Settings) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(only_daemon_on(settings.data_dir))
        except DataDirectoryBusy as error:
            raise Refused(
                "reeld is running, and would go on with rows that are replaced under it. Stop it first"
                " (`systemctl stop reeld`, or Ctrl-C where it runs), restore, then start it again.",
                reason="daemon_runs",
            ) from error
        yield


async def _answers(conninfo: str) -> None:
    with trio.move_on_after(STARTING_SECONDS):
        while True:
            try:
                async with connected(conninfo):
                    return
            except DatabaseUnavailable:
                await trio.sleep(LOOK_SECONDS)
    raise DatabaseUnavailable(
        f"A reeld runs, and its database has not answered for {STARTING_SECONDS:g} s: see its log."
    )
