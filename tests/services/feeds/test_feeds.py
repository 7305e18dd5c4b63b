from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reeld.domain.errors import (
    CredentialsRejected,
    NotFound,
    ProtocolViolation,
    RateLimited,
    Refused,
    ServiceDown,
)
from reeld.domain.secret import Secret
from reeld.domain.settings import FeedSettings
from reeld.domain.torrent import encode, parse_metainfo
from reeld.services.feeds import FeedClient, FeedItem, FeedNotModified, FeedPage
from reeld.services.feeds._document import Objection
from reeld.services.feeds._parsing import _parse
from reeld.services.torrents import InfohashMismatch

KEY = "0123456789abcdef0123456789abcdef"
URL = f"https://feeds.example/rss?passkey={KEY}"
HASH = "ab" * 20

Make = Callable[..., FeedClient]


def rss(*items: str, head: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<rss version="2.0" xmlns:torznab="http://torznab.com/schemas/2015/feed"'
        ' xmlns:torrent="http://xmlns.ezrss.it/0.1/">'
        f"<channel><title>t</title>{head}{''.join(items)}</channel></rss>"
    ).encode()


def item(
    inner: str = "", *, title: str = "A.Movie.2020.1080p", guid: str = "1", link: str = "/dl/1"
) -> str:
    return f"<item><title>{title}</title><guid>{guid}</guid><link>{link}</link>{inner}</item>"


@pytest.fixture
def make(script: Any, closing: Any, witness: Any) -> Make:
    def build(url: str = URL, **changes: Any) -> FeedClient:
        feed = FeedSettings("Public", Secret(url))
        return closing(FeedClient(feed, observer=witness, transport=script.transport, **changes))

    return build


@pytest.fixture
def read(make: Make, script: Any) -> Callable[..., Any]:
    async def fetch(body: bytes, **headers: str) -> tuple[FeedItem, ...]:
        script(httpx.Response(200, content=body, headers=headers))
        page = await make().fetch()
        assert isinstance(page, FeedPage)
        return page.items

    return fetch


async def test_an_item_is_read_with_everything_it_says(read: Any) -> None:
    (found,) = await read(
        rss(
            item(
                "<pubDate>Sat, 04 Apr 2015 20:30:46 +0200</pubDate>"
                f'<enclosure url="https://feeds.example/t.torrent?passkey={KEY}" length="20480"'
                ' type="application/x-bittorrent"/>'
                '<torznab:attr name="seeders" value="4"/><torznab:attr name="peers" value="10"/>'
                '<torznab:attr name="size" value="5000000000"/>'
                f'<torznab:attr name="infohash" value="{HASH.upper()}"/>'
                '<torznab:attr name="imdb" value="0113189"/>'
                '<torznab:attr name="downloadvolumefactor" value="0"/>'
            )
        )
    )
    assert found == FeedItem(
        key=f"hash:{HASH}",
        title="A.Movie.2020.1080p",
        torrent=Secret(f"https://feeds.example/t.torrent?passkey={KEY}"),
        infohash=HASH,
        size=5_000_000_000,
        seeders=4,
        leechers=6,
        imdb_id="tt0113189",
        freeleech=True,
        published_at=datetime(2015, 4, 4, 18, 30, 46, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (f"<torrent:infoHash>{HASH}</torrent:infoHash>", {"infohash": HASH}),
        ("<torrent:infoHash>nonsense</torrent:infoHash>", {"infohash": None}),
        ("<size>7000000000</size>", {"size": 7_000_000_000}),
        ("<torrent:contentLength>7000000000</torrent:contentLength>", {"size": 7_000_000_000}),
        ("<description>Seeds: 5 | Size: 4.5 GiB</description>", {"size": int(4.5 * 2**30)}),
        ("<description>Size: 700 MB</description>", {"size": 700 * 2**20}),
        (
            '<enclosure url="/x.torrent" length="20480" type="application/x-bittorrent"/>',
            {"size": None, "torrent": Secret("https://feeds.example/x.torrent")},
        ),
        ('<torznab:attr name="seeders" value="many"/>', {"seeders": None}),
        ('<torznab:attr name="imdb" value="tt0"/>', {"imdb_id": None}),
        ("<pubDate>yesterday</pubDate>", {"published_at": None}),
        ("", {"torrent": Secret("https://feeds.example/dl/1"), "size": None, "freeleech": False}),
    ],
)
async def test_feeds_that_vary_are_read_alike(
    read: Any, inner: str, expected: dict[str, Any]
) -> None:
    (found,) = await read(rss(item(inner)))
    assert {name: getattr(found, name) for name in expected} == expected


async def test_a_magnet_link_gives_a_hash_but_nothing_to_fetch(read: Any) -> None:
    (found,) = await read(rss(item(link=f"magnet:?xt=urn:btih:{HASH}&amp;dn=x")))
    assert (found.infohash, found.torrent) == (HASH, None)


async def test_an_item_stays_the_same_when_the_key_in_its_address_is_renewed(read: Any) -> None:
    async def key_of(**parts: str) -> str:
        (found,) = await read(rss(item(**parts)))
        return found.key

    one = await key_of(guid="https://x/t?id=5&amp;passkey=one")
    assert one == await key_of(guid="https://x/t?id=5&amp;passkey=two")
    assert one != await key_of(guid="https://x/t?id=6&amp;passkey=one")
    assert "one" not in one
    by_link = await key_of(guid="", link="https://x/dl?id=5&amp;passkey=one")
    assert by_link == await key_of(guid="", link="https://x/dl?passkey=two&amp;id=5")
    assert by_link.startswith("link:")


async def test_an_item_that_comes_twice_counts_once_and_one_without_title_not_at_all(
    read: Any,
) -> None:
    assert len(await read(rss(item(), item(), item(title="", guid="2")))) == 1


async def test_titles_are_cleaned_of_what_terminals_and_logs_should_not_see(read: Any) -> None:
    (found,) = await read(rss(item(title="A&#10;B&#x7f;C &amp;amp; " + "x" * 900)))
    assert found.title.startswith("A B C & x")
    assert len(found.title) == 512


async def test_atom_is_read_too(read: Any) -> None:
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><title>A.2020</title>'
        '<id>urn:1</id><link href="https://feeds.example/1.torrent"/></entry></feed>'
    )
    (found,) = await read(body.encode())
    assert found.torrent == Secret("https://feeds.example/1.torrent")


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", True),
        ("iso-8859-1", True),
        ("utf-16", True),
        ("utf-16", False),
        ("windows-1252", True),
        ("utf-8-sig", False),
    ],
)
async def test_encodings_in_use_are_read(read: Any, encoding: str, declared: bool) -> None:
    text = rss(item(title="Amélie.2001")).decode()
    name = f' encoding="{encoding}"' if declared else ""
    body = text.replace(' encoding="UTF-8"', name).encode(encoding)
    (found,) = await read(body)
    assert found.title == "Amélie.2001"


async def test_the_charset_of_the_content_type_counts_without_a_declaration(read: Any) -> None:
    body = (
        rss(item(title="Amélie.2001")).decode().replace(' encoding="UTF-8"', "").encode("latin-1")
    )
    (found,) = await read(body, **{"content-type": "application/xml; charset=ISO-8859-1"})
    assert found.title == "Amélie.2001"


async def test_a_feed_that_is_not_quite_xml_is_still_read(make: Make, script: Any) -> None:
    script(httpx.Response(200, content=rss(item(title="A & B 2020"))))
    page = await make().fetch()
    assert isinstance(page, FeedPage)
    assert [found.title for found in page.items] == ["A & B 2020"]
    assert not page.well_formed


async def test_an_empty_feed_is_fine(read: Any) -> None:
    assert await read(rss()) == ()


async def test_tags_and_dates_go_back_and_forth(make: Make, script: Any) -> None:
    fresh = httpx.Response(
        200,
        content=rss(item(), head="<ttl>30</ttl>"),
        headers={"etag": '"1"', "last-modified": "Sat, 04 Apr 2015 20:30:46 GMT"},
    )
    script(fresh, httpx.Response(304))
    client = make()
    page = await client.fetch()
    assert isinstance(page, FeedPage)
    assert (page.etag, page.ttl_seconds) == ('"1"', 1800.0)
    again = await client.fetch(etag=page.etag, last_modified=page.last_modified)
    assert isinstance(again, FeedNotModified)
    sent = script.requests[1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('"1"', page.last_modified)


BILLION = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    "<rss version='2.0'><channel><item><title>&b;</title></item></channel></rss>"
)
EXTERNAL = '<!DOCTYPE rss SYSTEM "http://169.254.169.254/x"><rss version="2.0"><channel/></rss>'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (BILLION.encode(), "doctype_refused"),
        (EXTERNAL.encode(), "doctype_refused"),
        (BILLION.encode("utf-16"), "doctype_refused"),
        (b"<!-- <rss --><!doctype rss><rss/>", "doctype_refused"),
        (BILLION.replace("?>", " encoding='utf-7'?>", 1).encode(), "unreadable_encoding"),
        (b"<?xml version='1.0' encoding='cp037'?><rss/>", "unreadable_encoding"),
        (b"<!DOCTYPE html><html><body>log in</body></html>", "html_instead_of_feed"),
        (b"<html><head/><body>log in</body></html>", "html_instead_of_feed"),
        (b'{"error": "no"}', "not_a_feed"),
        (b"Not a feed at all", "not_a_feed"),
        (b"", "not_a_feed"),
        (b"\x00\x01\x02", "not_a_feed"),
        (b"<?xml version='1.0'?><movies><movie/></movies>", "not_a_feed"),
        (b"<a>" * 200_000 + b"</a>" * 200_000, "too_deep"),
        (rss(item("<x>" * 5000 + "</x>" * 5000)), "too_deep"),
    ],
)
async def test_what_is_no_feed_or_means_harm_has_a_name(
    make: Make, script: Any, body: bytes, reason: str
) -> None:
    script(httpx.Response(200, content=body))
    with pytest.raises(ProtocolViolation, match=r"Feed Public .*Check its address") as caught:
        await make().fetch()
    assert caught.value.reason == reason
    assert KEY not in str(caught.value)


async def test_a_mention_of_a_doctype_inside_an_item_is_harmless(read: Any) -> None:
    assert len(await read(rss(item("<description><![CDATA[<!DOCTYPE html>]]></description>")))) == 1


@pytest.mark.parametrize("packed", [False, True])
async def test_a_feed_of_200_mb_is_given_up_while_it_comes(
    raw_server: Any, closing: Any, packed: bool
) -> None:
    sent = 0

    async def converse(stream: trio.SocketStream, request: bytes) -> None:
        nonlocal sent
        encoding = b"Content-Encoding: gzip\r\n" if packed else b""
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n" + encoding + b"\r\n")
        if packed:
            bomb = gzip.compress(b"<rss>" + b" " * 40 * 2**20)
            await stream.send_all(bomb)
            sent += len(bomb)
        while sent < 200 * 2**20 and not packed:
            await stream.send_all(b"<item></item>" * 5000)
            sent += 65000
        await stream.aclose()

    server = await raw_server(converse)
    client = closing(FeedClient(FeedSettings("Huge", Secret(f"{server.url}/rss"))))
    with pytest.raises(ProtocolViolation, match="more than 16 MiB") as caught:
        await client.fetch()
    assert caught.value.reason == "body_too_large"
    assert sent < 40 * 2**20


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (httpx.Response(404), ProtocolViolation, "feed_missing"),
        (httpx.Response(401), CredentialsRejected, "credentials_rejected"),
        (httpx.Response(403), ServiceDown, "forbidden"),
        (httpx.Response(418), ProtocolViolation, "unexpected_status"),
        (httpx.Response(500), ServiceDown, "server_error"),
        (httpx.Response(429, headers={"retry-after": "60"}), RateLimited, "rate_limited"),
        (httpx.ConnectError("x"), ServiceDown, "unreachable"),
        (
            httpx.Response(302, headers={"location": "http://feeds.example/"}),
            ProtocolViolation,
            "redirect_refused",
        ),
        (
            httpx.Response(302, headers={"location": f"https://evil.example/{KEY}"}),
            ProtocolViolation,
            "redirect_refused",
        ),
        (
            httpx.Response(302, headers={"location": "/circle"}),
            ProtocolViolation,
            "redirect_refused",
        ),
    ],
)
async def test_a_feed_that_fails_has_a_name_and_keeps_its_key(
    make: Make, script: Any, answer: Any, kind: type[Exception], reason: str
) -> None:
    script(answer)
    with pytest.raises(kind) as caught:
        await make().fetch()
    assert caught.value.reason == reason  # type: ignore[attr-defined]
    assert KEY not in str(caught.value)
    assert "Public" in str(caught.value)


async def test_no_key_reaches_a_log_or_a_repr(
    make: Make, script: Any, caplog: pytest.LogCaptureFixture
) -> None:
    script(httpx.Response(200, content=rss(item(link=f"/dl?passkey={KEY}"))))
    with caplog.at_level(logging.DEBUG):
        page = await make().fetch()
    assert KEY not in caplog.text + repr(page)


def torrent_file() -> bytes:
    info = {"name": "m.mkv", "length": 5, "piece length": 16384, "pieces": b"x" * 20}
    return encode({"announce": f"https://t.example/{KEY}", "info": info})


async def test_a_torrent_is_fetched_and_held_against_its_hash(make: Make, script: Any) -> None:
    data = torrent_file()
    script(httpx.Response(200, content=data))
    client, link = make(), Secret(f"https://feeds.example/dl?passkey={KEY}")
    announced = parse_metainfo(data).infohash.client_id
    assert (await client.download(link, announced=announced)).data == data
    assert (await client.download(link)).data == data
    with pytest.raises(InfohashMismatch):
        await client.download(link, announced=HASH)


async def test_a_torrent_that_lies_on_another_host_is_fetched_from_there(
    make: Make, script: Any
) -> None:
    script(
        httpx.Response(302, headers={"location": "https://mirror.example/1.torrent"}),
        httpx.Response(200, content=torrent_file()),
    )
    await make().download(Secret("https://archive.example/download/1.torrent"))
    assert [request.url.host for request in script.requests] == [
        "archive.example",
        "mirror.example",
    ]


async def test_a_torrent_counts_as_gone_only_where_the_feed_is_there(
    make: Make, script: Any
) -> None:
    link = Secret("https://feeds.example/1.torrent")
    script(httpx.Response(404), httpx.Response(200, content=b"<rss version='2.0'><channel/></rss>"))
    with pytest.raises(NotFound):
        await make().download(link)
    script(httpx.Response(404))
    with pytest.raises(ProtocolViolation, match="Check its address"):
        await make().download(link)


async def test_a_torrent_is_not_asked_for_again_when_a_used_connection_turns_out_to_be_closed(
    raw_server: Any, closing: Any
) -> None:
    async def hang_up(stream: trio.SocketStream, _request: bytes) -> None:
        body = torrent_file()
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        await (stream.send_all(answer) if len(server.requests) == 1 else stream.aclose())

    server = await raw_server(hang_up)
    client = closing(FeedClient(FeedSettings("Local", Secret(f"{server.url}/rss"))))
    await client.download(Secret(f"{server.url}/1.torrent"))
    with pytest.raises(ServiceDown):
        await client.download(Secret(f"{server.url}/2.torrent"))
    assert len(server.requests) == 2


async def test_a_link_into_the_local_network_is_refused_unless_it_is_the_feeds_own_host(
    raw_server: Any, closing: Any
) -> None:
    async def deliver(stream: trio.SocketStream, request: bytes) -> None:
        body = torrent_file()
        await stream.send_all(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )

    async def lure(stream: trio.SocketStream, request: bytes) -> None:
        await stream.send_all(
            b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:%d/\r\n\r\n"
            % inside.port
        )

    own, inside = await raw_server(deliver), await raw_server(deliver)
    client = closing(FeedClient(FeedSettings("Local", Secret(f"{own.url}/rss"))))
    await client.download(Secret(f"{own.url}/1.torrent"))
    with pytest.raises(Refused) as caught:
        await client.download(Secret(f"{inside.url}/api/v2/torrents/delete"))
    assert caught.value.reason == "address_forbidden"
    with pytest.raises(Refused):
        await client.download(Secret("http://169.254.169.254/latest/meta-data"))
    outside = await raw_server(lure)
    redirected = closing(
        FeedClient(FeedSettings("Luring", Secret(f"http://localhost:{outside.port}/")))
    )
    with pytest.raises((Refused, ProtocolViolation)):
        await redirected.fetch()
    assert inside.connections == 0


FRAGMENTS = [
    *(
        b"<rss version='2.0'>",
        b"<channel>",
        b"<item>",
        b"<title>",
        b"</title>",
        b"</item>",
        b"<link>",
        b"</link>",
    ),
    *(
        b"<pubDate>",
        b"</pubDate>",
        b"<enclosure url='",
        b"'/>",
        b"<torznab:attr name='size' value='9'/>",
    ),
    *(
        b"<![CDATA[",
        b"]]>",
        b"&#x0;",
        b"&",
        b"<!--",
        b"-->",
        b"<?xml ",
        b"\xff\xfe",
        b"http://[",
        b"\0",
    ),
    b"Sat, 99 Apr 2015 99:30:46 +9999",
]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=8), max_size=30).map(b"".join))
def test_any_bytes_are_a_feed_or_have_a_name(body: bytes) -> None:
    try:
        parsed = _parse(body, None, URL)
    except Objection:
        return
    assert all(found.title and found.key for found in parsed.items)
