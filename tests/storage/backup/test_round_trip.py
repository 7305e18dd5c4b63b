"""Backups against a real PostgreSQL: saved while it is written to, tried, put back, whoever is killed meanwhile."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.migrations import bundled_migrations
from reeld.storage.backup import (
    BackupFolder,
    Source,
    Target,
    create_backup,
    restore_backup,
    verify_backup,
)
from reeld.storage.errors import BackupFailed, BackupUnusable
from reeld.storage.vault import Vault


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


async def test_the_keys_of_a_backup_join_those_of_another_machine(
    source: Source, target: Target, folder: BackupFolder, tmp_path: Path
) -> None:
    backup = await create_backup(source, folder)
    old = Vault.from_file(source.key_file).seal_bytes(b"x", table="t", column="c", row="1")
    elsewhere = tmp_path / "elsewhere" / "vault.key"
    new = Vault.from_file(elsewhere).seal_bytes(b"y", table="t", column="c", row="1")
    await restore_backup(backup, replace(target, key_file=elsewhere))
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
        await create_backup(Source(empty_database_url, tmp_path / "none", "1"), folder)
    assert folder.backups() == []
    assert not [each for each in folder.path.iterdir() if each.is_dir()]
