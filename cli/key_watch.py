"""A running daemon takes up keys that a command has made, and drops the former ones when nothing needs them."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import structlog
import trio

from reeld.domain.errors import ReeldError
from reeld.storage import Database
from reeld.storage.repositories import settings
from reeld.storage.resealing import reseal, sealed_rows
from reeld.storage.vault import KeyFile, Vault, VaultError

log = structlog.get_logger("reeld.cli")

WATCH_SECONDS: Final = 2.0
SETTLED_SECONDS: Final = 900.0
"""How long a former key stays at least: nothing that was sealed with it is still on its way to a row then."""
COUNT_SECONDS: Final = 600.0
SEALS_WITH: Final = "vault.seals_with"
"""Under which the rows remember the id of the key that the daemon seals with: a rotation waits for it."""


class KeyWatch:
    """Watches the keys of one daemon.

    Args:
        vault: Given the keys of the file whenever it changes.
        file: None when the keys were given as a setting: then a restart alone changes them.
        database: Is told which key is in use.
        settled: Seconds that a former key stays at least.
    """

    def __init__(
        self,
        vault: Vault,
        file: KeyFile | None,
        database: Database,
        *,
        settled: float = SETTLED_SECONDS,
    ) -> None:
        self._vault, self._file, self._database = vault, file, database
        self._settled = settled
        self._seen: object = None
        self._told = ""
        self._quiet_since = trio.current_time()

    async def run(self, ready: trio.Event) -> None:
        """Watch until cancelled, from when the database is ready."""
        await ready.wait()
        while True:
            await self.look()
            await trio.sleep(WATCH_SECONDS)

    async def look(self) -> None:
        """Take up what changed, say so, and drop what is not needed. What fails is tried again with the next look."""
        if self._file is not None:
            await self._take_up(self._file)
        # A database that is away, a standby that may not write: both end.
        with suppress(ReeldError):
            await self._tell()
            if self._file is not None and self._is_settled():
                self._quiet_since = trio.current_time()
                await self._retire(self._file)

    async def _take_up(self, file: KeyFile) -> None:
        mark = await trio.to_thread.run_sync(file.mark)
        if mark == self._seen:
            return
        self._seen = mark
        former = self._vault.key_ids
        try:
            self._vault.take_up(await trio.to_thread.run_sync(file.read))
        except VaultError as error:
            log.error("vault_keys_not_taken_up", reason=error.reason, sentence=error.sentence)
            return
        if self._vault.key_ids != former:
            self._quiet_since = trio.current_time()
            log.info("vault_keys_taken_up", keys=len(self._vault.key_ids))

    async def _tell(self) -> None:
        if self._told == self._vault.key_id:
            return
        key_id = self._vault.key_id
        async with self._database.transaction() as conn:
            await settings.put(conn, SEALS_WITH, key_id)
        self._told = key_id

    def _is_settled(self) -> bool:
        quiet = trio.current_time() - self._quiet_since
        return len(self._vault.key_ids) > 1 and quiet >= self._settled

    async def _retire(self, file: KeyFile) -> None:
        """Seal anew what a rotation found too early, then drop the keys that no row names."""
        async with self._database.dedicated(deadline=COUNT_SECONDS) as connection:
            await reseal(connection, self._vault, _nobody)
            needed = {each.key_id for each in await sealed_rows(connection)}
        gone = await trio.to_thread.run_sync(file.keep, needed)
        if gone:
            log.info("vault_keys_dropped", keys=gone)


def _nobody(_done: int) -> None:
    """Tell nobody how far it is."""
