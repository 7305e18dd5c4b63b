"""A backup is put back although the world went on without it: nothing is fetched twice, and no file is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.cli.doctor._patient import embedded_conninfo
from reeld.simulators.offers import OFFERS, Offer
from reeld.simulators.world import World
from reeld.storage.backup import BackupFolder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

COMMAND_SECONDS = 120.0
PATIENCE_SECONDS = 60.0
ADDED = "/api/v2/torrents/add"


def offers(films: int) -> list[Offer]:
    """One small good release of each of some movies."""
    good = [replace(offer, megabytes=1) for offer in OFFERS if offer.flaw is None]
    return list({offer.film.title: offer for offer in reversed(good)}.values())[-films:]


async def reeld(house: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a person does, beside the daemon or without it."""
    with trio.fail_after(COMMAND_SECONDS):
        done = await trio.run_process(
            [sys.executable, "-m", "reeld", *arguments],
            env=house._environment(),
            check=False,
            capture_stdout=True,
            capture_stderr=True,
        )
    out, err = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(arguments, done.returncode, out, err)


def look_into(house: Any) -> None:
    """Let the house's rows be read, from the server that the daemon brings."""
    house.database_url = embedded_conninfo(house.folder / "data" / "postgres")


def facts_of(files: list[Path]) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in files}


@pytest.fixture
def build(make_house: Callable[..., Any], builder: Any) -> Callable[[World], Any]:
    def build(world: World) -> Any:
        return make_house(builder.settings_of(world), embedded=True)

    return build


async def test_a_restored_daemon_learns_what_happened_since_and_does_nothing_twice(
    build: Callable[[World], Any], tmp_path: Path
) -> None:
    chosen = offers(4)
    owned, deleted, seeding, later = (offer.film.tmdb_id for offer in chosen)
    async with World.open(tmp_path / "world", download_seconds=0.2, offers=chosen) as world:
        house = build(world)
        async with house.life() as life:
            look_into(house)
            await life.in_library(await life.add(owned))
            world.qbittorrent.turn(download_seconds=600.0)
            movies = [await life.add(deleted), await life.add(seeding)]
            await _until(house, "SELECT count(*) FROM acquisition WHERE state = 'downloading'", 2)
            made = await reeld(house, "backup", "create", "--verify", "--json")
            assert made.returncode == 0, made.stderr
            backup = json.loads(made.stdout)
            assert backup["verified_at"]
            assert backup["needs_key"]

            world.qbittorrent.turn(download_seconds=0.2)
            for movie_id in movies:
                await life.in_library(movie_id)
            await life.in_library(await life.add(later))
            await _until(
                house,
                "SELECT count(*) FROM work WHERE state IN ('available', 'running')"
                " AND queue IN ('qbit', 'importer')",
                0,
            )
            (gone,) = house.values(
                "SELECT infohash FROM acquisition WHERE movie_id = %s", [movies[0]]
            )
            refused = await reeld(house, "backup", "restore", backup["name"])
            assert refused.returncode == 1
            assert "Stop it first" in refused.stderr
        world.qbittorrent.turn(delete=gone)
        torrents, files = set(world.qbittorrent.torrents), facts_of(house.files())
        added = world.qbittorrent.requests[ADDED]
        assert len(files) == 4
        assert gone not in torrents

        restored = await reeld(house, "backup", "restore", "latest", "--json")
        assert restored.returncode == 0, restored.stderr
        assert json.loads(restored.stdout)["former_database"]

        async with house.life() as life:
            look_into(house)
            for movie_id in movies:
                await life.in_library(movie_id)
            await _until(
                house,
                "SELECT count(*) FROM acquisition WHERE state NOT IN ('imported', 'failed')",
                0,
            )
            await _until(
                house,
                "SELECT count(*) FROM work WHERE state IN ('available', 'running')"
                " AND queue IN ('qbit', 'importer', 'decision')",
                0,
            )
            assert house.values("SELECT adopted FROM restoration WHERE reconciled_at IS NOT NULL")
            assert house.values("SELECT count(*) FROM library_file") == [3]
            assert house.values("SELECT count(*) FROM work WHERE state = 'dead'") == [0]
            assert world.qbittorrent.requests[ADDED] == added
            assert set(world.qbittorrent.torrents) == torrents
            assert facts_of(house.files()) == files

            # What the backup does not know is wanted again, and recognised.
            await life.in_library(await life.add(later))
            assert world.qbittorrent.requests[ADDED] == added
            assert facts_of(house.files()) == files
        assert not house.recycled()


async def test_a_daemon_that_is_killed_while_it_makes_a_backup_makes_it_in_its_next_life(
    make_house: Callable[..., Any],
) -> None:
    house = make_house()
    folder = BackupFolder(house.folder / "data-backups")
    killed = house.start(kill_at="backup.dumped")
    await killed.ready()
    house.rows(
        "INSERT INTO work (queue, kind, unique_key) VALUES ('backup', 'make-backup', 'backup')"
        " RETURNING id"
    )
    assert await killed.ended() == -signal.SIGKILL
    assert folder.backups() == []
    assert [each for each in folder.path.iterdir() if each.suffix == ".part"]
    async with house.life():
        await _until(
            house, "SELECT count(*) FROM work WHERE kind = 'make-backup' AND state = 'done'", 1
        )
        (backup,) = folder.backups()
        assert backup.manifest is not None
        assert not [each for each in folder.path.iterdir() if each.suffix == ".part"]
        assert house.values(
            "SELECT payload->>'backup' FROM event WHERE kind = 'backup.created'"
        ) == [backup.name]


async def _until(house: Any, query: str, count: int) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        while house.values(query) != [count]:
            await trio.sleep(0.05)
