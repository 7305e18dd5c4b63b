"""PostgreSQL on a disk without room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.actors.database import TRIAL
from reeld.domain.errors import DatabaseUnavailable
from reeld.storage import Database
from reeld.storage.embedded import EmbeddedServer

LITTLE = {
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": "20",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "48MB",
}


@pytest.fixture
def small_disk(tmp_path: Path, lacking: Any) -> Iterator[Path]:
    if os.geteuid() != 0:
        lacking("only root may mount")
    point = tmp_path / "small"
    point.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=320m", "tmpfs", str(point)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lacking(f"mounting is not possible here: {done.stderr.strip()}")
    yield point
    subprocess.run(["umount", "-l", str(point)], check=True)


def fill(disk: Path) -> Path:
    """Leave no room at all."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError:
            return ballast


async def try_to_write(database: Database) -> None:
    async with database.connection() as connection, connection.transaction():
        await connection.execute(TRIAL)


async def test_a_full_disk_is_said_in_a_sentence_reads_go_on_and_writes_too_when_there_is_room(
    small_disk: Path,
) -> None:
    async with (
        EmbeddedServer(small_disk / "postgres", settings=LITTLE).running() as server,
        Database.open(server.conninfo) as database,
    ):
        await try_to_write(database)
        ballast = fill(small_disk)
        with pytest.raises(DatabaseUnavailable) as full:
            await try_to_write(database)
        assert full.value.reason == "disk_full"
        assert "Make room" in full.value.sentence
        assert await database.fetch_one("SELECT 1") == (1,)
        ballast.unlink()
        with trio.fail_after(30):
            while True:
                try:
                    await try_to_write(database)
                    break
                except DatabaseUnavailable:
                    await trio.sleep(0.1)
