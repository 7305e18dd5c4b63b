"""A process is killed at every step of a backup and of a restore; what it leaves harms nobody, and the next one is whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.storage.backup import (
    BackupFolder,
    Source,
    Target,
    create_backup,
    restore_backup,
    verify_backup,
)
from reeld.storage.crashpoints import registry
from reeld.storage.vault import KeyFile, Vault

KILLED = """
import sys, trio
from pathlib import Path
from reeld.migrations import migrate
from reeld.storage import crashpoints
from reeld.storage.vault import KeyFile
from reeld.storage.backup import BackupFolder, Source, Target, create_backup, restore_backup, verify_backup, working_in
verb, point, conninfo, base = sys.argv[1:]
if point: crashpoints.arm(point)
base = Path(base)
folder = BackupFolder(base / "backups")
async def main():
    async with working_in(folder):
        match verb:
            case "create": await create_backup(Source(conninfo, KeyFile(base / "vault.key"), "1"), folder)
            case "verify": await verify_backup(folder.find("latest"), folder)
            case "restore":
                target = Target(conninfo, KeyFile(base / "vault.key"), 9999, migrate)
                await restore_backup(folder.find("latest"), target)
trio.run(main)
"""
CREATING = [point.name for point in registry().values() if point.case[0] == "B"]
RESTORING = [point.name for point in registry().values() if point.case[0] == "R"]


def run(verb: str, point: str, conninfo: str, base: Path) -> int:
    command = [sys.executable, "-c", KILLED, verb, point, conninfo, str(base)]
    return subprocess.run(command, timeout=60, check=False, capture_output=True).returncode


def ask(url: str, query: str) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(query)  # type: ignore[arg-type]
        return [row[0] for row in found.fetchall()] if found.description else []


@pytest.fixture
def base(filled: str, tmp_path: Path) -> Path:
    Vault.from_file(tmp_path / "vault.key")
    return tmp_path


@pytest.mark.parametrize("point", CREATING)
def test_a_backup_that_is_killed_leaves_a_whole_one_or_none(
    filled: str, base: Path, point: str
) -> None:
    assert run("create", point, filled, base) == -signal.SIGKILL
    folder = BackupFolder(base / "backups")
    there = folder.backups()
    assert len(there) == (point == "backup.published")
    assert all(each.manifest for each in there)

    async def go_on() -> None:
        await create_backup(Source(filled, KeyFile(base / "vault.key"), "1"), folder)

    with folder.locked():  # the kernel took the lock back
        trio.run(go_on)
    names = {each.name for each in folder.path.iterdir()}
    assert names == {".lock", *(each.name for each in folder.backups())}


def test_a_trial_that_is_killed_leaves_no_server_that_the_next_one_does_not_stop(
    filled: str, base: Path
) -> None:
    folder = BackupFolder(base / "backups")

    async def make_and_kill() -> None:
        with folder.locked():
            await create_backup(Source(filled, KeyFile(base / "vault.key"), "1"), folder)
        command = [sys.executable, "-c", KILLED, "verify", "", filled, str(base)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        with trio.fail_after(30):
            while not (folder.scratch / "data" / "postmaster.pid").exists():
                assert process.poll() is None
                await trio.sleep(0.01)
        process.kill()
        process.wait()
        with folder.locked():
            assert (await verify_backup(folder.find("latest"), folder)).verified_at

    trio.run(make_and_kill)
    assert not folder.scratch.exists()


@pytest.mark.parametrize("point", RESTORING)
def test_a_restore_that_is_killed_leaves_the_former_database_or_the_restored_one(
    filled: str, base: Path, target: Target, point: str
) -> None:
    folder = BackupFolder(base / "backups")

    async def make() -> None:
        await create_backup(Source(filled, KeyFile(base / "vault.key"), "1"), folder)

    async def restore() -> None:
        await restore_backup(folder.find("latest"), target)

    with folder.locked():
        trio.run(make)
    ask(filled, "DELETE FROM history")
    assert run("restore", point, filled, base) == -signal.SIGKILL
    swapped = point == "restore.swapped"
    assert ask(filled, "SELECT count(*) FROM history") == [500 if swapped else 0]
    with folder.locked():
        trio.run(restore)
    assert ask(filled, "SELECT count(*) FROM history") == [500]
    name = str(conninfo_to_dict(filled)["dbname"])
    others = f"SELECT datname FROM pg_database WHERE starts_with(datname, '{name}_')"
    kept = [each.removeprefix(name) for each in ask(filled, others)]
    assert all(each.startswith("_before_") for each in kept), kept
    assert len(kept) == 1 + swapped
    former = make_conninfo(filled, dbname=f"{name}{min(kept)}")
    assert ask(former, "SELECT count(*) FROM history") == [0], "what was newer is lost"
