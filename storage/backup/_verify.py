"""Verifying a backup: a real restore on trial, in a server that is made for it and thrown away."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
import trio

from reeld.storage.backup._folder import Backup, BackupFolder, cannot_write
from reeld.storage.backup._manifest import DUMP, KEY, Manifest
from reeld.storage.backup._rows import connected, count_rows
from reeld.storage.backup._tools import Tools, run_tool, tools_for
from reeld.storage.backup._work import RESTORE_SECONDS, Step, Tell, checked, tell_nobody
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.errors import BackupUnusable, EmbeddedServerFailed

log = structlog.get_logger("reeld.storage")

# In one transaction PostgreSQL writes no log of rows of tables that it makes in it, where the server allows that.
RESTORE_FLAGS: Final = ("--single-transaction", "--no-owner", "--no-privileges")

# What is thrown away in a minute need not survive a power cut.
FORGETFUL: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "maintenance_work_mem": "128MB",
    "checkpoint_timeout": "1h",
    "max_connections": "10",
}


async def verify_backup(backup: Backup, folder: BackupFolder, tell: Tell = tell_nobody) -> Backup:
    """Check every byte of a backup, restore it on trial, compare the rows, and note that it went well.

    It needs neither the daemon nor the database that was saved. The caller holds the folder's lock.

    Raises:
        BackupUnusable: It is damaged, and no longer counts as one that was restored.
        BackupFailed: It could not be tried: the disk is full, or no `pg_restore` can read it.
        EmbeddedServerFailed: PostgreSQL cannot run here.
        DeadlineExceeded: The restore took too long.
    """
    try:
        await _try(backup, folder, tell)
        return await trio.to_thread.run_sync(folder.mark_verified, backup, datetime.now(UTC))
    except BackupUnusable as error:
        # One that is too new for the server here may be whole.
        if error.reason != "server_too_old":
            await _mark_damaged(backup, folder)
        raise
    except OSError as error:
        raise cannot_write(folder.path, error) from error


async def _try(backup: Backup, folder: BackupFolder, tell: Tell) -> None:
    manifest = backup.require_manifest()
    if manifest.key is not None:
        os.close(await checked(backup.path, KEY, manifest.key, tell))
    dump = await checked(backup.path, DUMP, manifest.dump, tell)
    try:
        tell(Step.STARTING, 0)
        async with _scratch_server(folder.scratch) as server:
            tools = await tools_for_restore(manifest, server.binaries.major, over_tls=False)
            await load(dump, server.conninfo, tools, tell)
            await require_equal_rows(manifest, server.conninfo, tell)
    finally:
        os.close(dump)


async def _mark_damaged(backup: Backup, folder: BackupFolder) -> None:
    try:
        await trio.to_thread.run_sync(folder.mark_damaged, backup)
    except OSError as error:
        log.warning("backup_mark_not_removed", backup=backup.name, error=error.strerror)


async def tools_for_restore(manifest: Manifest, server_major: int, *, over_tls: bool) -> Tools:
    """Return the programs that can read a dump and fill a server with it.

    Raises:
        BackupUnusable: The server is older than the one that was saved.
        BackupFailed: There are no such programs here.
    """
    if server_major < manifest.server_major:
        raise BackupUnusable(
            f"The backup is of PostgreSQL {manifest.server_major} and the server is {server_major}: restore it into"
            f" PostgreSQL {manifest.server_major} or newer.",
            reason="server_too_old",
        )
    return await tools_for(max(server_major, manifest.tool_major), over_tls=over_tls)


async def load(dump: int, conninfo: str, tools: Tools, tell: Tell) -> None:
    """Fill an empty database from an open dump."""
    tell(Step.RESTORING, 0)
    os.lseek(dump, 0, os.SEEK_SET)
    await run_tool(
        tools.folder / "pg_restore", RESTORE_FLAGS, conninfo, seconds=RESTORE_SECONDS, stdin=dump
    )


async def require_equal_rows(manifest: Manifest, conninfo: str, tell: Tell) -> None:
    """Count the rows of a restored database.

    Raises:
        BackupUnusable: A table is missing, or has another number of rows than was saved.
    """
    tell(Step.COMPARING, 0)
    async with connected(conninfo) as connection:
        found = await count_rows(connection)
    wrong = sorted(
        name
        for name in manifest.tables.keys() | found.keys()
        if manifest.tables.get(name) != found.get(name)
    )
    if wrong:
        raise BackupUnusable(
            f"The restored rows are not those that were saved, in {', '.join(wrong[:5])}. Use another backup.",
            reason="rows_differ",
        )


@asynccontextmanager
async def _scratch_server(root: Path) -> AsyncIterator[EmbeddedServer]:
    await _clear(root)
    server = EmbeddedServer(root, settings=FORGETFUL)
    try:
        async with server.running():
            yield server
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(lambda: shutil.rmtree(root, ignore_errors=True))


async def _clear(root: Path) -> None:
    """Remove what a killed process left: its server may still run, and is stopped by starting in its place."""
    if not await trio.to_thread.run_sync(root.exists):
        return
    log.info("backup_scratch_left_over", folder=str(root))
    left = EmbeddedServer(root, settings=FORGETFUL)
    with suppress(EmbeddedServerFailed):
        await left.start()
    await left.stop()
    await trio.to_thread.run_sync(lambda: shutil.rmtree(root, ignore_errors=True))
