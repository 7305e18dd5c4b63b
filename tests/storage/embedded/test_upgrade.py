"""Data of PostgreSQL 16 under a reeld that brings 18: moved over whole, or left as it was."""

from __future__ import annotations

import shutil
import signal
import stat
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
import trio

from reeld.migrations import migrate
from reeld.storage import TrioConnection
from reeld.storage.embedded import Binaries, EmbeddedServer
from reeld.storage.embedded import _upgrade as upgrade_module
from reeld.storage.errors import EmbeddedServerFailed

SMALL = {"shared_buffers": "16MB", "max_connections": "20", "fsync": "off"}

DIES_AT = """
import os, pathlib, signal, sys, trio
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.embedded._upgrade import Upgrade

async def die(*_arguments):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(Upgrade, sys.argv[2], die)
trio.run(EmbeddedServer(pathlib.Path(sys.argv[1]), settings={"shared_buffers": "16MB", "fsync": "off"}).start)
"""


@pytest.fixture(scope="module")
def old_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that a reeld with PostgreSQL 16 left: its schema, and one movie."""
    root = tmp_path_factory.mktemp("old") / "postgres"
    trio.run(_fill, root)
    return root


async def _fill(root: Path) -> None:
    async with EmbeddedServer(root, settings=SMALL, binaries=Binaries.bundled(16)).running() as old:
        await migrate(old.conninfo)
        await _execute(
            old.conninfo,
            "INSERT INTO movie (tmdb_id, title, profile) VALUES (603, 'The Matrix', 'Any')",
        )


@pytest.fixture
def root(old_folder: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(old_folder, tmp_path / "postgres")


async def _execute(conninfo: str, statement: str) -> list[tuple]:
    connection = await TrioConnection.connect(conninfo)
    try:
        cursor = await connection.execute(statement.encode())
        return await cursor.fetchall() if cursor.description else []
    finally:
        await connection.close()


async def _require_upgraded(root: Path) -> None:
    async with EmbeddedServer(root, settings=SMALL).running() as server:
        assert (await _execute(server.conninfo, "SHOW server_version_num"))[0][0].startswith("18")
        assert await migrate(server.conninfo) == []
        assert await _execute(server.conninfo, "SELECT title FROM movie") == [("The Matrix",)]
    assert sorted(path.name for path in root.glob("data*")) == ["data", "data.16"]
    assert (root / "data.16" / "PG_VERSION").read_text() == "16\n"


def _major(root: Path) -> str:
    return (root / "data" / "PG_VERSION").read_text().strip()


async def test_old_data_is_moved_over_once_and_kept(root: Path) -> None:
    await _require_upgraded(root)
    dump = root / "postgresql-16.dump"
    assert dump.read_bytes().startswith(b"PGDMP")
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600
    made = dump.stat().st_mtime_ns
    await _require_upgraded(root)
    assert dump.stat().st_mtime_ns == made


@pytest.mark.slow
async def test_killed_at_any_step_the_next_start_goes_on_or_begins_anew(root: Path) -> None:
    for step in ("_call", "_restore", "_exchange", "_put_in_place"):
        command = [sys.executable, "-c", DIES_AT, str(root), step]
        done = await trio.to_thread.run_sync(
            lambda command=command: subprocess.run(command, check=False, timeout=60)
        )
        assert done.returncode == -signal.SIGKILL
    assert not (root / "data").exists(), "the moment between the two renames"
    await _require_upgraded(root)


async def test_without_room_nothing_is_begun(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["free"])
    monkeypatch.setattr(upgrade_module.shutil, "disk_usage", lambda _path: usage(free=2**20))
    with pytest.raises(EmbeddedServerFailed, match="MiB free and has 1: make room") as refused:
        await EmbeddedServer(root, settings=SMALL).start()
    assert refused.value.reason == "no_room_for_upgrade"
    assert _major(root) == "16"


async def test_a_restore_that_fails_leaves_the_old_data_as_it_was(
    root: Path, tmp_path: Path
) -> None:
    ours, programs = Binaries.bundled(), tmp_path / "bin"
    programs.mkdir()
    for program in ours.folder.iterdir():
        (programs / program.name).symlink_to(program)
    (programs / "pg_restore").unlink()
    (programs / "pg_restore").symlink_to(shutil.which("false") or "/bin/false")
    with pytest.raises(EmbeddedServerFailed, match="pg_restore failed") as failed:
        await EmbeddedServer(root, settings=SMALL, binaries=Binaries(programs, ours.major)).start()
    assert failed.value.reason == "upgrade_failed"
    assert _major(root) == "16"
    assert sorted(path.name for path in root.glob("data*")) == ["data"]
