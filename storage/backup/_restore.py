"""Putting a backup back: into a fresh database, which takes the place of the former one in one step."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
import trio
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage.backup._files import read_small
from reeld.storage.backup._folder import Backup
from reeld.storage.backup._knowledge import carry_over, knowledge_of
from reeld.storage.backup._manifest import DUMP, KEY, Manifest
from reeld.storage.backup._marking import Restored, mark_restored, require_restored
from reeld.storage.backup._names import BEFORE, RESTORING, name_beside, stood_beside
from reeld.storage.backup._rows import connected
from reeld.storage.backup._verify import load, require_equal_rows, tools_for_restore
from reeld.storage.backup._work import Step, Tell, checked, tell_nobody
from reeld.storage.connection import TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.errors import BackupFailed, BackupUnusable
from reeld.storage.vault import KeyFile, Vault, VaultError, parse_keys

MAINTENANCE: Final = ("postgres", "template1")
"""Databases that every server has, to stand in while the others get their names."""
LONGEST_KEY: Final = 64 * 1024
LEAVING_SECONDS: Final = 2.0
"""How long the server gets to notice that a process which used the database is gone; in a rename it waits itself."""
LOOK_SECONDS: Final = 0.05

# PostgreSQL ends its own vacuum for a rename.
_OTHERS: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = %s AND pid <> pg_backend_pid() AND backend_type IS DISTINCT FROM 'autovacuum worker'
"""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup goes.

    Attributes:
        conninfo: The database whose place it takes.
        key_file: The vault's key file, which learns the keys of the backup; None when they were given as a setting.
        newest_schema: The last migration that this reeld knows.
        migrate: Brings a database to the schema of this reeld.
        given: The ids of the keys that were given.
    """

    conninfo: str
    key_file: KeyFile | None
    newest_schema: int
    migrate: Callable[[str], Awaitable[object]]
    given: tuple[str, ...] = ()


async def restore_backup(backup: Backup, target: Target, tell: Tell = tell_nobody) -> Restored:
    """Put a backup in the place of a database, which is kept under another name.

    Nothing of the former database is touched before the restored one is whole: loaded, counted, brought up to date.
    Then both get their names in one transaction. Killed at any moment, the one or the other is whole under the name,
    and doing it again is safe. No daemon may work on the database; the caller holds the lock of the folder.

    Raises:
        BackupUnusable: It is damaged, made by a newer reeld, or of a newer PostgreSQL. Nothing was changed.
        BackupFailed: Somebody uses the database, or a program failed. Nothing was changed.
        DatabaseUnavailable: The server cannot be reached.
        VaultError: The keys cannot be stored, or one that rows need is nowhere. Nothing was changed.
    """
    manifest = backup.require_manifest()
    if manifest.schema > target.newest_schema:
        raise BackupUnusable(
            f"{backup.name} has schema {manifest.schema}, this reeld knows {target.newest_schema}: it was made by"
            f" reeld {manifest.reeld}. Install that version or a newer one, then restore.",
            reason="backup_newer",
        )
    keys = await _keys(backup, manifest, tell)
    await trio.to_thread.run_sync(_require_keys, backup.name, manifest, target, keys)
    dump = await checked(backup.path, DUMP, manifest.dump, tell)
    try:
        async with maintenance(target.conninfo) as server:
            return await _Restoring(backup, manifest, target, server, tell).run(dump, keys)
    except psycopg.Error as error:
        raise BackupFailed(f"PostgreSQL refused: {error}", reason="restore_refused") from error
    finally:
        os.close(dump)


async def _keys(backup: Backup, manifest: Manifest, tell: Tell) -> bytes | None:
    if manifest.key is None:
        return None
    descriptor = await checked(backup.path, KEY, manifest.key, tell)
    os.close(descriptor)
    return await trio.to_thread.run_sync(read_small, backup.path, KEY, LONGEST_KEY)


def _require_keys(name: str, manifest: Manifest, target: Target, keys: bytes | None) -> None:
    held = set(target.given)
    if target.key_file is not None:
        documents = (keys, target.key_file.copy())
        held |= {each for given in documents if given for each in Vault(*parse_keys(given)).key_ids}
    missing = sorted(set(manifest.key_ids) - held)
    if missing:
        where = f"{name}/{KEY} holds them" if keys else "they were not saved with it"
        raise VaultError(
            f"{name} is sealed with keys that are not here ({', '.join(missing)}); {where}. Put their lines behind the one"
            " of vault_key, or of the key file, and restore again. Nothing was changed.",
            reason="vault_key_missing",
        )


class _Restoring:
    def __init__(
        self,
        backup: Backup,
        manifest: Manifest,
        target: Target,
        server: TrioConnection,
        tell: Tell,
    ) -> None:
        self._backup, self._manifest, self._target = backup, manifest, target
        self._server, self._tell = server, tell
        self._former_is_empty = False
        self._live = database_of(target.conninfo, server)
        self._fresh = self._kept = ""

    async def run(self, dump: int, keys: bytes | None) -> Restored:
        """Do all of it, in the order in which a kill does no harm."""
        await self._require_alone()
        await self._drop_leftovers()
        await self._choose_names()
        fresh = make_conninfo(self._target.conninfo, dbname=self._fresh)
        try:
            await self._load(fresh, dump)
            crash_point("restore.loaded")
            self._tell(Step.MIGRATING, 0)
            await self._target.migrate(fresh)
            await self._mark(fresh)
            crash_point("restore.marked")
            if keys is not None and self._target.key_file is not None:
                await trio.to_thread.run_sync(self._target.key_file.adopt, keys)
            crash_point("restore.key.merged")
            return await self._swap()
        except BaseException:
            with trio.move_on_after(30, shield=True):
                await self._drop_leftovers()
            raise

    async def _choose_names(self) -> None:
        # Two restores in one second must not want one name: what the first put aside stays where it is.
        moment = datetime.now(UTC)
        while await self._exists(name_beside(self._live, BEFORE, moment)):
            moment += timedelta(seconds=1)
        self._fresh = name_beside(self._live, RESTORING, moment)
        self._kept = name_beside(self._live, BEFORE, moment)

    async def _load(self, fresh: str, dump: int) -> None:
        over_tls = bool(self._server.pgconn.ssl_in_use)
        major = self._server.info.server_version // 10000
        tools = await tools_for_restore(self._manifest, major, over_tls=over_tls)
        await self._execute("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", self._fresh)
        crash_point("restore.database.made")
        await load(dump, fresh, tools, self._tell)
        await require_equal_rows(self._manifest, fresh, self._tell)

    async def _mark(self, fresh: str) -> None:
        # A server without the database knows nothing that must not be forgotten.
        there = await self._exists(self._live)
        known = await knowledge_of(self._target.conninfo, self._live) if there else None
        async with connected(fresh) as connection, connection.transaction():
            if known is not None:
                self._former_is_empty = known.empty
                await carry_over(known, connection)
            await mark_restored(connection, self._backup.name, self._manifest)

    async def _swap(self) -> Restored:
        self._tell(Step.SWAPPING, 0)
        exists = await self._exists(self._live)
        async with self._server.transaction():
            if exists:
                await self._execute("ALTER DATABASE {} RENAME TO {}", self._live, self._kept)
            await self._execute("ALTER DATABASE {} RENAME TO {}", self._fresh, self._live)
        crash_point("restore.swapped")
        kept = self._kept if exists and not self._former_is_empty else None
        async with connected(self._target.conninfo) as connection:
            restored = await require_restored(connection, self._backup.name, kept)
        if exists and self._former_is_empty:
            # A new machine's: there is nothing in it.
            await self._execute("DROP DATABASE IF EXISTS {}", self._kept)
        return restored

    async def _require_alone(self) -> None:
        until = trio.current_time() + LEAVING_SECONDS
        while others := await self._others():
            if trio.current_time() > until:
                raise BackupFailed(
                    f"{others} connections to the database {self._live} are open: stop every reeld that uses it"
                    " (`systemctl stop reeld`, or Ctrl-C where it runs) and try again. Nothing was changed.",
                    reason="database_in_use",
                )
            await trio.sleep(LOOK_SECONDS)

    async def _others(self) -> int:
        row = await (await self._server.execute(_OTHERS, (self._live,))).fetchone()
        return int(row[0]) if row else 0

    async def _exists(self, name: str) -> bool:
        found = await self._server.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
        return found.rowcount == 1

    async def _drop_leftovers(self) -> None:
        """Drop databases that were being filled when a restore was killed: nobody ever worked with them."""
        found = await self._server.execute("SELECT datname FROM pg_database")
        for (name,) in await found.fetchall():
            if stood_beside(self._live, RESTORING, name):
                await self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    async def _execute(self, statement: str, *names: str) -> None:
        composed = sql.SQL(statement).format(*map(sql.Identifier, names))
        await self._server.execute(composed)


def database_of(conninfo: str, server: TrioConnection) -> str:
    """Return the name of the database that a connection string means."""
    return str(conninfo_to_dict(conninfo).get("dbname") or server.info.user)


@asynccontextmanager
async def maintenance(conninfo: str) -> AsyncIterator[TrioConnection]:
    """Keep a connection to a database of the server that is not the one to be replaced."""
    async with AsyncExitStack() as stack:
        for last, name in enumerate(MAINTENANCE, start=1):
            try:
                opened = connected(make_conninfo(conninfo, dbname=name))
                connection = await stack.enter_async_context(opened)
                break
            except DatabaseUnavailable:
                if last == len(MAINTENANCE):
                    raise
        yield connection
