"""The clients and the simulated services, over real sockets."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.domain.errors import (
    CredentialsRejected,
    NotFound,
    ProtocolViolation,
    RateLimited,
    ReeldError,
    Refused,
    ServiceDown,
)
from reeld.domain.secret import Secret
from reeld.domain.settings import FeedSettings
from reeld.services.feeds import FeedClient, FeedNotModified, FeedPage
from reeld.services.hdbits import HdbitsClient
from reeld.services.images import ImageType, NotAnImage
from reeld.services.limiter import Limiter, LimiterWait, Pace
from reeld.services.qbittorrent import AddAnswer, AddOptions, QbittorrentClient
from reeld.services.tmdb import Fetched, NotModified, TmdbClient
from reeld.services.torrents import InfohashMismatch
from reeld.simulators import FaultProxy, Source, World

FAST = Pace(per_second=1000, burst=100)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World.open(tmp_path, download_seconds=0.2) as opened:
        yield opened


@pytest.fixture
async def tmdb(world: World, closing: Any) -> TmdbClient:
    return closing(TmdbClient(world.tmdb_settings(), Limiter("tmdb", FAST)))


@pytest.fixture
async def hdbits(world: World, closing: Any) -> HdbitsClient:
    return closing(HdbitsClient(world.hdbits_settings(), Limiter("hdbits", FAST)))


@pytest.fixture
async def feed(world: World, closing: Any) -> FeedClient:
    return closing(FeedClient(world.feed_settings()))


@pytest.fixture
async def qbittorrent(world: World, closing: Any) -> QbittorrentClient:
    return closing(QbittorrentClient(world.qbittorrent_settings()))


# TMDB


async def test_tmdb_knows_each_movie_by_title_by_number_and_by_imdb(
    tmdb: TmdbClient, world: World
) -> None:
    await tmdb.check()
    for film in world.films:
        found = await tmdb.search(film.title, year=film.year)
        assert film.tmdb_id in {one.tmdb_id for one in found.movies}
        fetched = await tmdb.movie(film.tmdb_id)
        assert isinstance(fetched, Fetched)
        details = fetched.details
        assert (details.title, details.year) == (film.title, film.year)
        assert details.imdb_id is not None
        assert [one.tmdb_id for one in await tmdb.find_by_imdb(details.imdb_id)] == [film.tmdb_id]


async def test_tmdb_says_when_nothing_changed(tmdb: TmdbClient, world: World) -> None:
    number = world.films[0].tmdb_id
    first = await tmdb.movie(number)
    assert isinstance(first, Fetched)
    assert first.etag is not None
    assert await tmdb.movie(number, etag=first.etag) == NotModified(first.etag)
    world.tmdb.turn(edition=2)
    assert isinstance(await tmdb.movie(number, etag=first.etag), Fetched)


async def test_tmdb_may_leave_out_whatever_it_likes(tmdb: TmdbClient, world: World) -> None:
    world.tmdb.turn(bare=True)
    for film in world.films:
        assert isinstance(await tmdb.movie(film.tmdb_id), Fetched)
        await tmdb.search(film.title)


async def test_posters_are_fetched_and_vector_graphics_are_not(
    tmdb: TmdbClient, world: World
) -> None:
    configuration = await tmdb.configuration()
    fetched = await tmdb.movie(world.films[0].tmdb_id)
    assert isinstance(fetched, Fetched)
    assert fetched.details.poster_path is not None
    image = await tmdb.image(fetched.details.poster_path, "w342", configuration)
    assert image.type is ImageType.PNG
    with pytest.raises(NotAnImage):
        await tmdb.image("/logo1.svg", "w342", configuration)


async def test_a_wrong_key_of_tmdb_is_rejected_and_a_right_one_of_either_kind_is_not(
    world: World, closing: Any
) -> None:
    def client(token: str) -> TmdbClient:
        settings = replace(world.tmdb_settings(), token=Secret(token))
        return closing(TmdbClient(settings, Limiter("tmdb", FAST)))

    await client(world.tmdb.token).check()
    await client(world.tmdb.api_key).check()
    for wrong in ("wrong", "f" * 32):
        with pytest.raises(CredentialsRejected):
            await client(wrong).check()


async def test_a_deleted_movie_is_not_found(tmdb: TmdbClient, world: World) -> None:
    world.tmdb.turn(deleted=[world.films[0].tmdb_id])
    with pytest.raises(NotFound):
        await tmdb.movie(world.films[0].tmdb_id)


async def test_a_limit_of_tmdb_is_obeyed(tmdb: TmdbClient, world: World) -> None:
    world.tmdb.turn(fail_next=1, fail_status=429, retry_after="60")
    with pytest.raises(RateLimited):
        await tmdb.check()
    with pytest.raises(LimiterWait):
        await tmdb.check()


async def test_a_torn_packed_answer_of_tmdb_has_a_name(tmdb: TmdbClient, world: World) -> None:
    world.tmdb.turn(torn_gzip_next=1)
    with pytest.raises((ProtocolViolation, ServiceDown)) as caught:
        await tmdb.movie(world.films[0].tmdb_id)
    assert caught.value.reason in {"broken_encoding", "truncated"}


async def test_an_answer_of_30_mb_is_not_read(tmdb: TmdbClient, world: World) -> None:
    world.tmdb.turn(overview_padding=30 * 2**20)
    with pytest.raises(ProtocolViolation) as caught:
        await tmdb.movie(world.films[0].tmdb_id)
    assert caught.value.reason == "body_too_large"


# HDBits


async def test_hdbits_finds_and_delivers_what_it_announces(
    hdbits: HdbitsClient, world: World
) -> None:
    await hdbits.check()
    for film in world.films_from(Source.HDBITS):
        announced = {one.torrent.infohash for one in world.releases_of(film)}
        found = await hdbits.search(film.imdb_id)
        assert {one.infohash for one in found.torrents} <= announced
        assert found.torrents
        torrent = found.torrents[0]
        delivered = await hdbits.download(torrent.id, announced=torrent.infohash)
        assert delivered.metainfo.infohash.v1 == torrent.infohash
        assert delivered.metainfo.private
        assert delivered.metainfo.total_size == torrent.size


@pytest.mark.parametrize("knob", ["ids_as_text", "lower_case_hashes", "no_imdb"])
async def test_hdbits_may_write_its_answers_in_several_ways(
    hdbits: HdbitsClient, world: World, knob: str
) -> None:
    plain = await hdbits.recent()
    world.hdbits.turn(**{knob: True})
    varied = await hdbits.recent()
    assert varied.skipped == 0
    assert [(one.id, one.infohash) for one in varied.torrents] == [
        (one.id, one.infohash) for one in plain.torrents
    ]


@pytest.mark.parametrize("data_as", ["object", "null", "missing"])
async def test_success_without_a_list_is_none(
    hdbits: HdbitsClient, world: World, data_as: str
) -> None:
    world.hdbits.turn(data_as=data_as)
    with pytest.raises(ProtocolViolation):
        await hdbits.recent()


async def test_the_limit_of_hdbits_stops_every_further_call(
    hdbits: HdbitsClient, world: World
) -> None:
    world.hdbits.turn(api_calls_allowed=1)
    await hdbits.recent()
    with pytest.raises(RateLimited) as caught:
        await hdbits.recent()
    assert caught.value.retry_after == 900
    calls = len(world.hdbits.calls)
    for _ in range(3):
        with pytest.raises(LimiterWait):
            await hdbits.recent()
    assert len(world.hdbits.calls) == calls


async def test_calls_to_hdbits_keep_their_distance(world: World, closing: Any) -> None:
    pace = Pace(per_second=100, burst=100, gap=0.3)
    client = closing(HdbitsClient(world.hdbits_settings(), Limiter("hdbits", pace)))
    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(client.recent)
    assert len(world.hdbits.calls) == 4
    assert world.hdbits.shortest_gap >= 0.25
    assert {call.user_agent.partition("/")[0] for call in world.hdbits.calls} == {"reeld"}


async def test_another_torrent_or_a_page_in_its_place_is_noticed(
    hdbits: HdbitsClient, world: World
) -> None:
    torrent = (await hdbits.recent()).torrents[0]
    world.hdbits.turn(wrong_torrent_next=1)
    with pytest.raises(InfohashMismatch):
        await hdbits.download(torrent.id, announced=torrent.infohash)
    world.hdbits.turn(html_download_next=1)
    with pytest.raises(ProtocolViolation) as caught:
        await hdbits.download(torrent.id, announced=torrent.infohash)
    assert caught.value.reason == "html_instead_of_torrent"
    await hdbits.download(torrent.id, announced=torrent.infohash)


async def test_a_wrong_passkey_of_hdbits_is_rejected(world: World, closing: Any) -> None:
    settings = replace(world.hdbits_settings(), passkey=Secret("wrong"))
    client = closing(HdbitsClient(settings, Limiter("hdbits", FAST)))
    with pytest.raises(CredentialsRejected):
        await client.check()


# Feeds


async def test_a_feed_is_read_and_its_torrents_fetched(feed: FeedClient, world: World) -> None:
    world.publish_feed()
    page = await feed.fetch()
    assert isinstance(page, FeedPage)
    assert page.well_formed
    assert page.items
    for item in page.items:
        assert item.infohash in world.releases
        assert item.torrent is not None
        delivered = await feed.download(item.torrent, announced=item.infohash)
        assert delivered.metainfo.total_size == item.size
    again = await feed.fetch(etag=page.etag, last_modified=page.last_modified)
    assert isinstance(again, FeedNotModified)


@pytest.mark.parametrize(
    ("feed_as", "reason"),
    [
        ("doctype", "doctype_refused"),
        ("huge", "body_too_large"),
        ("not_xml", "not_a_feed"),
        ("html", "html_instead_of_feed"),
    ],
)
async def test_a_feed_that_is_none_has_a_name(
    feed: FeedClient, world: World, feed_as: str, reason: str
) -> None:
    world.rss.turn(feed_as=feed_as)
    with pytest.raises(ProtocolViolation) as caught:
        await feed.fetch()
    assert caught.value.reason == reason
    world.rss.turn(feed_as="feed")
    assert isinstance(await feed.fetch(), FeedPage)


async def test_a_feed_without_its_key_is_no_rejected_login(world: World, closing: Any) -> None:
    client = closing(FeedClient(FeedSettings("Keyless", Secret(f"{world.rss.url}/feed.xml"))))
    with pytest.raises(ServiceDown) as caught:
        await client.fetch()
    assert caught.value.reason == "forbidden"


async def test_an_item_without_hash_and_guid_keeps_its_key(feed: FeedClient, world: World) -> None:
    world.publish_feed()
    world.rss.turn(infohashes=False, guids=False, validators=False)
    first, second = await feed.fetch(), await feed.fetch()
    assert isinstance(first, FeedPage)
    assert isinstance(second, FeedPage)
    assert [item.key for item in first.items] == [item.key for item in second.items]
    assert len({item.key for item in first.items}) == len(first.items)


# qBittorrent


async def test_an_addition_without_an_answer_is_observed(
    qbittorrent: QbittorrentClient, world: World
) -> None:
    await qbittorrent.version()
    for knob, there in (("drop_after", True), ("drop_before", False)):
        torrent = list(world.releases.values())[int(there)].torrent
        world.qbittorrent.turn(**{knob: 1, "only": "/api/v2/torrents/add"})
        answer = await qbittorrent.add(torrent.data, AddOptions("reeld"))
        assert answer is AddAnswer.LOST
        await trio.sleep(0.3)
        found = await qbittorrent.torrents(ids=[torrent.infohash])
        assert bool(found) is there


async def test_a_refused_addition_is_observed_too(
    qbittorrent: QbittorrentClient, world: World
) -> None:
    torrent = next(iter(world.releases.values())).torrent
    world.qbittorrent.turn(refuse_adds=1)
    assert await qbittorrent.add(torrent.data, AddOptions("reeld")) is AddAnswer.UNCLEAR
    assert await qbittorrent.torrents(ids=[torrent.infohash]) == ()
    assert await qbittorrent.add(torrent.data, AddOptions("reeld")) is AddAnswer.ACCEPTED


# All of them


def operations(world: World, clients: dict[str, Any]) -> dict[str, Any]:
    number = world.films[0].tmdb_id
    return {
        "tmdb": (world.tmdb, lambda: clients["tmdb"].movie(number)),
        "hdbits": (world.hdbits, clients["hdbits"].recent),
        "feed": (world.rss, clients["feed"].fetch),
        "qbittorrent": (world.qbittorrent, clients["qbittorrent"].torrents),
    }


@pytest.mark.parametrize("service", ["tmdb", "hdbits", "feed", "qbittorrent"])
@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ({"fail_next": 1, "fail_status": 503}, (ServiceDown,)),
        ({"fail_next": 1, "fail_status": 502}, (ServiceDown,)),
        ({"fail_next": 1, "fail_status": 429, "retry_after": "1"}, (RateLimited,)),
        ({"html_next": 1}, (ProtocolViolation,)),
        ({"empty_next": 1}, (ProtocolViolation,)),
        ({"garble_next": 1}, (ProtocolViolation,)),
        ({"truncate_next": 1}, (ServiceDown,)),
        ({"drop_before": 3}, (ServiceDown,)),
        ({"drop_after": 3}, (ServiceDown,)),
        ({"down_for": 0.2, "down_as": "drop"}, (ServiceDown,)),
    ],
)
async def test_each_fault_is_a_typed_error_and_passes(
    world: World,
    service: str,
    fault: dict[str, Any],
    kinds: tuple[type[ReeldError], ...],
    tmdb: TmdbClient,
    hdbits: HdbitsClient,
    feed: FeedClient,
    qbittorrent: QbittorrentClient,
) -> None:
    clients = {"tmdb": tmdb, "hdbits": hdbits, "feed": feed, "qbittorrent": qbittorrent}
    simulator, operation = operations(world, clients)[service]
    await operation()
    simulator.turn(**fault)
    # Half a feed is still read by the lenient parser: it has less in it, never something wrong.
    lenient = service == "feed" and "garble_next" in fault
    with contextlib.nullcontext() if lenient else pytest.raises(kinds) as caught:
        await operation()
    if caught is not None:
        assert caught.value.sentence.endswith(".")
        assert "passkey" not in caught.value.sentence
    simulator.turn(fail_next=0, drop_before=0, drop_after=0, down_for=0.0)
    with trio.fail_after(5):
        while True:
            try:
                await operation()
                break
            except (RateLimited, LimiterWait):
                await trio.sleep(0.1)


async def test_a_peer_that_fell_silent_is_down_in_time(world: World, closing: Any) -> None:
    port = int(world.rss.url.rpartition(":")[2])
    async with FaultProxy.open("127.0.0.1", port) as proxy:
        url = world.rss.feed_url.replace(f":{port}", f":{proxy.port}")
        client = closing(FeedClient(FeedSettings("Silent", Secret(url))))
        await client.fetch()
        proxy.reset_all()
        proxy.refusing = True
        with pytest.raises(ServiceDown):
            await client.fetch()
        proxy.refusing = False
        await client.fetch()
        await client.aclose()


async def test_a_feed_may_not_send_us_to_its_neighbours(feed: FeedClient, world: World) -> None:
    with pytest.raises(Refused):
        await feed.download(Secret(f"{world.qbittorrent.url}/api/v2/app/shutdown"))
    assert not world.qbittorrent.requests
