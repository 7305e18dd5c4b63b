from __future__ import annotations

from typing import Any

import feedparser
import httpx
import pytest
import trio

from reeld.simulators import FeedItem, RssSimulator, Torrent


@pytest.fixture
def rss(movie_torrent: Torrent) -> RssSimulator:
    items = [
        FeedItem(number, f"A & B <{number}>", movie_torrent, 1_000_000.0 + number)
        for number in range(1, 6)
    ]
    return RssSimulator(items)


async def test_the_feed_reads_back_newest_first(
    talk: Any, rss: RssSimulator, movie_torrent: Torrent
) -> None:
    async with talk(rss) as client:
        answer = await client.get(rss.feed_url)
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert [entry.title for entry in feed.entries] == [f"A & B <{n}>" for n in (5, 4, 3, 2, 1)]
    entry = feed.entries[0]
    assert (entry.id, entry.torrent_infohash) == ("5", movie_torrent.infohash)
    assert entry.published_parsed[:6] == (1970, 1, 12, 13, 46, 45)
    assert entry.enclosures[0].type == "application/x-bittorrent"
    assert entry.enclosures[0].href == entry.link


async def test_its_links_deliver_the_torrents_to_those_who_know_the_passkey(
    talk: Any, rss: RssSimulator, movie_torrent: Torrent
) -> None:
    async with talk(rss) as client:
        feed = feedparser.parse((await client.get(rss.feed_url)).content)
        torrent = await client.get(feed.entries[0].link)
        strangers = [await client.get(path) for path in ("/feed.xml", "/download/5.torrent")]
        unknown = await client.get(f"/download/99.torrent?passkey={rss.passkey}")
        rss.turn(wrong_torrent_next=1)
        page = await client.get(feed.entries[0].link)
    assert torrent.content == movie_torrent.data
    assert [answer.status_code for answer in strangers] == [403, 403]
    assert unknown.status_code == 404
    assert page.headers["content-type"] == "text/html"


async def test_an_unchanged_feed_is_304_by_tag_and_by_date_until_an_item_comes(
    talk: Any, rss: RssSimulator, movie_torrent: Torrent
) -> None:
    async with talk(rss) as client:
        first = await client.get(rss.feed_url)
        by_tag = {"if-none-match": first.headers["etag"]}
        by_date = {"if-modified-since": first.headers["last-modified"]}
        assert (await client.get(rss.feed_url, headers=by_tag)).status_code == 304
        assert (await client.get(rss.feed_url, headers=by_date)).status_code == 304
        rss.publish(FeedItem(6, "New", movie_torrent, 1_000_006.0))
        assert (await client.get(rss.feed_url, headers=by_tag)).status_code == 200
        assert (await client.get(rss.feed_url, headers=by_date)).status_code == 200
        rss.turn(validators=False)
        assert "etag" not in (await client.get(rss.feed_url)).headers
    assert rss.not_modified == 2


async def test_a_short_feed_leaves_a_gap_and_items_may_lack_what_names_them(
    talk: Any, rss: RssSimulator
) -> None:
    rss.turn(items=2, guids=False, infohashes=False, ttl=30)
    async with talk(rss) as client:
        feed = feedparser.parse((await client.get(rss.feed_url)).content)
    assert len(feed.entries) == 2
    assert "torrent_infohash" not in feed.entries[0]
    assert "id" not in feed.entries[0]
    assert feed.feed.ttl == "30"


async def test_a_huge_feed_is_streamed(talk: Any, rss: RssSimulator) -> None:
    rss.turn(feed_as="huge", huge_bytes=20_000_000)
    received = 0
    async with talk(rss) as client, client.stream("GET", rss.feed_url) as answer:
        assert "content-length" not in answer.headers
        async for chunk in answer.aiter_bytes():
            received += len(chunk)
    assert received > 20_000_000


async def test_a_client_may_leave_a_huge_feed_in_the_middle(talk: Any, rss: RssSimulator) -> None:
    rss.turn(feed_as="huge")
    async with talk(rss) as client:
        stream = await trio.open_tcp_stream("127.0.0.1", client.base_url.port)
        target = rss.feed_url.removeprefix(rss.url)
        await stream.send_all(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert await stream.receive_some(1000)
        await trio.aclose_forcefully(stream)
        rss.turn(feed_as="feed")
        assert (await client.get(rss.feed_url)).status_code == 200


async def test_an_endless_feed_begins_and_stalls(talk: Any, rss: RssSimulator) -> None:
    rss.turn(feed_as="endless")
    async with talk(rss) as client:
        with trio.fail_after(5), pytest.raises(httpx.ReadTimeout):
            await client.get(rss.feed_url, timeout=0.3)


@pytest.mark.parametrize(
    ("feed_as", "marker"),
    [("doctype", b"<!DOCTYPE"), ("not_xml", b"\xff"), ("html", b"<html>"), ("empty", b"")],
)
async def test_something_else_can_be_sent_in_its_place(
    talk: Any, rss: RssSimulator, feed_as: str, marker: bytes
) -> None:
    rss.turn(feed_as=feed_as)
    async with talk(rss) as client:
        answer = await client.get(rss.feed_url)
    assert answer.status_code == 200
    assert marker in answer.content
