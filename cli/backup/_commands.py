"""What each command does."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Awaitable, Callable
from typing import Any

import trio

from reeld.cli.backup._progress import progress
from reeld.cli.database_place import beside_daemon, without_daemon
from reeld.cli.output import bytes_of, print_json, say, show, table, time_of
from reeld.cli.running import make_folders
from reeld.cli.settings import read_settings
from reeld.cli.vault import key_place
from reeld.domain.settings import Settings
from reeld.migrations import bundled_migrations, migrate
from reeld.storage.backup import (
    Backup,
    BackupFolder,
    Source,
    Target,
    Tell,
    create_backup,
    drop_former_databases,
    former_databases,
    restore_backup,
    retire_old,
    verify_backup,
    working_in,
)
from reeld.telemetry import configure_logs

Work = Callable[[Settings, BackupFolder, Tell], Awaitable[Any]]


def create(*, verified: bool, as_json: bool) -> int:
    """Make a backup, and try it when asked to."""

    async def work(settings: Settings, folder: BackupFolder, tell: Tell) -> Backup:
        async with working_in(folder), beside_daemon(settings) as conninfo:
            version = importlib.metadata.version("reeld")
            keys = await trio.to_thread.run_sync(key_place, settings)
            source = Source(conninfo, keys.saved, version, keys.given_ids)
            backup = await create_backup(source, folder, tell)
            if verified:
                backup = await verify_backup(backup, folder, tell)
            await retire_old(folder, settings.backup.keep)
            return backup

    backup = _run(work)
    if as_json:
        print_json(_document(backup))
    else:
        size = bytes_of(backup.require_manifest().size)
        say(f"{backup.path} holds {size}{' and was restored on trial' if verified else ''}.")
        say("It holds the key that opens what is sealed in it: keep it where nobody else can read.")
    return 0


def verify(name: str, *, as_json: bool) -> int:
    """Restore a backup on trial."""

    async def work(_: Settings, folder: BackupFolder, tell: Tell) -> Backup:
        async with working_in(folder):
            backup = await trio.to_thread.run_sync(folder.find, name)
            return await verify_backup(backup, folder, tell)

    backup = _run(work)
    if as_json:
        print_json(_document(backup))
    else:
        rows = sum(backup.require_manifest().tables.values())
        say(f"{backup.name} is whole: every checksum fits, and all {rows} rows were restored.")
    return 0


def restore(name: str, *, as_json: bool) -> int:
    """Put a backup in the place of the database."""

    async def work(settings: Settings, folder: BackupFolder, tell: Tell) -> Any:
        await trio.to_thread.run_sync(make_folders, settings)
        async with working_in(folder), without_daemon(settings) as conninfo:
            backup = await trio.to_thread.run_sync(folder.find, name)
            newest = bundled_migrations()[-1].number
            keys = await trio.to_thread.run_sync(key_place, settings)
            target = Target(conninfo, keys.saved, newest, migrate, keys.given_ids)
            return await restore_backup(backup, target, tell)

    restored = _run(work)
    if as_json:
        print_json(
            {
                "backup": restored.backup,
                "former_database": restored.kept,
                "work_waiting": restored.work_waiting,
            }
        )
        return 0
    say(f"{restored.backup} is in place. Start reeld: it looks at the library before it acts.")
    if restored.kept:
        say(f"The former database is kept as {restored.kept}: see `reeld backup former`.")
    return 0


def show_list(*, as_json: bool) -> int:
    """List the backups."""
    backups = BackupFolder(read_settings().backups).backups()
    if as_json:
        print_json([_document(each) for each in backups])
    elif not backups:
        say("There is no backup yet: see `reeld backup create`.")
    else:
        columns = ("Backup", "Of", "Size", "Movies", "Schema", "Verified", "Note")
        show(table(columns, map(_row, backups)))
    return 0


def former(*, drop: bool, as_json: bool) -> int:
    """List or drop the databases that restores have put aside."""

    async def work(settings: Settings, _: BackupFolder, _tell: Tell) -> Any:
        async with beside_daemon(settings) as conninfo:
            found = await former_databases(conninfo)
            if drop:
                for each in [] if as_json else found:
                    say(f"{each.name} ({bytes_of(each.bytes)}) will be dropped.")
                await drop_former_databases(conninfo, found)
            return found

    found = _run(work)
    if as_json:
        print_json([{"name": each.name, "bytes": each.bytes, "dropped": drop} for each in found])
    elif not found:
        say("No restore has put a database aside.")
    for each in [] if as_json else found:
        say(f"{each.name} ({bytes_of(each.bytes)}){' was dropped' if drop else ''}")
    return 0


def _run(work: Work) -> Any:
    configure_logs(level="warning", form="auto")
    settings = read_settings()
    with progress() as tell:
        return trio.run(work, settings, BackupFolder(settings.backups), tell)


def _document(backup: Backup) -> dict[str, Any]:
    manifest = backup.manifest
    return {
        "name": backup.name,
        "path": str(backup.path),
        "taken_at": manifest and manifest.taken_at.isoformat(),
        "bytes": manifest and manifest.size,
        "schema": manifest and manifest.schema,
        "reeld": manifest and manifest.reeld,
        "postgresql": manifest and manifest.server_major,
        "rows": manifest and sum(manifest.tables.values()),
        "needs_key": manifest and manifest.needs_key,
        "holds_key": manifest and manifest.key is not None,
        "verified_at": backup.verified_at and backup.verified_at.isoformat(),
        "trouble": backup.trouble or None,
    }


def _row(backup: Backup) -> tuple[object, ...]:
    manifest = backup.manifest
    if manifest is None:
        return (backup.name, "", "", "", "", "", backup.trouble)
    return (
        backup.name,
        time_of(manifest.taken_at.isoformat()),
        bytes_of(manifest.size),
        manifest.tables.get("movie", ""),
        manifest.schema,
        time_of(backup.verified_at.isoformat()) if backup.verified_at else "not yet",
        "" if manifest.key or not manifest.needs_key else "without its key",
    )
