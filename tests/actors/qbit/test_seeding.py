from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reeld.actors.qbit import QbitActor
from reeld.actors.qbit import _adding as adding
from reeld.actors.resources import Resources
from reeld.domain.acquisition import AcquisitionState
from reeld.domain.secret import Secret
from reeld.domain.settings import QbittorrentSettings
from reeld.domain.torznab import NewIndexer
from reeld.services.qbittorrent import QbittorrentClient
from reeld.simulators import Source, World
from reeld.storage.repositories import indexers

INDEXER = NewIndexer(name="Rain", base_url="http://127.0.0.1:9696/1")
ASKED = replace(INDEXER, seed_ratio=1.25, seed_minutes=4320)


async def fetched_from(
    indexer: NewIndexer, resources: Resources, rows: Any, world: World
) -> tuple[int, int]:
    """Store an indexer and a .torrent that came from it; return its number and the acquisition's."""
    film = world.films_from(Source.HDBITS)[0]
    acquisition_id = await rows.fetched(await rows.add_movie(film), world.releases_of(film)[0])
    release_id = (await rows.acquisition(acquisition_id)).release_id
    async with resources.database.transaction() as conn:
        number = await indexers.save(conn, resources.vault, indexer)
        await conn.execute(
            "UPDATE release SET source = 'torznab', indexer = %s, indexer_ref = %s WHERE id = %s",
            (indexer.name, str(number), release_id),
        )
    return number, acquisition_id


async def added(resources: Resources, run_actor: Any, rows: Any, acquisition_id: int) -> None:
    async with run_actor(lambda: QbitActor(resources)):
        work = await rows.ask("qbit", "add-torrent", {"acquisition_id": acquisition_id})
        await rows.until(work, seconds=30)
    assert (await rows.acquisition(acquisition_id)).state is not AcquisitionState.FETCHED


@pytest.mark.parametrize("version", ["4.1.0", "4.2.5", "4.3.9", "5.2.3"])
async def test_a_torrent_is_seeded_as_its_indexer_asks_in_every_version(
    resources: Resources, run_actor: Any, rows: Any, tmp_path: Path, version: str
) -> None:
    async with World.open(tmp_path / version, download_seconds=0.2, version=version) as world:
        rows.configure(qbittorrent=world.qbittorrent_settings(poll_seconds=0.1))
        _, acquisition_id = await fetched_from(ASKED, resources, rows, world)
        await added(resources, run_actor, rows, acquisition_id)
        (torrent,) = world.qbittorrent.torrents.values()
    assert (torrent.ratio_limit, torrent.seeding_time_limit) == (1.25, 4320)


async def test_limits_that_a_crash_came_before_are_set_after_it(
    resources: Resources, run_actor: Any, rows: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    look = adding._await_visible
    faults = [RuntimeError("The process ends here.")]

    async def vanish_once(*args: Any) -> Any:
        if faults:
            raise faults.pop()
        return await look(*args)

    monkeypatch.setattr(adding, "_await_visible", vanish_once)
    async with World.open(tmp_path / "old", download_seconds=0.2, version="4.2.5") as world:
        world.qbittorrent.turn(visibility_delay=0.0)
        rows.configure(qbittorrent=world.qbittorrent_settings(poll_seconds=0.1))
        _, acquisition_id = await fetched_from(ASKED, resources, rows, world)
        await added(resources, run_actor, rows, acquisition_id)
        (torrent,) = world.qbittorrent.torrents.values()
    assert (torrent.ratio_limit, torrent.seeding_time_limit) == (1.25, 4320)
    assert world.qbittorrent.requests["/api/v2/torrents/add"] == 1


async def test_what_an_indexer_does_not_ask_for_is_left_to_the_client(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    only_time = replace(INDEXER, seed_minutes=60)
    _, acquisition_id = await fetched_from(only_time, resources, rows, world)
    await added(resources, run_actor, rows, acquisition_id)
    (torrent,) = world.qbittorrent.torrents.values()
    assert (torrent.ratio_limit, torrent.seeding_time_limit) == (-2, 60)


async def test_a_torrent_of_an_indexer_that_was_removed_is_added_without_limits(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    number, acquisition_id = await fetched_from(ASKED, resources, rows, world)
    async with resources.database.transaction() as conn:
        await indexers.delete(conn, number)
    await added(resources, run_actor, rows, acquisition_id)
    (torrent,) = world.qbittorrent.torrents.values()
    assert (torrent.ratio_limit, torrent.seeding_time_limit) == (-2, -2)


@pytest.mark.services
async def test_the_real_qbittorrent_seeds_as_the_indexer_asks(
    real_qbittorrent: Any, resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    real = QbittorrentSettings(
        url=real_qbittorrent.url,
        username=real_qbittorrent.username,
        password=Secret(real_qbittorrent.password),
        poll_seconds=0.1,
    )
    rows.configure(qbittorrent=real)
    _, acquisition_id = await fetched_from(ASKED, resources, rows, world)
    await added(resources, run_actor, rows, acquisition_id)
    client = QbittorrentClient(real)
    try:
        (found,) = await client.torrents(category=real.category)
    finally:
        await client.aclose()
    assert (found.max_ratio, found.max_seeding_minutes) == (1.25, 4320)
