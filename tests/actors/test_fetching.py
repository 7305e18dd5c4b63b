from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reeld.actors.fetching import PATIENT_PAGES
from reeld.actors.hdbits import HdbitsActor
from reeld.actors.resources import Resources
from reeld.actors.torrents import unseal_torrent
from reeld.domain.acquisition import AcquisitionState, FailureReason
from reeld.domain.movie import Stage
from reeld.domain.torrent import encode
from reeld.simulators import Release, Source, Torrent, World
from reeld.storage.repositories import acquisitions, blocklist
from reeld.storage.work import WorkState


@pytest.fixture
async def world(world: World, rows: Any) -> World:
    rows.configure(hdbits=world.hdbits_settings(spacing_seconds=0.0))
    return world


@pytest.fixture
async def intended(world: World, rows: Any) -> tuple[int, int, Release]:
    """A movie, the acquisition that was decided for it, and its release on HDBits."""
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    release = world.releases_of(film)[0]
    return movie_id, await rows.intend(movie_id, release), release


def deliver(world: World, release: Release, torrent: Torrent) -> None:
    """Have HDBits announce a release as ever, and deliver something else."""
    index = next(n for n, one in enumerate(world.hdbits.uploads) if one.id == release.id)
    upload = world.hdbits.uploads[index]
    world.hdbits.uploads[index] = replace(upload, torrent=torrent)


def broken(change: Callable[[dict[bytes, Any]], None]) -> bytes:
    info: dict[bytes, Any] = {
        b"files": [{b"length": 1, b"path": [b"movie.mkv"]}],
        b"name": b"Movie",
        b"piece length": 16384,
        b"pieces": bytes(20),
    }
    change(info)
    return encode({b"info": info})


async def test_a_torrent_is_fetched_once_checked_and_stored_and_then_added(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    intended: tuple[int, int, Release],
    world: World,
) -> None:
    _, acquisition_id, release = intended
    async with run_actor(lambda: HdbitsActor(resources)):
        for _ in range(2):
            work = await rows.ask("hdbits", "fetch-torrent", {"acquisition_id": acquisition_id})
            await rows.until(work)
    acquisition = await rows.acquisition(acquisition_id)
    assert acquisition.state is AcquisitionState.FETCHED
    assert acquisition.infohash == release.torrent.infohash
    sealed = await acquisitions.torrent(resources.database, acquisition_id)
    assert sealed is not None
    torrent = await unseal_torrent(resources.vault, acquisition_id, sealed)
    assert torrent == release.torrent.data
    # The announce address holds the passkey.
    assert (b"/announce" in torrent, b"/announce" in sealed) == (True, False)
    (add,) = await rows.waiting("qbit")
    assert (add.kind, add.args) == ("add-torrent", {"acquisition_id": acquisition_id})
    assert len(world.hdbits.calls) == 1


def escape(info: dict[bytes, Any]) -> None:
    info[b"files"] = [{b"length": 1, b"path": [b"..", b"movie.mkv"]}]


def symlink(info: dict[bytes, Any]) -> None:
    info[b"files"] = [
        {b"length": 0, b"path": [b"movie.mkv"], b"attr": b"l", b"symlink path": [b"etc", b"passwd"]}
    ]


def without_pieces(info: dict[bytes, Any]) -> None:
    info[b"pieces"] = b""


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        (escape, FailureReason.TORRENT_UNSAFE),
        (symlink, FailureReason.TORRENT_UNSAFE),
        (without_pieces, FailureReason.TORRENT_INVALID),
    ],
)
async def test_a_hostile_torrent_fails_the_acquisition_and_the_next_best_is_looked_for(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    intended: tuple[int, int, Release],
    world: World,
    change: Callable[[dict[bytes, Any]], None],
    failure: FailureReason,
) -> None:
    movie_id, acquisition_id, release = intended
    deliver(world, release, replace(release.torrent, data=broken(change)))
    async with run_actor(lambda: HdbitsActor(resources)):
        work = await rows.ask("hdbits", "fetch-torrent", {"acquisition_id": acquisition_id})
        await rows.until(work)
    acquisition = await rows.acquisition(acquisition_id)
    assert (acquisition.state, acquisition.failure) == (AcquisitionState.FAILED, failure)
    assert acquisition.note
    (blocked,) = await blocklist.by_movie(resources.database, movie_id)
    assert (blocked.title, blocked.reason) == (release.offer.name, str(failure))
    assert await rows.events("download.failed") == [
        {"movie_id": movie_id, "acquisition_id": acquisition_id, "reason": str(failure)}
    ]
    movie = await rows.movie(movie_id)
    assert (movie.stage, movie.stage_note) == (Stage.SEARCHED, acquisition.note)
    assert await rows.history(movie_id) == ["download_failed"]


async def test_another_torrent_than_the_announced_one_is_not_taken(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    intended: tuple[int, int, Release],
    world: World,
) -> None:
    movie_id, acquisition_id, _ = intended
    world.hdbits.turn(wrong_torrent_next=1)
    async with run_actor(lambda: HdbitsActor(resources)):
        work = await rows.ask("hdbits", "fetch-torrent", {"acquisition_id": acquisition_id})
        await rows.until(work)
    acquisition = await rows.acquisition(acquisition_id)
    assert acquisition.failure is FailureReason.INFOHASH_MISMATCH
    assert await acquisitions.torrent(resources.database, acquisition_id) is None
    assert await rows.waiting("qbit") == []
    assert len(await blocklist.by_movie(resources.database, movie_id)) == 1


async def test_a_torrent_that_the_indexer_deleted_fails_the_acquisition(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    intended: tuple[int, int, Release],
    world: World,
) -> None:
    _, acquisition_id, _ = intended
    world.hdbits.uploads.clear()
    async with run_actor(lambda: HdbitsActor(resources)):
        work = await rows.ask("hdbits", "fetch-torrent", {"acquisition_id": acquisition_id})
        await rows.until(work)
    acquisition = await rows.acquisition(acquisition_id)
    assert acquisition.failure is FailureReason.TORRENT_UNAVAILABLE


async def test_a_wrong_address_of_hdbits_blames_no_release_and_is_healed_by_the_right_one(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    intended: tuple[int, int, Release],
    world: World,
) -> None:
    movie_id, acquisition_id, _ = intended
    right = world.hdbits_settings(spacing_seconds=0.0)
    rows.configure(hdbits=replace(right, url=f"{right.url}/wrong/path"))
    async with run_actor(lambda: HdbitsActor(resources)):
        work = await rows.ask("hdbits", "fetch-torrent", {"acquisition_id": acquisition_id})
        for times in (1, 2):
            await rows.until_failed(work, times)
            await rows.make_due(work)
        item = await rows.until_snoozed(work)
        assert "hdbits.url" in (item.sentence or "")
        assert "hdbits.url" in (await rows.movie(movie_id)).stage_note
        rows.configure(hdbits=right)
        await rows.until(work)
    assert (await rows.acquisition(acquisition_id)).state is AcquisitionState.FETCHED
    assert await blocklist.by_movie(resources.database, movie_id) == []


async def test_a_page_in_place_of_a_torrent_is_asked_again_and_blamed_on_the_release_in_the_end(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    intended: tuple[int, int, Release],
    world: World,
) -> None:
    _, acquisition_id, _ = intended
    world.hdbits.turn(html_download_next=1)
    async with run_actor(lambda: HdbitsActor(resources)):
        work = await rows.ask("hdbits", "fetch-torrent", {"acquisition_id": acquisition_id})
        item = await rows.until_failed(work)
        assert "HTML" in item.errors[0].sentence
        assert (await rows.acquisition(acquisition_id)).state is AcquisitionState.INTENT
        world.hdbits.turn(html_download_next=1)
        await resources.database.execute(
            "UPDATE work SET progress = jsonb_build_object('pages', %s::int) WHERE id = %s",
            (PATIENT_PAGES - 1, work),
        )
        await rows.make_due(work)
        await rows.until(work)
    acquisition = await rows.acquisition(acquisition_id)
    assert acquisition.failure is FailureReason.TORRENT_INVALID


async def test_a_torrent_that_another_movie_is_fetched_with_is_not_fetched_twice(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    intended: tuple[int, int, Release],
    world: World,
) -> None:
    _, first, release = intended
    other_movie = await rows.add_movie(world.films_from(Source.HDBITS)[1])
    twin = replace(world.hdbits.uploads[0], id=5)
    world.hdbits.upload(twin)
    second = await rows.intend(other_movie, release, guid="5", indexer_ref="5")
    async with run_actor(lambda: HdbitsActor(resources)):
        for acquisition_id in (first, second):
            work = await rows.ask("hdbits", "fetch-torrent", {"acquisition_id": acquisition_id})
            await rows.until(work)
    assert (await rows.acquisition(first)).state is AcquisitionState.FETCHED
    assert (await rows.acquisition(second)).failure is FailureReason.TORRENT_TAKEN


async def test_an_acquisition_that_is_over_is_not_fetched(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    intended: tuple[int, int, Release],
    world: World,
) -> None:
    _, acquisition_id, _ = intended
    async with resources.database.transaction() as conn:
        await acquisitions.move(
            conn,
            acquisition_id,
            AcquisitionState.FAILED,
            failure=FailureReason.MOVIE_REMOVED,
        )
    async with run_actor(lambda: HdbitsActor(resources)):
        for number in (acquisition_id, 999):
            await rows.until(await rows.ask("hdbits", "fetch-torrent", {"acquisition_id": number}))
    assert world.hdbits.calls == []


async def test_an_indexer_that_is_down_costs_the_acquisition_nothing(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    intended: tuple[int, int, Release],
    world: World,
) -> None:
    _, acquisition_id, _ = intended
    world.hdbits.turn(drop_before=1)
    async with run_actor(lambda: HdbitsActor(resources)):
        work = await rows.ask("hdbits", "fetch-torrent", {"acquisition_id": acquisition_id})
        await rows.until_failed(work)
        assert (await rows.acquisition(acquisition_id)).state is AcquisitionState.INTENT
        await rows.make_due(work)
        item = await rows.until(work)
    assert item.state is WorkState.DONE
    assert (await rows.acquisition(acquisition_id)).state is AcquisitionState.FETCHED
