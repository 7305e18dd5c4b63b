"""Backups that are damaged, foreign or made to deceive, disks that are full, and programs that do not fit."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trio
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.domain.errors import NotFound, ReeldError
from reeld.storage.backup import (
    Backup,
    BackupFolder,
    Source,
    Target,
    _create,
    create_backup,
    restore_backup,
    retire_old,
    verify_backup,
)
from reeld.storage.backup._manifest import FileFacts, Manifest, from_bytes, to_bytes
from reeld.storage.backup._tools import Tools, choose
from reeld.storage.conninfo import for_program
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.errors import BackupBusy, BackupFailed, BackupUnusable

NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)
MANIFEST = Manifest(
    format=1,
    reeld="1",
    schema=6,
    server_major=18,
    tool_major=18,
    taken_at=NOW,
    dump=FileFacts(4, "0" * 64),
    key=None,
    needs_key=False,
    database_bytes=1,
    tables={"movie": 1},
)


def edit(backup: Backup, **changes: Any) -> None:
    path = backup.path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def flip(backup: Backup) -> None:
    data = bytearray((backup.path / "database.dump").read_bytes())
    data[len(data) // 2] ^= 1
    (backup.path / "database.dump").write_bytes(data)


def put_behind_a_link(backup: Backup) -> None:
    dump = backup.path / "database.dump"
    dump.symlink_to(dump.rename(backup.path.parent / "elsewhere.dump"))


def put_a_pipe(backup: Backup) -> None:
    (backup.path / "database.dump").unlink()
    os.mkfifo(backup.path / "database.dump")


DAMAGES: dict[str, tuple[Callable[[Backup], object], str]] = {
    "one bit": (flip, "checksum_differs"),
    "cut off": (lambda b: os.truncate(b.path / "database.dump", 100), "checksum_differs"),
    "no dump": (lambda b: (b.path / "database.dump").unlink(), "backup_file_missing"),
    "a link": (put_behind_a_link, "backup_file_missing"),
    "a pipe": (put_a_pipe, "backup_file_missing"),
    "another key": (lambda b: (b.path / "vault.key").write_text("x"), "checksum_differs"),
    "no manifest": (lambda b: (b.path / "manifest.json").unlink(), "backup_damaged"),
    "half a manifest": (lambda b: os.truncate(b.path / "manifest.json", 50), "backup_damaged"),
    "a later manifest": (lambda b: edit(b, format=2), "backup_damaged"),
    "a path for a table": (lambda b: edit(b, tables={"../x": 1}), "backup_damaged"),
}


@pytest.mark.parametrize("name", DAMAGES)
async def test_a_damaged_backup_is_neither_verified_nor_restored(
    source: Source, target: Target, folder: BackupFolder, name: str
) -> None:
    damage, reason = DAMAGES[name]
    backup = await create_backup(source, folder)
    damage(backup)
    damaged = folder.find(backup.name)
    for attempt in (verify_backup(damaged, folder), restore_backup(damaged, target)):
        with pytest.raises(BackupUnusable) as refused:
            await attempt
        assert refused.value.reason == reason
    assert folder.find(backup.name).verified_at is None


async def test_rows_that_are_missing_in_the_dump_are_noticed(
    source: Source, target: Target, folder: BackupFolder
) -> None:
    backup = await create_backup(source, folder)
    tables = backup.require_manifest().tables
    edit(backup, tables=tables | {"movie": tables["movie"] + 1})
    for attempt in (
        verify_backup(folder.find("latest"), folder),
        restore_backup(folder.find("latest"), target),
    ):
        with pytest.raises(BackupUnusable, match="in movie") as refused:
            await attempt
        assert refused.value.reason == "rows_differ"


async def test_a_dump_that_pg_restore_cannot_read_is_refused_with_its_words(
    source: Source, folder: BackupFolder
) -> None:
    from hashlib import sha256

    backup = await create_backup(source, folder)
    (backup.path / "database.dump").write_bytes(b"no dump at all")
    facts = {"bytes": 14, "sha256": sha256(b"no dump at all").hexdigest()}
    edit(backup, dump=facts)
    with pytest.raises(BackupFailed, match="valid archive"):
        await verify_backup(folder.find("latest"), folder)


@pytest.mark.parametrize("name", ["../etc", "/etc/passwd", "reeld-20261127T030000Z/..", "", "."])
def test_a_name_that_is_a_path_is_no_backup(folder: BackupFolder, name: str) -> None:
    with pytest.raises(NotFound, match="reeld backup list"):
        folder.find(name)


async def test_what_others_put_into_the_folder_is_neither_shown_nor_touched(
    source: Source, folder: BackupFolder, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    (folder.path / "notes.txt").write_text("mine")
    (folder.path / "before-migration-0001-x.dump").write_text("mine")
    (folder.path / "reeld-20200101T000000Z").symlink_to(outside)
    (folder.path / ".reeld-20200101T000000Z.part").symlink_to(outside)
    backup = await create_backup(source, folder)
    folder.rotate(1)
    assert [each.name for each in folder.backups() if each.manifest] == [backup.name]
    assert (outside / "precious").exists()
    assert (folder.path / "notes.txt").exists()
    assert (folder.path / "before-migration-0001-x.dump").exists()
    assert (folder.path / "reeld-20200101T000000Z").is_symlink()


def made_up(folder: BackupFolder, hours: int, *, verified: bool = False) -> Backup:
    """A backup as far as its folder goes."""
    draft = folder.make_draft(NOW + timedelta(hours=hours))
    (draft / "manifest.json").write_bytes(to_bytes(MANIFEST))
    backup = folder.publish(draft)
    return folder.mark_verified(backup, NOW) if verified else backup


def test_the_newest_stay_and_the_last_verified_one_always(folder: BackupFolder) -> None:
    backups = [made_up(folder, hour, verified=hour in (0, 1)) for hour in range(6)]
    removed = folder.rotate(2)
    left = [each.name for each in folder.backups()]
    assert left == [backups[5].name, backups[4].name, backups[1].name]
    assert set(removed) == {backups[0].name, backups[2].name, backups[3].name}
    assert folder.rotate(2) == []


def test_one_that_cannot_be_read_is_not_counted_and_left_for_a_person(folder: BackupFolder) -> None:
    good, bad = made_up(folder, 0), made_up(folder, 1)
    (bad.path / "manifest.json").write_text("{")
    assert folder.rotate(1) == []
    assert folder.find("latest") == good
    assert folder.find(bad.name).trouble


def test_backups_of_one_second_have_names_of_their_own_in_their_order(folder: BackupFolder) -> None:
    names = [made_up(folder, 0).name for _ in range(11)]
    assert [each.name for each in folder.backups()] == names[::-1]


def test_a_verification_ends_with_the_manifest_that_it_was_of(folder: BackupFolder) -> None:
    backup = made_up(folder, 0, verified=True)
    assert backup.verified_at == NOW
    edit(backup, schema=5)
    assert folder.find(backup.name).verified_at is None


def test_two_processes_do_not_work_in_one_folder(folder: BackupFolder) -> None:
    with pytest.raises(BackupBusy) as busy, BackupFolder(folder.path).locked():
        pass
    assert busy.value.retry_after


async def test_a_full_disk_leaves_nothing_behind(
    source: Source, folder: BackupFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_create, "write_private", full)
    with pytest.raises(BackupFailed, match=r"No space left.*Make room") as failed:
        await create_backup(source, folder)
    assert failed.value.reason == "backup_folder_unusable"
    assert [each.name for each in folder.path.iterdir()] == [".lock"]


async def test_a_dump_that_meets_a_full_disk_fails_with_the_words_of_pg_dump(
    source: Source, folder: BackupFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_create, "create_private", lambda _: os.open("/dev/full", os.O_RDWR))
    with pytest.raises(BackupFailed, match="No space left on device"):
        await create_backup(source, folder)
    assert folder.backups() == []


async def test_a_secret_that_would_be_on_a_command_line_is_refused(
    source: Source, folder: BackupFolder
) -> None:
    secret = make_conninfo(source.conninfo, sslpassword="k3yw0rd")
    with pytest.raises(BackupFailed, match="sslpassword") as failed:
        await create_backup(replace(source, conninfo=secret), folder)
    assert failed.value.reason == "secret_on_command_line"
    assert "k3yw0rd" not in failed.value.sentence
    assert folder.backups() == []


def test_a_password_goes_to_a_program_by_its_environment() -> None:
    dsn, secret = for_program("postgresql://me:p%40ss@db/reeld")
    assert secret == {"PGPASSWORD": "p@ss"}
    assert conninfo_to_dict(dsn) == {"user": "me", "host": "db", "dbname": "reeld"}


async def test_a_cancelled_backup_removes_what_it_made(
    source: Source, folder: BackupFolder
) -> None:
    with trio.CancelScope() as scope:
        await create_backup(source, folder, lambda step, _: scope.cancel())
    assert scope.cancelled_caught
    assert [each.name for each in folder.path.iterdir()] == [".lock"]


BUNDLED = [Tools(Path("/16"), 16, speaks_tls=False), Tools(Path("/18"), 18, speaks_tls=False)]


@pytest.mark.parametrize(
    ("server", "over_tls", "own", "chosen"),
    [
        (18, False, None, 18),
        (17, False, None, 18),
        (16, False, None, 16),
        (18, False, 18, 18),
        (18, True, 18, 18),
        (16, True, 19, 19),
        (19, False, 19, 19),
    ],
)
def test_the_oldest_program_that_can_is_used(
    server: int, over_tls: bool, own: int | None, chosen: int
) -> None:
    there = [*BUNDLED, *([Tools(Path("/usr"), own, speaks_tls=True)] if own else [])]
    found = choose(there, server, over_tls=over_tls)
    assert found.major == chosen
    assert found.speaks_tls or not over_tls


@pytest.mark.parametrize(("server", "over_tls"), [(19, False), (18, True)])
def test_where_no_program_can_a_person_is_told_what_to_install(server: int, over_tls: bool) -> None:
    old = Tools(Path("/usr/bin"), 15, speaks_tls=True)
    with pytest.raises(BackupFailed, match=f"postgresql-client-{server}") as failed:
        choose([*BUNDLED, old], server, over_tls=over_tls)
    assert failed.value.reason == "no_pg_dump"


@pytest.mark.parametrize(
    "document", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"format": 1}', b"[" * 100_000]
)
def test_bytes_that_are_no_manifest_are_refused(document: bytes) -> None:
    with pytest.raises(BackupUnusable):
        from_bytes(document)


def test_a_manifest_reads_as_it_was_written() -> None:
    assert from_bytes(to_bytes(MANIFEST)) == MANIFEST


def failing_with(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("number", "error", "reason", "still_verified"),
    [
        (errno.EIO, BackupUnusable, "backup_disk_failing", False),
        (errno.EACCES, BackupFailed, "backup_unreadable", True),
        (errno.EMFILE, BackupFailed, "backup_unreadable", True),
    ],
)
@pytest.mark.parametrize("call", ["pread", "open"])
async def test_a_disk_that_fails_under_a_verification_is_told_apart_from_one_that_is_busy(
    folder: BackupFolder,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    error: type[ReeldError],
    reason: str,
    still_verified: bool,
) -> None:
    backup = made_up(folder, 0, verified=True)
    (backup.path / "database.dump").write_bytes(b"dump")
    with monkeypatch.context() as patch:
        really = os.open
        fail = failing_with(number)
        if call == "pread":
            patch.setattr(os, "pread", fail)
        else:
            patch.setattr(
                os,
                "open",
                lambda p, *a, **k: (fail if p == "database.dump" else really)(p, *a, **k),
            )
        with pytest.raises(error) as failed:
            await verify_backup(backup, folder)
    assert failed.value.reason == reason
    assert (folder.find(backup.name).verified_at is not None) == still_verified


async def test_a_backup_that_no_longer_verifies_does_not_push_out_the_last_one_that_did(
    folder: BackupFolder,
) -> None:
    good, bad = made_up(folder, 0, verified=True), made_up(folder, 1, verified=True)
    with pytest.raises(BackupUnusable):
        await verify_backup(bad, folder)
    assert folder.find(bad.name).verified_at is None
    assert folder.rotate(1) == []
    assert [each.name for each in folder.backups()] == [bad.name, good.name]


async def test_a_scratch_folder_that_cannot_be_made_is_a_failure_with_a_sentence(
    source: Source, folder: BackupFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = await create_backup(source, folder)
    monkeypatch.setattr(EmbeddedServer, "start", failing_with(errno.ENOSPC))
    with pytest.raises(BackupFailed, match="Make room") as failed:
        await verify_backup(backup, folder)
    assert failed.value.reason == "backup_folder_unusable"


def test_a_folder_that_cannot_be_listed_is_a_failure_with_a_sentence(
    folder: BackupFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "scandir", failing_with(errno.EACCES))
    with pytest.raises(BackupFailed, match="Give reeld's user access"):
        folder.find("latest")


async def test_old_backups_that_cannot_be_removed_are_left_and_hinder_nobody(
    folder: BackupFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [made_up(folder, hour).name for hour in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", failing_with(errno.EIO))
        await retire_old(folder, 1)
        folder.clear_leftovers()
    assert [each.name for each in folder.backups()] == names[1:]
    folder.clear_leftovers()
    assert sorted(each.name for each in folder.path.iterdir()) == [".lock", names[1]]
