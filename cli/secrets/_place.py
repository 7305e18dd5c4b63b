"""The database and the keys to it, whether or not a daemon runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import trio

from reeld.cli.database_place import beside_daemon, without_daemon
from reeld.cli.vault import KeyPlace, key_place
from reeld.domain.errors import Refused
from reeld.domain.settings import Settings
from reeld.storage import TrioConnection
from reeld.storage.backup import connected
from reeld.storage.embedded import EmbeddedServer


@dataclass(frozen=True, slots=True)
class Strongroom:
    """What the commands work on.

    Attributes:
        keys: Where the keys are.
        alone: Whether no daemon works on the data directory, and none can start.
    """

    connection: TrioConnection
    keys: KeyPlace
    alone: bool


@asynccontextmanager
async def strongroom(settings: Settings) -> AsyncIterator[Strongroom]:
    """Keep a connection for the length of the block; without a daemon its server is started for it.

    Raises:
        Refused: There is no database yet.
        DatabaseUnavailable: It does not answer.
        VaultError: The keys cannot be used.
    """
    await _require_database(settings)
    async with AsyncExitStack() as stack:
        alone = True
        try:
            conninfo = await stack.enter_async_context(without_daemon(settings))
        except Refused as refused:
            if refused.reason != "daemon_runs":
                raise
            alone = False
            conninfo = await stack.enter_async_context(beside_daemon(settings))
        connection = await stack.enter_async_context(connected(conninfo))
        keys = await trio.to_thread.run_sync(key_place, settings)
        yield Strongroom(connection, keys, alone)


async def _require_database(settings: Settings) -> None:
    embedded = settings.database_url is None
    if embedded and EmbeddedServer(settings.data_dir / "postgres").directory.major() is None:
        raise Refused(
            f"There is no database in {settings.data_dir}: start reeld once, or set REELD_DATA_DIR.",
            reason="no_database",
        )
