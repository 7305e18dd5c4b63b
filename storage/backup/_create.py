"""Making a backup."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import trio

from reeld.storage._beside import beside
from reeld.storage.backup._files import create_private, digest, write_private
from reeld.storage.backup._folder import Backup, BackupFolder, cannot_write
from reeld.storage.backup._manifest import (
    DUMP,
    FORMAT,
    KEY,
    MANIFEST,
    FileFacts,
    Manifest,
    to_bytes,
)
from reeld.storage.backup._rows import Snapshot, snapshot
from reeld.storage.backup._tools import Tools, run_tool, tools_for
from reeld.storage.backup._work import (
    DUMP_SECONDS,
    WATCH_SECONDS,
    Step,
    Tell,
    in_thread,
    tell_nobody,
)
from reeld.storage.crashpoints import crash_point
from reeld.storage.vault import KeyFile, Vault, joined_keys, parse_keys

# Level 1 of gzip takes a third of the time of the default and a tenth more room, and every pg_restore can read it.
DUMP_FLAGS: Final = (
    "--format=custom",
    "--compress=gzip:1",
    "--no-owner",
    "--no-privileges",
    "--no-publications",
    "--no-subscriptions",
)


@dataclass(frozen=True, slots=True)
class Source:
    """What is saved.

    Attributes:
        conninfo: The database.
        key_file: The vault's key file, copied when it is there; None when the keys were given as a setting, which is not
            copied: whoever keeps them apart from the data wants them apart from its backups.
        reeld: The version of reeld.
        given: The ids of the keys that were given.
    """

    conninfo: str
    key_file: KeyFile | None
    reeld: str
    given: tuple[str, ...] = ()


async def create_backup(source: Source, folder: BackupFolder, tell: Tell = tell_nobody) -> Backup:
    """Save the database and the key to it; the caller holds the folder's lock.

    Rows, counts and manifest are of one moment, whatever is written meanwhile. Killed at any moment, it leaves the
    backup whole or a hidden folder that the next one removes. Cancelled, it removes what it made.

    Raises:
        BackupFailed: The disk is full, no `pg_dump` fits, or it failed.
        DatabaseUnavailable: The server cannot be reached.
        DeadlineExceeded: The dump took longer than `DUMP_SECONDS`.
        VaultError: There is a key file that cannot be used.
    """
    try:
        await trio.to_thread.run_sync(folder.clear_leftovers)
        draft = await trio.to_thread.run_sync(folder.make_draft, datetime.now(UTC))
        try:
            await _fill(draft, source, tell)
            return await trio.to_thread.run_sync(folder.publish, draft)
        except BaseException:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(lambda: shutil.rmtree(draft, ignore_errors=True))
            raise
    except OSError as error:
        raise cannot_write(folder.path, error) from error


async def _fill(draft: Path, source: Source, tell: Tell) -> None:
    tell(Step.COUNTING, 0)
    before = await trio.to_thread.run_sync(_keys_of, source)
    async with snapshot(source.conninfo) as seen:
        taken_at = datetime.now(UTC)
        tools = await tools_for(seen.server_major, over_tls=seen.over_tls)
        dump = await _dump(draft / DUMP, source.conninfo, seen, tools, tell)
    crash_point("backup.dumped")
    # Keys may change meanwhile: the rows of the snapshot have those of before or those of after.
    keys = joined_keys(before, await trio.to_thread.run_sync(_keys_of, source))
    held = source.given if keys is None else Vault(*parse_keys(keys)).key_ids
    manifest = Manifest(
        format=FORMAT,
        reeld=source.reeld,
        schema=seen.schema,
        server_major=seen.server_major,
        tool_major=tools.major,
        taken_at=taken_at,
        dump=dump,
        key=None if keys is None else await trio.to_thread.run_sync(_store, keys, draft / KEY),
        needs_key=bool(seen.key_ids),
        key_ids=sorted(seen.key_ids & set(held)),
        database_bytes=seen.database_bytes,
        tables=seen.tables,
    )
    await trio.to_thread.run_sync(write_private, draft / MANIFEST, to_bytes(manifest))


async def _dump(path: Path, conninfo: str, seen: Snapshot, tools: Tools, tell: Tell) -> FileFacts:
    # pg_dump gets the file opened, so that nobody else can read it and it cannot be another one afterwards.
    target = await trio.to_thread.run_sync(create_private, path)
    try:
        async with beside(partial(_watch, target, tell)):
            await run_tool(
                tools.folder / "pg_dump",
                [*DUMP_FLAGS, f"--snapshot={seen.id}"],
                conninfo,
                seconds=DUMP_SECONDS,
                stdout=target,
            )
        await trio.to_thread.run_sync(os.fsync, target)
        length, sha256 = await in_thread(
            lambda tick: digest(target, tick), lambda done: tell(Step.HASHING, done)
        )
        return FileFacts(length, sha256)
    finally:
        os.close(target)


async def _watch(descriptor: int, tell: Tell) -> None:
    while True:
        tell(Step.DUMPING, os.fstat(descriptor).st_size)
        await trio.sleep(WATCH_SECONDS)


def _keys_of(source: Source) -> bytes | None:
    return source.key_file.copy() if source.key_file else None


def _store(keys: bytes, target: Path) -> FileFacts:
    write_private(target, keys)
    descriptor = os.open(target, os.O_RDONLY)
    try:
        return FileFacts(*digest(descriptor, lambda _: None))
    finally:
        os.close(descriptor)
