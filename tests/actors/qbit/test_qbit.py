from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs

from reeld.actors.kernel import BreakerState
from reeld.actors.qbit import QbitActor
from reeld.actors.qbit import _adding as adding
from reeld.actors.qbit import _looking as looking
from reeld.actors.qbit import _watching as watching
from reeld.actors.resources import Resources
from reeld.actors.torrents import seal_torrent
from reeld.domain.acquisition import AcquisitionState, FailureReason
from reeld.domain.errors import NotFound, ProtocolViolation, Refused
from reeld.domain.messages import (
    PauseDownload,
    PrioritiseDownload,
    RemoveDownload,
    ResumeDownload,
    SetShareLimits,
)
from reeld.domain.movie import Stage
from reeld.domain.secret import Secret
from reeld.domain.settings import QbittorrentSettings
from reeld.domain.torrent import encode, parse_metainfo
from reeld.services.qbittorrent import PHASES, AddOptions, QbittorrentClient
from reeld.simulators import Release, Source, World
from reeld.storage.repositories import acquisitions, blocklist, downloads
from reeld.storage.vault import Vault
from reeld.storage.work import WorkState

SENT, DOWNLOADING = AcquisitionState.SENT, AcquisitionState.DOWNLOADING
COMPLETE, FAILED = AcquisitionState.COMPLETE, AcquisitionState.FAILED

MOST_ATTEMPTS = 25
"""After so many failures work is dead."""


@pytest.fixture
async def fetched(world: World, rows: Any) -> tuple[int, int, Release]:
    """A movie, its acquisition whose .torrent is stored, and the release."""
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    release = world.releases_of(film)[0]
    return movie_id, await rows.fetched(movie_id, release), release


@pytest.fixture
def quick(monkeypatch: Any) -> None:
    """A breaker that probes soon, and an actor that looks for due rows often."""
    config = replace(QbitActor.breaker_config, open_seconds=0.3)
    monkeypatch.setattr(QbitActor, "breaker_config", config)
    monkeypatch.setattr(QbitActor, "sweep_seconds", 0.2)


async def add(rows: Any, acquisition_id: int) -> int:
    number: int = await rows.ask("qbit", "add-torrent", {"acquisition_id": acquisition_id})
    return number


async def other_client(world: World, torrent: Any, **options: Any) -> None:
    """Add a torrent as somebody else would."""
    client = QbittorrentClient(world.qbittorrent_settings())
    try:
        await client.add(torrent.data, AddOptions("mine", **options))
    finally:
        await client.aclose()


async def until_note(rows: Any, movie_id: int, part: str) -> None:
    with trio.fail_after(10):
        while part not in (await rows.movie(movie_id)).stage_note:
            await trio.sleep(0.02)


# Adding


async def test_a_torrent_is_added_once_watched_and_told_complete(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    movie_id, acquisition_id, release = fetched
    async with run_actor(lambda: QbitActor(resources)):
        for _ in range(2):
            await rows.until(await add(rows, acquisition_id))
        acquisition = await rows.until_state(acquisition_id, COMPLETE)
    assert world.qbittorrent.requests["/api/v2/torrents/add"] == 1
    (torrent,) = world.qbittorrent.torrents.values()
    assert torrent.category == "reeld"
    assert torrent.tags == [f"reeld-{acquisition_id}"]
    assert acquisition.save_path == str(world.downloads)
    assert {file.path: file.size for file in acquisition.files} == {
        "/".join((release.offer.name, *file.path)): file.content.size
        for file in release.torrent.files
    }
    (grabbed,) = await rows.events("movie.grabbed")
    assert grabbed["acquisition_id"] == acquisition_id
    assert await rows.events("download.completed") == [
        {"movie_id": movie_id, "acquisition_id": acquisition_id}
    ]
    assert await rows.history(movie_id) == ["grabbed", "downloaded"]
    movie = await rows.movie(movie_id)
    assert (movie.stage, movie.stage_note) == (Stage.IMPORTING, release.offer.name)
    value = resources.metrics.value
    assert value("reeld_grabs_total", source="hdbits", outcome="ok") == 1
    assert value("reeld_downloads_finished_total", client="qbittorrent", outcome="complete") == 1


async def test_a_state_that_nobody_knows_is_logged_once_and_taken_as_in_progress(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, monkeypatch: Any
) -> None:
    _, acquisition_id, _ = fetched
    world.qbittorrent.turn(stall_all=True)
    monkeypatch.delitem(PHASES, "stalledDL")
    with capture_logs() as logs:
        async with run_actor(lambda: QbitActor(resources)):
            await rows.until(await add(rows, acquisition_id))
            before = world.qbittorrent.requests["/api/v2/torrents/info"]
            with trio.fail_after(20):
                while world.qbittorrent.requests["/api/v2/torrents/info"] < before + 5:
                    await trio.sleep(0.02)
    told = [entry["state"] for entry in logs if entry["event"] == "client_state_unknown"]
    assert told == ["stalledDL"]
    assert (await rows.acquisition(acquisition_id)).state is SENT


async def test_the_movie_shows_how_far_its_download_is(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    movie_id, acquisition_id, release = fetched
    world.qbittorrent.turn(download_seconds=1.5)
    seen: list[tuple[Stage, float]] = []
    async with run_actor(lambda: QbitActor(resources)):
        await add(rows, acquisition_id)
        with trio.fail_after(10):
            while not seen or seen[-1][0] is not Stage.IMPORTING:
                movie = await rows.movie(movie_id)
                seen.append((movie.stage, movie.progress))
                await trio.sleep(0.03)
    stages = list(dict.fromkeys(stage for stage, _ in seen))
    assert stages == [Stage.DECIDED, Stage.GRABBED, Stage.DOWNLOADING, Stage.IMPORTING]
    bars = [progress for stage, progress in seen if stage is Stage.DOWNLOADING]
    assert bars == sorted(bars)
    assert len(set(bars)) > 3
    assert resources.metrics.value("reeld_download_remaining_bytes", client="qbittorrent") >= 0
    assert release.torrent.size > 0


async def test_a_torrent_that_is_there_already_is_watched_and_stays_whose_it_is(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    movie_id, acquisition_id, release = fetched
    await other_client(world, release.torrent)
    await trio.sleep(0.1)
    before = world.qbittorrent.requests["/api/v2/torrents/add"]
    async with run_actor(lambda: QbitActor(resources)) as cell:
        await rows.until(await add(rows, acquisition_id))
        await rows.until_state(acquisition_id, COMPLETE)
        assert world.qbittorrent.requests["/api/v2/torrents/add"] == before
        await rows.until(
            await rows.ask("qbit", "mark-imported", {"acquisition_id": acquisition_id})
        )
        with pytest.raises(Refused) as refused:
            await cell.address.ask(RemoveDownload(acquisition_id, delete_files=True))
    assert refused.value.reason == "not_ours"
    (torrent,) = world.qbittorrent.torrents.values()
    assert (torrent.category, torrent.tags) == ("mine", [])
    assert (await rows.movie(movie_id)).stage is Stage.IMPORTING


@pytest.mark.parametrize("knob", ["drop_after", "empty_next", "truncate_next"])
async def test_a_lost_answer_does_not_add_it_twice(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, knob: str
) -> None:
    _, acquisition_id, _ = fetched
    world.qbittorrent.turn(only="/api/v2/torrents/add", **{knob: 1})
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
    assert world.qbittorrent.requests["/api/v2/torrents/add"] == 1
    assert len(world.qbittorrent.torrents) == 1


@pytest.mark.parametrize("version", ["4.5.2", "5.2.3"])
async def test_a_refusal_without_a_reason_is_tried_again(
    resources: Resources, run_actor: Any, rows: Any, tmp_path: Any, version: str, monkeypatch: Any
) -> None:
    from reeld.actors.qbit import _adding

    monkeypatch.setattr(_adding, "VISIBLE_SECONDS", 0.3)
    async with World.open(tmp_path / version, download_seconds=0.3, version=version) as world:
        rows.configure(qbittorrent=world.qbittorrent_settings(poll_seconds=0.1))
        film = world.films_from(Source.HDBITS)[0]
        acquisition_id = await rows.fetched(await rows.add_movie(film), world.releases_of(film)[0])
        world.qbittorrent.turn(refuse_adds=1)
        async with run_actor(lambda: QbitActor(resources)):
            work = await add(rows, acquisition_id)
            item = await rows.until_failed(work)
            assert item.reason == "torrent_not_visible"
            await rows.make_due(work)
            await rows.until(work)
        assert len(world.qbittorrent.torrents) == 1


async def test_a_torrent_that_shows_up_late_is_waited_for(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    _, acquisition_id, _ = fetched
    world.qbittorrent.turn(visibility_delay=0.8)
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
    assert world.qbittorrent.requests["/api/v2/torrents/add"] == 1


async def test_a_torrent_that_qbittorrent_takes_for_none_is_given_up(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    movie_id, acquisition_id, _ = fetched
    torrent = encode({b"info": {b"name": b"x"}})
    sealed = await seal_torrent(resources.vault, acquisition_id, torrent)
    await resources.database.execute("UPDATE acquisition SET torrent = %s", (sealed,))
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
    acquisition = await rows.acquisition(acquisition_id)
    assert (acquisition.state, acquisition.failure) == (FAILED, FailureReason.CLIENT_REFUSED)
    assert len(await blocklist.by_movie(resources.database, movie_id)) == 1
    assert len(await rows.events("download.failed")) == 1


async def test_a_category_that_qbittorrent_does_not_allow_is_no_releases_fault(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, monkeypatch: Any
) -> None:
    _, acquisition_id, _ = fetched

    async def refused(*_: Any) -> Any:
        raise Refused("qBittorrent does not allow the category.", reason="category_refused")

    with monkeypatch.context() as patched:
        patched.setattr(QbittorrentClient, "ensure_category", refused)
        async with run_actor(lambda: QbitActor(resources)):
            work = await add(rows, acquisition_id)
            item = await rows.until_snoozed(work)
    assert item.reason == "category_refused"
    assert (await rows.acquisition(acquisition_id)).state is AcquisitionState.FETCHED
    async with run_actor(lambda: QbitActor(resources)):  # a new incarnation tries what waited
        await rows.until(work)


async def test_a_torrent_that_cannot_be_unsealed_is_told_and_goes_on_with_the_right_key(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    _, acquisition_id, _ = fetched
    stranger = replace(resources, vault=Vault(bytes(32)))
    async with run_actor(lambda: QbitActor(stranger)):
        work = await add(rows, acquisition_id)
        item = await rows.until_failed(work)
    assert item.reason == "vault_key_missing"
    assert "restore the key file" in (item.sentence or "")
    async with run_actor(lambda: QbitActor(resources)):
        await rows.make_due(work)
        await rows.until(work)


@pytest.mark.parametrize("version", ["4.1.0", "4.2.5", "4.3.9", "4.6.7", "5.2.3"])
async def test_it_works_with_every_version(
    resources: Resources, run_actor: Any, rows: Any, tmp_path: Any, version: str
) -> None:
    async with World.open(tmp_path / version, download_seconds=0.2, version=version) as world:
        world.qbittorrent.turn(settle_seconds=0.0)
        rows.configure(qbittorrent=world.qbittorrent_settings(poll_seconds=0.1))
        film = world.films_from(Source.HDBITS)[0]
        acquisition_id = await rows.fetched(await rows.add_movie(film), world.releases_of(film)[0])
        async with run_actor(lambda: QbitActor(resources)) as cell:
            await rows.until(await add(rows, acquisition_id))
            await cell.address.ask(PauseDownload(acquisition_id))
            await cell.address.ask(ResumeDownload(acquisition_id))
            await rows.until_state(acquisition_id, COMPLETE)
            await rows.until(
                await rows.ask("qbit", "mark-imported", {"acquisition_id": acquisition_id})
            )
            (torrent,) = world.qbittorrent.torrents.values()
            assert torrent.category == "reeld-imported"
            assert torrent.tags == ([] if version == "4.1.0" else [f"reeld-{acquisition_id}"])
            await cell.address.ask(RemoveDownload(acquisition_id))
        assert world.qbittorrent.torrents == {}


@pytest.mark.parametrize("version", ["4.1.0", "4.2.5"])
async def test_an_old_version_keeps_apart_what_is_ours_and_what_was_there(
    resources: Resources, run_actor: Any, rows: Any, tmp_path: Any, version: str
) -> None:
    async with World.open(tmp_path / version, download_seconds=0.2, version=version) as world:
        world.qbittorrent.turn(settle_seconds=0.0)
        rows.configure(qbittorrent=world.qbittorrent_settings(poll_seconds=0.1))
        film = world.films_from(Source.HDBITS)[0]
        release = world.releases_of(film)[0]
        acquisition_id = await rows.fetched(await rows.add_movie(film), release)
        await other_client(world, release.torrent)
        await trio.sleep(0.1)
        async with run_actor(lambda: QbitActor(resources)) as cell:
            await rows.until(await add(rows, acquisition_id))
            await rows.until_state(acquisition_id, COMPLETE)
            await rows.until(
                await rows.ask("qbit", "mark-imported", {"acquisition_id": acquisition_id})
            )
            with pytest.raises(Refused):
                await cell.address.ask(RemoveDownload(acquisition_id))
        (torrent,) = world.qbittorrent.torrents.values()
        assert (torrent.category, torrent.tags) == ("mine", [])


@pytest.mark.parametrize("version", ["4.1.0", "4.2.5"])
async def test_what_was_added_right_before_a_crash_is_known_as_ours_without_its_tag(
    resources: Resources, run_actor: Any, rows: Any, tmp_path: Any, version: str, monkeypatch: Any
) -> None:
    look = adding._await_visible
    faults = [RuntimeError("The process ends here.")]

    async def vanish_once(*args: Any) -> Any:
        if faults:
            raise faults.pop()
        return await look(*args)

    monkeypatch.setattr(adding, "_await_visible", vanish_once)
    async with World.open(tmp_path / version, download_seconds=0.2, version=version) as world:
        world.qbittorrent.turn(visibility_delay=0.0)
        rows.configure(qbittorrent=world.qbittorrent_settings(poll_seconds=0.1))
        film = world.films_from(Source.HDBITS)[0]
        acquisition_id = await rows.fetched(await rows.add_movie(film), world.releases_of(film)[0])
        async with run_actor(lambda: QbitActor(resources)) as cell:
            await rows.until(await add(rows, acquisition_id), seconds=30)
            assert cell.incarnation_number == 2
        assert (await rows.acquisition(acquisition_id)).is_ours
        (torrent,) = world.qbittorrent.torrents.values()
        assert torrent.tags == ([] if version == "4.1.0" else [f"reeld-{acquisition_id}"])
    assert world.qbittorrent.requests["/api/v2/torrents/add"] == 1


def hybrid() -> tuple[bytes, tuple[str, ...]]:
    """A torrent of both versions, and its ids: of version 2, and of version 1."""
    content = b"x" * 1000
    piece = {b"length": len(content), b"pieces root": hashlib.sha256(content).digest()}
    info: dict[bytes, Any] = {
        b"file tree": {b"movie.mkv": {b"": piece}},
        b"length": len(content),
        b"meta version": 2,
        b"name": b"movie.mkv",
        b"piece length": 16384,
        b"pieces": hashlib.sha1(content, usedforsecurity=False).digest(),
    }
    data = encode({b"info": info})
    ids = parse_metainfo(data).infohash.client_ids
    assert len(ids) == 2
    return data, ids


async def store_hybrid(resources: Resources, acquisition_id: int) -> tuple[str, ...]:
    data, ids = hybrid()
    sealed = await seal_torrent(resources.vault, acquisition_id, data)
    statement = "UPDATE acquisition SET torrent = %s, infohash = %s WHERE id = %s"
    await resources.database.execute(statement, (sealed, ids[0], acquisition_id))
    return ids


async def test_a_hybrid_torrent_is_followed_under_the_hash_that_an_older_libtorrent_lists(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    movie_id, acquisition_id, _ = fetched
    _, first_hash = await store_hybrid(resources, acquisition_id)
    async with run_actor(lambda: QbitActor(resources)) as cell:
        await rows.until(await add(rows, acquisition_id))
        await until_note(rows, movie_id, "Nobody sends")
        assert (await rows.acquisition(acquisition_id)).infohash == first_hash
        await cell.address.ask(PauseDownload(acquisition_id))
        await until_note(rows, movie_id, "stopped in qBittorrent")
    assert world.qbittorrent.requests["/api/v2/torrents/add"] == 1


async def test_a_hybrid_that_is_fetched_for_two_movies_is_added_for_one(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    _, first, _ = fetched
    film = world.films_from(Source.HDBITS)[1]
    second = await rows.fetched(await rows.add_movie(film), world.releases_of(film)[0])
    async with run_actor(lambda: QbitActor(resources)):
        for acquisition_id in (first, second):
            await store_hybrid(resources, acquisition_id)
            await rows.until(await add(rows, acquisition_id))
    assert (await rows.acquisition(first)).state is SENT
    assert (await rows.acquisition(second)).failure is FailureReason.TORRENT_TAKEN


@pytest.mark.services
async def test_a_hybrid_torrent_is_followed_in_the_real_qbittorrent(
    real_qbittorrent: Any,
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    fetched: Any,
) -> None:
    movie_id, acquisition_id, _ = fetched
    ids = await store_hybrid(resources, acquisition_id)
    real = QbittorrentSettings(
        url=real_qbittorrent.url,
        username=real_qbittorrent.username,
        password=Secret(real_qbittorrent.password),
        poll_seconds=0.1,
    )
    rows.configure(qbittorrent=real)
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id), seconds=30)
        await until_note(rows, movie_id, "Nobody sends")
    assert (await rows.acquisition(acquisition_id)).infohash in ids


# Watching


async def test_a_stopped_download_says_so_and_goes_on_when_started(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    movie_id, acquisition_id, _ = fetched
    world.qbittorrent.turn(download_seconds=3.0)
    async with run_actor(lambda: QbitActor(resources)) as cell:
        await rows.until(await add(rows, acquisition_id))
        await rows.until_state(acquisition_id, DOWNLOADING)
        await cell.address.ask(PauseDownload(acquisition_id))
        await until_note(rows, movie_id, "stopped in qBittorrent")
        world.qbittorrent.turn(download_seconds=0.2)
        await cell.address.ask(ResumeDownload(acquisition_id))
        await rows.until_state(acquisition_id, COMPLETE)


async def test_a_download_that_nobody_seeds_says_so_and_is_given_up_in_the_end(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    movie_id, acquisition_id, _ = fetched
    world.qbittorrent.turn(stall_all=True)
    settings = world.qbittorrent_settings(poll_seconds=0.1)
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        await until_note(rows, movie_id, "Nobody sends")
        assert (await rows.acquisition(acquisition_id)).state is SENT
        rows.configure(qbittorrent=replace(settings, stalled_seconds=0.5))
        acquisition = await rows.until_state(acquisition_id, FAILED)
    assert acquisition.failure is FailureReason.STALLED
    assert len(await blocklist.by_movie(resources.database, movie_id)) == 1
    assert len(await rows.events("download.failed")) == 1


async def test_a_stall_is_not_forgotten_by_a_restart(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    movie_id, acquisition_id, _ = fetched
    world.qbittorrent.turn(stall_all=True)
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        await until_note(rows, movie_id, "Nobody sends")
    await resources.database.execute("UPDATE acquisition SET still_seconds = 6 * 3600 - 1")
    async with run_actor(lambda: QbitActor(resources)):
        acquisition = await rows.until_state(acquisition_id, FAILED)
    assert acquisition.failure is FailureReason.STALLED


@pytest.mark.parametrize("fault", ["error", "missing_files", "full disk"])
async def test_an_error_of_qbittorrent_is_told_and_started_again_until_its_cause_is_gone(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    fetched: Any,
    fault: str,
    monkeypatch: Any,
) -> None:
    movie_id, acquisition_id, _ = fetched
    monkeypatch.setattr(watching, "RESTART_SECONDS", 0.4)
    world.qbittorrent.turn(download_seconds=2.0)
    async with run_actor(lambda: QbitActor(resources)):
        if fault == "full disk":
            world.qbittorrent.turn(free_space=0)
        await rows.until(await add(rows, acquisition_id))
        if fault != "full disk":
            await rows.until_state(acquisition_id, DOWNLOADING)
            world.qbittorrent.turn(**{fault: "*"})
        await until_note(rows, movie_id, "started again by itself")
        assert not (await rows.acquisition(acquisition_id)).state.is_final
        world.qbittorrent.turn(free_space=10**9, download_seconds=0.2)
        await rows.until_state(acquisition_id, COMPLETE)
    assert await blocklist.by_movie(resources.database, movie_id) == []


async def test_an_error_that_lasts_blames_no_release(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, monkeypatch: Any
) -> None:
    movie_id, acquisition_id, _ = fetched
    monkeypatch.setattr(watching, "RESTART_SECONDS", 0.3)
    world.qbittorrent.turn(free_space=0)
    settings = world.qbittorrent_settings(poll_seconds=0.1)
    rows.configure(qbittorrent=replace(settings, stalled_seconds=0.5))
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        await until_note(rows, movie_id, "is its disk full")
        tried = world.qbittorrent.requests["/api/v2/torrents/start"]
        with trio.fail_after(10):
            while world.qbittorrent.requests["/api/v2/torrents/start"] < tried + 4:
                await trio.sleep(0.02)
        assert not (await rows.acquisition(acquisition_id)).state.is_final
        world.qbittorrent.turn(free_space=10**9)
        await rows.until_state(acquisition_id, COMPLETE)
    assert await blocklist.by_movie(resources.database, movie_id) == []


async def test_a_torrent_that_qbittorrent_lost_before_it_began_is_added_again(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, eventually: Any
) -> None:
    movie_id, acquisition_id, _ = fetched
    world.qbittorrent.turn(stall_all=True)
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        world.qbittorrent.turn(stall_all=False, lose="*")

        async def asked() -> bool:
            works = await resources.work.list(queue="qbit")
            rows.hint("qbit")
            return len(works) > 1

        await eventually(asked)
        await rows.until_state(acquisition_id, COMPLETE)
    assert len(world.qbittorrent.torrents) == 1
    assert (await rows.movie(movie_id)).stage is Stage.IMPORTING
    assert await rows.events("download.failed") == []


async def test_a_torrent_that_is_added_again_does_not_count_as_new_again(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    _, acquisition_id, _ = fetched
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
    (first,) = await resources.database.fetch_all("SELECT sent_at FROM acquisition")
    async with resources.database.transaction() as conn:
        await conn.execute("UPDATE acquisition SET state = 'sent'")
        await acquisitions.move(conn, acquisition_id, AcquisitionState.FETCHED)
        await acquisitions.move(conn, acquisition_id, SENT)
    assert await resources.database.fetch_all("SELECT sent_at FROM acquisition") == [first]


async def test_a_torrent_that_never_began_and_is_not_new_was_removed_by_a_person(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    _, acquisition_id, _ = fetched
    world.qbittorrent.turn(stall_all=True)
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        await resources.database.execute(
            "UPDATE acquisition SET sent_at = sent_at - interval '11 minutes'"
        )
        world.qbittorrent.turn(delete="*")
        acquisition = await rows.until_state(acquisition_id, FAILED)
    assert acquisition.failure is FailureReason.REMOVED_BY_USER
    assert world.qbittorrent.requests["/api/v2/torrents/add"] == 1


@pytest.mark.parametrize("how", ["lose", "delete"])
async def test_a_download_that_a_person_removed_is_named_so_and_not_added_again(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, how: str
) -> None:
    movie_id, acquisition_id, release = fetched
    world.qbittorrent.turn(download_seconds=5.0)
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        await rows.until_state(acquisition_id, DOWNLOADING)
        world.qbittorrent.turn(**{how: "*"})
        asked = world.qbittorrent.requests["/api/v2/torrents/info"]
        acquisition = await rows.until_state(acquisition_id, FAILED)
        assert world.qbittorrent.requests["/api/v2/torrents/info"] - asked <= 3
    assert acquisition.failure is FailureReason.REMOVED_BY_USER
    assert "removed" in (await rows.movie(movie_id)).stage_note
    (blocked,) = await blocklist.by_movie(resources.database, movie_id)
    assert blocked.title == release.offer.name
    assert world.qbittorrent.torrents == {}


@pytest.mark.parametrize("how", ["lose", "delete"])
async def test_a_complete_download_that_is_gone_is_noticed_and_left_to_its_import(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    fetched: Any,
    how: str,
    eventually: Any,
) -> None:
    movie_id, acquisition_id, _ = fetched

    async def gone() -> bool:
        return await downloads.is_gone(resources.database, acquisition_id)

    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        await rows.until_state(acquisition_id, COMPLETE)
        files = world.qbittorrent.requests["/api/v2/torrents/files"]
        world.qbittorrent.turn(**{how: "*"})
        await eventually(gone)
    assert world.qbittorrent.requests["/api/v2/torrents/files"] == files
    assert (await rows.acquisition(acquisition_id)).state is COMPLETE
    assert (await rows.movie(movie_id)).stage is Stage.IMPORTING
    assert await rows.events("download.failed") == []


async def test_a_complete_download_that_was_overlooked_once_is_there(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, eventually: Any
) -> None:
    _, acquisition_id, _ = fetched

    async def counted_anew() -> bool:
        counts = await resources.database.fetch_all("SELECT missed_polls FROM acquisition")
        return counts == [(0,)]

    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        await rows.until_state(acquisition_id, COMPLETE)
        async with resources.database.transaction() as conn:
            await downloads.note_missed(conn, acquisition_id)
        await eventually(counted_anew)


async def test_a_download_in_another_category_is_still_ours_and_stays_there(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    _, acquisition_id, _ = fetched
    world.qbittorrent.turn(download_seconds=1.0)
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        world.qbittorrent.turn(recategorise="*")
        await rows.until_state(acquisition_id, COMPLETE)
        await rows.until(
            await rows.ask("qbit", "mark-imported", {"acquisition_id": acquisition_id})
        )
    (torrent,) = world.qbittorrent.torrents.values()
    assert torrent.category == "moved-by-a-person"


async def test_an_old_version_that_still_loads_its_torrents_has_lost_none(
    resources: Resources, run_actor: Any, rows: Any, tmp_path: Any, quick: None
) -> None:
    async with World.open(tmp_path / "old", download_seconds=30.0, version="4.3.9") as world:
        rows.configure(qbittorrent=world.qbittorrent_settings(poll_seconds=0.1))
        started = []
        async with run_actor(lambda: QbitActor(resources)):
            for film in world.films_from(Source.HDBITS)[:3]:
                acquisition_id = await rows.fetched(
                    await rows.add_movie(film), world.releases_of(film)[0]
                )
                await rows.until(await add(rows, acquisition_id))
                await rows.until_state(acquisition_id, DOWNLOADING)
                started.append(acquisition_id)
            world.qbittorrent.turn(partial_list_seconds=2.0)
            world.qbittorrent.restart(0.3)
            await trio.sleep(2.6)
            states = {(await rows.acquisition(number)).state for number in started}
    assert states == {DOWNLOADING}


async def test_a_hostile_file_name_costs_only_its_own_download(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, monkeypatch: Any
) -> None:
    _, bad, release = fetched
    film = world.films_from(Source.HDBITS)[1]
    good = await rows.fetched(await rows.add_movie(film), world.releases_of(film)[0])
    read = QbittorrentClient.files

    async def files(self: QbittorrentClient, torrent_id: str) -> Any:
        if torrent_id == release.torrent.infohash:
            raise ProtocolViolation(
                "qBittorrent reports a file outside its torrent's folder.",
                service="qbittorrent",
                reason="unsafe_file_name",
            )
        return await read(self, torrent_id)

    monkeypatch.setattr(QbittorrentClient, "files", files)
    async with run_actor(lambda: QbitActor(resources)) as cell:
        for acquisition_id in (bad, good):
            await rows.until(await add(rows, acquisition_id))
        await rows.until_state(good, COMPLETE)
        acquisition = await rows.until_state(bad, FAILED)
        assert cell.breakers["qbit"].state is BreakerState.CLOSED
    assert acquisition.failure is FailureReason.TORRENT_UNSAFE


async def test_more_downloads_than_an_address_can_name_are_watched_too(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, monkeypatch: Any
) -> None:
    _, acquisition_id, _ = fetched
    monkeypatch.setattr(looking, "_MOST_NAMED", 0)
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        await rows.until_state(acquisition_id, COMPLETE)


async def test_the_files_are_recorded_once_however_often_it_is_seen_complete(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    movie_id, acquisition_id, _ = fetched
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        await rows.until_state(acquisition_id, COMPLETE)
        await trio.sleep(0.5)
    assert len(await rows.events("download.completed")) == 1
    assert await rows.history(movie_id) == ["grabbed", "downloaded"]


async def test_while_nothing_is_under_way_qbittorrent_is_left_alone(
    resources: Resources, run_actor: Any, world: World
) -> None:
    async with run_actor(lambda: QbitActor(resources)):
        await trio.sleep(0.5)
    assert sum(world.qbittorrent.requests.values()) == 0


# Down, banned, wrong password


@pytest.mark.parametrize("down_as", ["html", "refuse"])
async def test_while_it_is_down_downloads_wait_and_everything_goes_on_by_itself(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    fetched: Any,
    down_as: str,
    quick: None,
) -> None:
    _, acquisition_id, _ = fetched
    world.qbittorrent.turn(download_seconds=1.5)
    film = world.films_from(Source.HDBITS)[1]
    later = await rows.fetched(await rows.add_movie(film), world.releases_of(film)[0])
    async with run_actor(lambda: QbitActor(resources)) as cell:
        await rows.until(await add(rows, acquisition_id))
        world.qbittorrent.turn(down_for=1.5, down_as=down_as)
        work = await add(rows, later)
        with trio.fail_after(5):
            while cell.breakers["qbit"].state is not BreakerState.OPEN:
                await trio.sleep(0.02)
        assert cell.breakers["qbit"].snapshot().sentence
        assert (await rows.work(work)).state is not WorkState.DONE
        await rows.until_state(acquisition_id, COMPLETE, seconds=20)
        await rows.until_state(later, COMPLETE, seconds=20)
        assert cell.incarnation_number == 1
        assert cell.breakers["qbit"].state is BreakerState.CLOSED
    assert len(world.qbittorrent.torrents) == 2


@pytest.mark.parametrize("down_as", ["html", "503"])
async def test_an_outage_uses_up_no_attempt_however_often_it_is_probed(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    fetched: Any,
    down_as: str,
    monkeypatch: Any,
) -> None:
    movie_id, acquisition_id, _ = fetched
    hasty = replace(QbitActor.breaker_config, open_seconds=0.02, open_seconds_cap=0.02)
    monkeypatch.setattr(QbitActor, "breaker_config", hasty)
    monkeypatch.setattr(QbitActor, "sweep_seconds", 0.02)
    world.qbittorrent.turn(down_for=600.0, down_as=down_as)
    async with run_actor(lambda: QbitActor(resources)):
        work = await add(rows, acquisition_id)
        for times in (1, 2):
            await rows.until_failed(work, times)
            await rows.make_due(work)
        item = await rows.when(work, lambda item: item.snoozes > MOST_ATTEMPTS, 30)
        assert item.attempt <= 3
        assert (await rows.movie(movie_id)).stage_note
        world.qbittorrent.turn(down_for=0.0)
        await rows.until(work)
    assert (await rows.acquisition(acquisition_id)).state is not AcquisitionState.FETCHED


async def test_what_makes_every_probe_fail_lets_other_work_probe(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, monkeypatch: Any
) -> None:
    _, broken, release = fetched
    film = world.films_from(Source.HDBITS)[1]
    other = await rows.fetched(await rows.add_movie(film), world.releases_of(film)[0])
    hasty = replace(QbitActor.breaker_config, open_seconds=0.3, open_seconds_cap=0.3)
    monkeypatch.setattr(QbitActor, "breaker_config", hasty)
    monkeypatch.setattr(QbitActor, "sweep_seconds", 0.05)
    monkeypatch.setattr(QbitActor, "slots", 1)
    poison = b"0:d" + release.torrent.data
    sealed = await seal_torrent(resources.vault, broken, poison)
    await resources.database.execute(
        "UPDATE acquisition SET torrent = %s WHERE id = %s", (sealed, broken)
    )
    add_any = QbittorrentClient.add

    async def add_all_but_one(self: Any, torrent: bytes, options: Any) -> Any:
        if torrent == poison:
            raise ProtocolViolation("A page came.", service="qbittorrent")
        return await add_any(self, torrent, options)

    monkeypatch.setattr(QbittorrentClient, "add", add_all_but_one)
    async with run_actor(lambda: QbitActor(resources)):
        first = await add(rows, broken)
        for times in (1, 2):
            await rows.until_failed(first, times)
            await rows.make_due(first)
        await rows.until_snoozed(first)
        await rows.until(await add(rows, other))


async def test_a_restart_of_qbittorrent_only_costs_a_login(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, quick: None
) -> None:
    _, acquisition_id, _ = fetched
    world.qbittorrent.turn(download_seconds=1.0)
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await add(rows, acquisition_id))
        world.qbittorrent.restart(0.5)
        await rows.until_state(acquisition_id, COMPLETE, seconds=15)
    assert world.qbittorrent.doorkeeper.logins == 2


async def test_a_wrong_password_is_tried_exactly_once_and_healed_by_the_right_one(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, quick: None
) -> None:
    _, acquisition_id, _ = fetched
    right = world.qbittorrent_settings(poll_seconds=0.1)
    film = world.films_from(Source.HDBITS)[1]
    other = await rows.fetched(await rows.add_movie(film), world.releases_of(film)[0])
    async with resources.database.transaction() as conn:  # so that looks want to log in as well
        await acquisitions.move(conn, other, SENT)
    rows.configure(qbittorrent=replace(right, password=Secret("wrong")))
    async with run_actor(lambda: QbitActor(resources)) as cell:
        work = await add(rows, acquisition_id)
        await rows.until_snoozed(work)
        assert cell.breakers["qbit"].state is BreakerState.FORCED_OPEN
        for unrelated in (0.2, 0.3):
            await rows.make_due(work)
            rows.configure(
                qbittorrent=replace(right, password=Secret("wrong"), poll_seconds=unrelated)
            )
            await trio.sleep(0.3)
        assert world.qbittorrent.doorkeeper.logins == 1
        rows.configure(qbittorrent=right)
        await rows.until(work, seconds=15)
        assert cell.breakers["qbit"].state is BreakerState.CLOSED
        assert cell.incarnation_number == 1
    assert world.qbittorrent.doorkeeper.logins == 2


async def test_a_key_stands_for_name_and_password_and_a_wrong_one_is_tried_once(
    resources: Resources, run_actor: Any, rows: Any, tmp_path: Any
) -> None:
    async with World.open(tmp_path / "keyed", download_seconds=0.2, version="5.2.3") as world:
        keyless = world.qbittorrent_settings(poll_seconds=0.1)
        right = replace(
            keyless,
            username="",
            password=None,
            api_key=Secret(world.qbittorrent.doorkeeper.api_key),
        )
        film = world.films_from(Source.HDBITS)[0]
        acquisition_id = await rows.fetched(await rows.add_movie(film), world.releases_of(film)[0])
        rows.configure(qbittorrent=replace(right, api_key=Secret("qbt_wrong")))
        async with run_actor(lambda: QbitActor(resources)) as cell:
            work = await add(rows, acquisition_id)
            item = await rows.until_snoozed(work)
            assert "qbittorrent.api_key" in (item.sentence or "")
            assert cell.breakers["qbit"].state is BreakerState.FORCED_OPEN
            rows.configure(qbittorrent=right)
            await rows.until_state(acquisition_id, COMPLETE)
        assert world.qbittorrent.doorkeeper.logins == 0


async def test_a_person_who_resets_the_breaker_gets_exactly_one_more_login(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, quick: None
) -> None:
    _, acquisition_id, _ = fetched
    right = world.qbittorrent_settings(poll_seconds=0.1)
    rows.configure(qbittorrent=replace(right, password=Secret("new")))
    async with run_actor(lambda: QbitActor(resources)) as cell:
        work = await add(rows, acquisition_id)
        await rows.until_snoozed(work)
        for attempts in (2, 3):
            cell.breakers["qbit"].reset()
            with trio.fail_after(10):
                while world.qbittorrent.doorkeeper.logins < attempts:
                    await trio.sleep(0.02)
            with trio.fail_after(5):
                while cell.breakers["qbit"].state is not BreakerState.FORCED_OPEN:
                    await trio.sleep(0.02)
            await trio.sleep(0.5)
            assert world.qbittorrent.doorkeeper.logins == attempts
        # The password is changed on qBittorrent's side: a reset is enough, and the waiting work wakes by itself.
        world.qbittorrent.doorkeeper.password = "new"
        cell.breakers["qbit"].reset()
        await rows.until(work, seconds=15)


async def test_a_ban_is_waited_out_to_its_end_and_the_torrent_added_then(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, monkeypatch: Any
) -> None:
    _, acquisition_id, _ = fetched
    monkeypatch.setattr(QbitActor, "sweep_seconds", 0.1)
    world.qbittorrent.turn(ban=3600.0)
    clock = [0.0]

    def ban_ends() -> None:
        # An hour passes: for the breaker, whose wait the actor would look for, and for qBittorrent.
        world.qbittorrent.doorkeeper.forget_all()
        clock[0] += 2 * 3600.0

    async with run_actor(lambda: QbitActor(resources)) as cell:
        breaker = cell.breakers["qbit"]
        monkeypatch.setattr(breaker, "_clock", lambda: trio.current_time() + clock[0])
        work = await add(rows, acquisition_id)
        item = await rows.until_snoozed(work)
        assert item.reason == "banned"
        assert "hour" in (item.sentence or "")
        snapshot = breaker.snapshot()
        assert snapshot.state == BreakerState.OPEN.value
        assert snapshot.retry_in is not None
        assert snapshot.retry_in > 3500
        await trio.sleep(1.0)
        assert world.qbittorrent.doorkeeper.logins == 1
        ban_ends()
        item = await rows.until(work, seconds=20)
        assert item.attempt == 1
    assert world.qbittorrent.doorkeeper.logins == 2
    assert len(world.qbittorrent.torrents) == 1


@pytest.mark.parametrize("path", ["/wrong/path", "nothing listens", "another server"])
async def test_a_wrong_address_is_named_and_healed_by_the_right_one(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any, path: str
) -> None:
    movie_id, acquisition_id, _ = fetched
    right = world.qbittorrent_settings(poll_seconds=0.1)
    wrong = {
        "/wrong/path": f"{right.url}/wrong/path",
        "nothing listens": "http://127.0.0.1:9",
        "another server": world.hdbits.url,
    }[path]
    rows.configure(qbittorrent=replace(right, url=wrong))
    async with run_actor(lambda: QbitActor(resources)):
        work = await add(rows, acquisition_id)
        for times in (1, 2):
            await rows.until_failed(work, times)
            await rows.make_due(work)
        item = await rows.until_snoozed(work)
        assert item.attempt <= 2
        assert (await rows.movie(movie_id)).stage_note
        rows.configure(qbittorrent=right)
        await rows.until(work, seconds=20)
    assert await blocklist.by_movie(resources.database, movie_id) == []
    assert len(world.qbittorrent.torrents) == 1


async def test_without_settings_downloads_wait_for_them(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    _, acquisition_id, _ = fetched
    settings = resources.settings.current.qbittorrent
    rows.configure(qbittorrent=None)
    async with run_actor(lambda: QbitActor(resources)):
        work = await add(rows, acquisition_id)
        item = await rows.until_snoozed(work)
        assert item.reason == "not_configured"
        rows.configure(qbittorrent=settings)
        await rows.until_state(acquisition_id, COMPLETE)


async def test_settings_that_change_during_an_addition_do_not_break_it(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    _, acquisition_id, _ = fetched
    world.qbittorrent.turn(visibility_delay=0.6)
    async with run_actor(lambda: QbitActor(resources)) as cell:
        work = await add(rows, acquisition_id)
        with trio.fail_after(5):
            while not world.qbittorrent.requests["/api/v2/torrents/add"]:
                await trio.sleep(0.01)
        rows.configure(qbittorrent=replace(world.qbittorrent_settings(), poll_seconds=0.3))
        await rows.until(work)
        assert cell.incarnation_number == 1
    assert len(world.qbittorrent.torrents) == 1


# By hand


async def test_what_reeld_added_is_deleted_when_it_is_told_and_another_release_is_tried(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    movie_id, acquisition_id, _ = fetched
    world.qbittorrent.turn(download_seconds=5.0)
    async with run_actor(lambda: QbitActor(resources)) as cell:
        await rows.until(await add(rows, acquisition_id))
        await rows.until_state(acquisition_id, DOWNLOADING)
        await cell.address.ask(RemoveDownload(acquisition_id, delete_files=True))
        acquisition = await rows.acquisition(acquisition_id)
        await cell.address.ask(RemoveDownload(acquisition_id, delete_files=True))
    assert acquisition.failure is FailureReason.REMOVED_BY_USER
    assert world.qbittorrent.torrents == {}
    assert [path for path in world.downloads.rglob("*") if path.is_file()] == []
    assert len(await rows.events("download.failed")) == 1
    assert (await rows.movie(movie_id)).stage is Stage.SEARCHED


async def test_a_finished_torrent_is_removed_without_a_word_about_failure(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    _, acquisition_id, _ = fetched
    async with run_actor(lambda: QbitActor(resources)) as cell:
        await rows.until(await add(rows, acquisition_id))
        await rows.until_state(acquisition_id, COMPLETE)
        await cell.address.ask(RemoveDownload(acquisition_id))
    assert world.qbittorrent.torrents == {}
    assert any(path.is_file() for path in world.downloads.rglob("*"))
    assert await rows.events("download.failed") == []


async def test_a_finished_torrent_that_is_removed_with_its_files_makes_room_for_another_release(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    movie_id, acquisition_id, _ = fetched
    async with run_actor(lambda: QbitActor(resources)) as cell:
        await rows.until(await add(rows, acquisition_id))
        await rows.until_state(acquisition_id, COMPLETE)
        await cell.address.ask(RemoveDownload(acquisition_id, delete_files=True))
    acquisition = await rows.acquisition(acquisition_id)
    assert acquisition.failure is FailureReason.REMOVED_BY_USER
    assert (await rows.movie(movie_id)).stage is Stage.SEARCHED


async def test_share_limits_and_priorities_are_set(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: Any
) -> None:
    _, acquisition_id, _ = fetched
    world.qbittorrent.turn(download_seconds=5.0)
    async with run_actor(lambda: QbitActor(resources)) as cell:
        await rows.until(await add(rows, acquisition_id))
        await cell.address.ask(SetShareLimits(acquisition_id, ratio=1.5))
        (torrent,) = world.qbittorrent.torrents.values()
        assert (torrent.ratio_limit, torrent.seeding_time_limit) == (1.5, -1)
        world.qbittorrent.core.preferences["queueing_enabled"] = False
        assert await cell.address.ask(PrioritiseDownload(acquisition_id)) is False
        world.qbittorrent.core.preferences["queueing_enabled"] = True
        assert await cell.address.ask(PrioritiseDownload(acquisition_id)) is True
        assert await cell.address.ask(PrioritiseDownload(acquisition_id, first=False)) is True


async def test_a_download_that_is_not_there_is_said_not_to_be(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: QbitActor(resources)) as cell:
        for message in (PauseDownload(9), ResumeDownload(9), RemoveDownload(9), SetShareLimits(9)):
            with pytest.raises(NotFound):
                await cell.address.ask(message)
        await rows.until(await add(rows, 9))
        await rows.until(await rows.ask("qbit", "mark-imported", {"acquisition_id": 9}))
