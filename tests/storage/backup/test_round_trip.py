"""Backups against a real PostgreSQL: saved while it is written to, tried, put back, whoever is killed meanwhile."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.migrations import bundled_migrations
from reeld.storage.backup import (
    BackupFolder,
    Source,
    Target,
    create_backup,
    drop_former_databases,
    former_databases,
    restore_backup,
    verify_backup,
)
from reeld.storage.backup._names import BEFORE, name_beside, stood_beside
from reeld.storage.errors import BackupFailed, BackupUnusable
from reeld.storage.vault import KeyFile, Vault, VaultError

NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)


def ask(url: str, query: str) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(query)  # type: ignore[arg-type]
        return [row[0] for row in found.fetchall()] if found.description else []


def databases_of(url: str) -> set[str]:
    name = str(conninfo_to_dict(url)["dbname"])
    found = ask(url, "SELECT datname FROM pg_database")
    return {each.removeprefix(name) for each in found if each.startswith(name)} - {""}


async def test_a_backup_says_what_is_in_it_and_only_its_owner_may_read_it(
    source: Source, folder: BackupFolder
) -> None:
    backup = await create_backup(source, folder)
    manifest = backup.require_manifest()
    assert manifest.tables["movie"] == 20
    assert manifest.tables["history"] == 500
    assert (manifest.reeld, manifest.schema) == ("1.2.3", len(bundled_migrations()))
    assert manifest.key is not None
    assert not manifest.needs_key
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in backup.path.iterdir()}
    assert modes == {"database.dump": 0o600, "manifest.json": 0o600, "vault.key": 0o600}
    assert stat.S_IMODE(backup.path.stat().st_mode) == 0o700
    assert folder.backups() == [backup]
    assert backup.verified_at is None


async def test_a_backup_is_tried_by_a_restore_that_needs_nothing_but_the_backup(
    source: Source, folder: BackupFolder
) -> None:
    backup = await create_backup(source, folder)
    verified = await verify_backup(backup, folder)
    assert verified.verified_at is not None
    assert folder.find("latest") == verified
    assert not folder.scratch.exists()


async def test_a_restored_database_takes_the_place_of_the_former_one_which_is_kept(
    source: Source, target: Target, folder: BackupFolder
) -> None:
    backup = await create_backup(source, folder)
    ask(source.conninfo, "DELETE FROM movie WHERE tmdb_id > 5")
    ask(source.conninfo, "UPDATE leader SET epoch = 9")
    ask(source.conninfo, "INSERT INTO movie (tmdb_id, title, profile) VALUES (77, 'Later', 'Any')")
    restored = await restore_backup(backup, target)
    assert ask(source.conninfo, "SELECT count(*) FROM movie") == [20]
    assert restored.kept is not None
    kept = make_conninfo(source.conninfo, dbname=restored.kept)
    assert ask(kept, "SELECT title FROM movie WHERE tmdb_id > 5") == ["Later"]
    assert len(databases_of(source.conninfo)) == 1


async def test_what_was_revoked_since_the_backup_stays_revoked(
    source: Source, target: Target, folder: BackupFolder
) -> None:
    url = source.conninfo
    ask(
        url,
        "INSERT INTO api_key (name, prefix, hash) VALUES ('a', 'x', sha256('a')), ('b', 'x', sha256('b'))",
    )
    ask(url, "INSERT INTO calendar_token (digest) VALUES (sha256('old'))")
    backup = await create_backup(source, folder)
    ask(url, "UPDATE api_key SET revoked_at = now() WHERE name = 'a'")
    ask(url, "UPDATE calendar_token SET digest = sha256('new')")
    await restore_backup(backup, target)
    assert ask(url, "SELECT name FROM api_key WHERE revoked_at IS NULL") == ["b"]
    assert ask(url, "SELECT digest = sha256('new') FROM calendar_token") == [True]
    ask(url, "DELETE FROM calendar_token")
    await restore_backup(backup, target)
    assert ask(url, "SELECT count(*) FROM calendar_token") == [0]


async def test_a_backup_of_given_keys_holds_none_and_says_which_it_needs(
    source: Source, target: Target, folder: BackupFolder
) -> None:
    vault = Vault(bytes(range(32)))
    sealed = vault.seal_bytes(b"x", table="release", column="sealed_link", row="f\ng")
    add = "INSERT INTO release (source, indexer, guid, title, sealed_link) VALUES ('rss', 'f', 'g', 'x', %s)"
    with psycopg.connect(source.conninfo, autocommit=True) as connection:
        connection.execute(add, (sealed,))
    given = replace(source, key_file=None, given=vault.key_ids)
    backup = await create_backup(given, folder)
    assert backup.manifest is not None
    assert (backup.manifest.key, backup.manifest.key_ids) == (None, [vault.key_id])
    with pytest.raises(VaultError, match=vault.key_id) as refused:
        await restore_backup(backup, target)
    assert refused.value.reason == "vault_key_missing"
    assert databases_of(source.conninfo) == set()
    await restore_backup(backup, replace(target, key_file=None, given=vault.key_ids))


async def test_a_restored_database_knows_that_it_is_older_than_the_world(
    source: Source, target: Target, folder: BackupFolder
) -> None:
    backup = await create_backup(source, folder)
    ask(source.conninfo, "UPDATE leader SET epoch = 9")
    ask(source.conninfo, "INSERT INTO movie (tmdb_id, title, profile) VALUES (77, 'Later', 'Any')")
    ask(source.conninfo, "INSERT INTO limiter VALUES ('hdbits', 0, 1, 4102444800)")
    restored = await restore_backup(backup, target)
    url = source.conninfo
    assert ask(url, "SELECT backup FROM restoration WHERE reconciled_at IS NULL") == [backup.name]
    assert ask(url, "SELECT epoch FROM leader WHERE holder IS NULL") == [10]
    assert ask(url, "SELECT state FROM work") == ["available"]
    assert ask(url, "SELECT attempt FROM work") == [0]
    assert restored.work_waiting == 1
    assert ask(url, "SELECT count(*) FROM work_owner") == [0]
    assert ask(url, "SELECT kind FROM event") == ["backup.restored"]
    # A number that was given out after the backup is not given out again.
    (new,) = ask(
        url, "INSERT INTO movie (tmdb_id, title, profile) VALUES (78, 'x', 'Any') RETURNING id"
    )
    assert new == 22
    assert ask(url, "SELECT next_allowed_at FROM limiter") == [4102444800]


def key_vault(source: Source) -> Vault:
    assert source.key_file is not None
    return Vault.from_file(source.key_file.path)


async def test_the_keys_of_a_backup_join_those_of_another_machine(
    source: Source, target: Target, folder: BackupFolder, tmp_path: Path
) -> None:
    backup = await create_backup(source, folder)
    old = key_vault(source).seal_bytes(b"x", table="t", column="c", row="1")
    elsewhere = tmp_path / "elsewhere" / "vault.key"
    new = Vault.from_file(elsewhere).seal_bytes(b"y", table="t", column="c", row="1")
    await restore_backup(backup, replace(target, key_file=KeyFile(elsewhere)))
    both = Vault.from_file(elsewhere)
    assert both.unseal_bytes(old, table="t", column="c", row="1") == b"x"
    assert both.unseal_bytes(new, table="t", column="c", row="1") == b"y"
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o600


async def test_a_database_in_use_is_not_replaced(
    source: Source, target: Target, folder: BackupFolder
) -> None:
    backup = await create_backup(source, folder)
    with (
        psycopg.connect(source.conninfo),
        pytest.raises(BackupFailed, match="systemctl stop reeld") as failed,
    ):
        await restore_backup(backup, target)
    assert failed.value.reason == "database_in_use"
    assert databases_of(source.conninfo) == set()


async def test_a_connection_that_is_being_closed_is_waited_for(
    source: Source, target: Target, folder: BackupFolder, nursery: trio.Nursery
) -> None:
    backup = await create_backup(source, folder)
    leaving = psycopg.connect(source.conninfo)

    async def leave() -> None:
        await trio.sleep(0.2)
        leaving.close()

    nursery.start_soon(leave)
    assert (await restore_backup(backup, target)).kept


async def test_a_backup_of_a_newer_schema_is_refused(
    source: Source, target: Target, folder: BackupFolder
) -> None:
    backup = await create_backup(source, folder)
    with pytest.raises(BackupUnusable, match=r"made by reeld 1\.2\.3") as refused:
        await restore_backup(backup, replace(target, newest_schema=5))
    assert refused.value.reason == "backup_newer"
    assert databases_of(source.conninfo) == set()


async def test_a_database_without_rows_of_reeld_is_no_backup(
    empty_database_url: str, folder: BackupFolder, tmp_path: Path
) -> None:
    with pytest.raises(BackupFailed, match="start reeld once"):
        await create_backup(Source(empty_database_url, KeyFile(tmp_path / "none"), "1"), folder)
    assert folder.backups() == []
    assert not [each for each in folder.path.iterdir() if each.is_dir()]


@pytest.mark.parametrize(
    "content",
    [
        'CREATE TABLE "Diary" (x int)',
        "CREATE VIEW recent AS SELECT 1 AS x",
        "CREATE SCHEMA mine CREATE SEQUENCE numbers",
        "CREATE TYPE mood AS ENUM ('glad')",
        "SELECT lo_from_bytea(0, 'photo')",
    ],
)
async def test_whatever_is_in_the_former_database_it_is_kept(
    source: Source, target: Target, folder: BackupFolder, empty_database_url: str, content: str
) -> None:
    ask(empty_database_url, content)
    backup = await create_backup(source, folder)
    restored = await restore_backup(backup, replace(target, conninfo=empty_database_url))
    assert restored.kept is not None
    assert restored.kept in ask(source.conninfo, "SELECT datname FROM pg_database")
    drop = f'DROP DATABASE "{restored.kept}" WITH (FORCE)'
    ask(make_conninfo(source.conninfo, dbname="postgres"), drop)


async def until_alone(url: str) -> None:
    """A server takes a moment to notice that a connection is closed."""
    name = conninfo_to_dict(url)["dbname"]
    count = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"
    with trio.fail_after(30):
        while ask(make_conninfo(url, dbname="postgres"), count) != [0]:
            await trio.sleep(0.02)


async def test_a_former_database_without_anything_in_it_is_not_kept(
    source: Source, target: Target, folder: BackupFolder, empty_database_url: str
) -> None:
    backup = await create_backup(source, folder)
    restored = await restore_backup(backup, replace(target, conninfo=empty_database_url))
    assert restored.kept is None
    assert databases_of(empty_database_url) == set()


async def test_without_a_former_database_there_is_nothing_to_keep(
    source: Source, target: Target, folder: BackupFolder
) -> None:
    backup = await create_backup(source, folder)
    maintenance = make_conninfo(source.conninfo, dbname="postgres")
    await until_alone(source.conninfo)
    ask(maintenance, f'DROP DATABASE "{conninfo_to_dict(source.conninfo)["dbname"]}"')
    restored = await restore_backup(backup, target)
    assert restored.kept is None
    assert ask(source.conninfo, "SELECT count(*) FROM movie") == [20]


async def test_a_former_database_that_cannot_be_read_is_left_alone(
    source: Source, target: Target, folder: BackupFolder
) -> None:
    """What it knows would be forgotten: the epoch, the numbers given out, the pauses promised."""
    backup = await create_backup(source, folder)
    name = conninfo_to_dict(source.conninfo)["dbname"]
    maintenance = make_conninfo(source.conninfo, dbname="postgres")
    ask(maintenance, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    with pytest.raises(BackupFailed, match="RENAME TO") as failed:
        await restore_backup(backup, target)
    assert failed.value.reason == "former_database_unreadable"
    ask(maintenance, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert databases_of(source.conninfo) == set()
    ask(source.conninfo, "ALTER TABLE leader RENAME epoch TO era")
    await until_alone(source.conninfo)
    with pytest.raises(BackupFailed) as failed:
        await restore_backup(backup, target)
    assert failed.value.reason == "former_database_unreadable"
    assert databases_of(source.conninfo) == set()


async def test_databases_of_a_person_with_a_similar_name_are_neither_shown_nor_dropped(
    source: Source, target: Target, folder: BackupFolder
) -> None:
    backup = await create_backup(source, folder)
    name = str(conninfo_to_dict(source.conninfo)["dbname"])
    own = {"_before_upgrade", "_before_20261127T030000x", "_restoring_mine"}
    maintenance = make_conninfo(source.conninfo, dbname="postgres")
    for each in own:
        ask(maintenance, f'CREATE DATABASE "{name}{each}"')
    ask(maintenance, f'CREATE DATABASE "{name}_restoring_20261127T030000"')
    restored = await restore_backup(backup, target)
    found = await former_databases(source.conninfo)
    assert [each.name for each in found] == [restored.kept]
    await drop_former_databases(source.conninfo, found)
    assert databases_of(source.conninfo) == own


def test_long_names_of_two_databases_stay_apart_and_short_enough() -> None:
    one, other = (name_beside("ä" * 40 + end, BEFORE, NOW) for end in "ab")
    assert one != other
    assert len(one.encode()) <= 63
    assert stood_beside("ä" * 40 + "a", BEFORE, one)
    assert not stood_beside("ä" * 40 + "b", BEFORE, one)
    assert name_beside("reeld", BEFORE, NOW) == "reeld_before_20261127T030000"
