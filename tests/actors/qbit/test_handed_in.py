"""Torrents and magnet links that were handed in, from the row of their release to the client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import trio

from reeld.actors.qbit import QbitActor
from reeld.actors.resources import Resources
from reeld.domain.acquisition import Acquisition, AcquisitionState, FailureReason
from reeld.domain.release import NewRelease, Source
from reeld.domain.torrent import InfoHash, Magnet, parse_magnet
from reeld.services.qbittorrent import AddOptions, QbittorrentClient
from reeld.simulators import Release, World
from reeld.simulators import Source as From
from reeld.storage.repositories import acquisitions, releases
from reeld.storage.repositories.releases import place_of_link

TRACKER = "http://127.0.0.1:9/0123456789passkey/announce"


class Handed:
    """Hands in, decides for it, and has the actor begin."""

    def __init__(self, resources: Resources, rows: Any, movie_id: int) -> None:
        self.resources = resources
        self.rows = rows
        self.movie_id = movie_id

    async def take(self, data: bytes | None, infohash: str, title: str) -> int:
        """Return the acquisition's number."""
        release = NewRelease(Source.PUSHED, "pushed", f"{infohash}:{title}", title)
        sealed = {}
        if data is not None:
            place = place_of_link("pushed", release.guid)
            sealed = {release.guid: self.resources.vault.seal_bytes(data, **place)}
        async with self.resources.database.transaction() as conn:
            (seen,) = await releases.upsert(conn, [release], sealed_links=sealed)
            stored = await releases.get(conn, seen.id)
            assert stored is not None
            assert stored.fetched_by == "qbit"
            number = await acquisitions.intend(conn, self.movie_id, stored)
        assert number is not None
        await self.rows.ask("qbit", "fetch-torrent", {"acquisition_id": number})
        return number

    async def failed(self, number: int) -> Acquisition:
        found: Acquisition = await self.rows.until_state(number, AcquisitionState.FAILED)
        return found


@pytest.fixture
def release(world: World) -> Release:
    return world.releases_of(world.films_from(From.HDBITS)[0])[0]


@pytest.fixture
async def handed(resources: Resources, rows: Any, world: World, release: Release) -> Handed:
    return Handed(resources, rows, await rows.add_movie(release.offer.film))


def magnet_of(release: Release) -> bytes:
    infohash = InfoHash(release.torrent.infohash, None)
    return Magnet(infohash, release.offer.name, (TRACKER,)).uri.encode()


@pytest.mark.parametrize("kind", ["torrent", "magnet"])
async def test_what_was_handed_in_is_downloaded_and_stored_nowhere_in_clear(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    handed: Handed,
    release: Release,
    kind: str,
) -> None:
    data = release.torrent.data if kind == "torrent" else magnet_of(release)
    async with run_actor(lambda: QbitActor(resources)):
        number = await handed.take(data, release.torrent.infohash, release.offer.name)
        done = await rows.until_state(number, AcquisitionState.COMPLETE)
        everything = await rows.everything()
    (torrent,) = world.qbittorrent.torrents.values()
    assert done.infohash == torrent.hash == release.torrent.infohash
    assert (torrent.category, torrent.tags) == ("reeld", [f"reeld-{number}"])
    assert {file.path for file in done.files} == {
        "/".join((release.offer.name, *file.path)) for file in release.torrent.files
    }
    assert await rows.history(handed.movie_id) == ["grabbed", "downloaded"]
    value = resources.metrics.value
    assert value("reeld_grabs_total", source="pushed", outcome="ok") == 1
    assert "passkey" not in everything
    assert "announce" not in everything


async def test_a_magnet_link_whose_metadata_nobody_sends_is_given_up_like_any_stalled_download(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    handed: Handed,
    release: Release,
) -> None:
    world.qbittorrent.turn(stall_all=True)
    settings = world.qbittorrent_settings(poll_seconds=0.1)
    rows.configure(qbittorrent=replace(settings, stalled_seconds=1.0))
    async with run_actor(lambda: QbitActor(resources)):
        number = await handed.take(magnet_of(release), release.torrent.infohash, "A film")
        with trio.fail_after(30):
            while not world.qbittorrent.torrents:
                await trio.sleep(0.02)
        failed = await handed.failed(number)
    assert failed.failure is FailureReason.STALLED


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (None, FailureReason.TORRENT_UNAVAILABLE),
        (b"d3:fooe", FailureReason.TORRENT_INVALID),
        (b"magnet:?xt=urn:btih:zz", FailureReason.TORRENT_INVALID),
    ],
)
async def test_a_row_that_holds_no_torrent_fails_the_acquisition_and_nothing_else(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    handed: Handed,
    data: bytes | None,
    failure: FailureReason,
) -> None:
    async with run_actor(lambda: QbitActor(resources)):
        failed = await handed.failed(await handed.take(data, "ab" * 20, "A film"))
    assert failed.failure is failure
    assert not world.qbittorrent.torrents


async def test_a_magnet_link_that_the_client_lost_is_added_again(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    handed: Handed,
    release: Release,
) -> None:
    world.qbittorrent.turn(metadata_seconds=3600.0)
    async with run_actor(lambda: QbitActor(resources)):
        number = await handed.take(magnet_of(release), release.torrent.infohash, "A film")
        await rows.until_state(number, AcquisitionState.SENT)
        world.qbittorrent.turn(lose="*", metadata_seconds=0.0)
        done = await rows.until_state(number, AcquisitionState.COMPLETE)
    assert done.infohash == release.torrent.infohash
    assert world.qbittorrent.requests["/api/v2/torrents/add"] == 2


async def test_a_magnet_link_that_turns_out_to_be_a_hybrid_torrent_is_followed_to_its_new_id(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    handed: Handed,
    release: Release,
) -> None:
    world.qbittorrent.turn(metadata_seconds=3600.0)
    async with run_actor(lambda: QbitActor(resources)):
        number = await handed.take(magnet_of(release), release.torrent.infohash, "A film")
        await rows.until_state(number, AcquisitionState.SENT)
        world.qbittorrent.turn(hybrid="*", metadata_seconds=0.0)
        done = await rows.until_state(number, AcquisitionState.COMPLETE)
        await rows.until(await rows.ask("qbit", "mark-imported", {"acquisition_id": number}))
    (torrent,) = world.qbittorrent.torrents.values()
    assert done.infohash == torrent.hash != release.torrent.infohash
    assert torrent.category == "reeld-imported"
    assert await rows.history(handed.movie_id) == ["grabbed", "downloaded"]


async def test_a_hybrid_that_an_attempt_before_had_added_is_found_by_its_hash_and_not_added_again(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    handed: Handed,
    release: Release,
) -> None:
    world.qbittorrent.turn(visibility_delay=0.0)
    client = QbittorrentClient(world.qbittorrent_settings())
    await client.add(
        parse_magnet(magnet_of(release).decode()), AddOptions("reeld", tags=("reeld-1",))
    )
    await client.aclose()
    world.qbittorrent.turn(hybrid="*")
    async with run_actor(lambda: QbitActor(resources)):
        number = await handed.take(magnet_of(release), release.torrent.infohash, "A film")
        done = await rows.until_state(number, AcquisitionState.COMPLETE)
    assert (number, done.is_ours) == (1, True)
    assert len(world.qbittorrent.torrents) == 1
