"""What was being downloaded for a movie that is deleted leaves the client, when reeld added it."""

from __future__ import annotations

from typing import Any

import pytest

from reeld.actors.qbit import QbitActor
from reeld.actors.resources import Resources
from reeld.domain.acquisition import AcquisitionState
from reeld.services.qbittorrent import AddOptions, QbittorrentClient
from reeld.simulators import Source, World
from reeld.storage import crashpoints
from reeld.storage.repositories import removals


@pytest.fixture
async def sent(world: World, rows: Any) -> tuple[int, int, Any]:
    """A movie, its acquisition whose .torrent is stored, and the release."""
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    release = world.releases_of(film)[0]
    return movie_id, await rows.fetched(movie_id, release), release


async def dropped(rows: Any) -> None:
    (item,) = await rows.resources.work.list(queue="qbit", state=None, limit=1)
    assert item.kind == "drop-torrent"
    await rows.make_due(item.id)
    await rows.until(item.id)


async def delete(resources: Resources, movie_id: int) -> None:
    async with resources.database.transaction() as conn:
        await removals.remove_movies(conn, [movie_id])


async def test_the_download_of_a_deleted_movie_leaves_the_client_with_its_files(
    resources: Resources, run_actor: Any, rows: Any, world: World, sent: Any
) -> None:
    movie_id, acquisition_id, _ = sent
    world.qbittorrent.turn(download_seconds=600)
    crashpoints.watch()
    async with run_actor(lambda: QbitActor(resources)):
        number = await rows.ask("qbit", "add-torrent", {"acquisition_id": acquisition_id})
        await rows.until(number)
        await rows.until_state(acquisition_id, AcquisitionState.SENT, AcquisitionState.DOWNLOADING)
        await delete(resources, movie_id)
        await dropped(rows)
        assert world.qbittorrent.torrents == {}
    hits = crashpoints.hit_counts()
    crashpoints.disarm()
    assert hits["drop.client.removing"] == hits["drop.client.removed"] == 1


async def test_a_torrent_that_somebody_else_added_goes_on(
    resources: Resources, run_actor: Any, rows: Any, world: World, sent: Any
) -> None:
    movie_id, _, release = sent
    client = QbittorrentClient(world.qbittorrent_settings())
    try:
        await client.add(release.torrent.data, AddOptions("mine"))
    finally:
        await client.aclose()
    async with run_actor(lambda: QbitActor(resources)):
        await delete(resources, movie_id)
        await dropped(rows)
        assert len(world.qbittorrent.torrents) == 1
