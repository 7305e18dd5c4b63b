from __future__ import annotations

from typing import Any

import httpx
import pytest

from reeld.domain.errors import NotFound, ProtocolViolation, Refused, ServiceDown
from reeld.domain.secret import Secret
from reeld.domain.torrent import InvalidTorrent
from reeld.services.torrents import LinkClient
from reeld.services.transport import Outcome
from reeld.simulators.torrents import Text, single_file

KEY = "0123456789abcdef0123456789abcdef"
URL = f"https://tracker.example/download/7?passkey={KEY}"
TORRENT = single_file("note.txt", Text(b"hello"), announce="http://127.0.0.1:9/announce")


@pytest.fixture
def client(script: Any, closing: Any, witness: Any) -> LinkClient:
    made: LinkClient = closing(LinkClient(observer=witness, transport=script.transport))
    return made


async def test_a_torrent_comes_from_where_a_person_says_that_it_is_and_is_asked_for_once(
    client: LinkClient, script: Any, witness: Any
) -> None:
    script(httpx.Response(200, content=TORRENT.data))
    assert await client.download(Secret(URL)) == TORRENT.data
    assert [str(each.url) for each in script.requests] == [URL]
    assert witness.calls == [("torrents", "download", Outcome.OK)]


async def test_a_redirect_is_followed_and_one_to_a_magnet_link_is_that_link(
    client: LinkClient, script: Any
) -> None:
    magnet = f"magnet:?xt=urn:btih:{'ab' * 20}"
    script(
        httpx.Response(302, headers={"location": "/elsewhere"}),
        httpx.Response(302, headers={"location": magnet}),
    )
    assert await client.download(Secret("https://tracker.example/7")) == magnet.encode()
    assert [each.url.path for each in script.requests] == ["/7", "/elsewhere"]


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (httpx.Response(404), NotFound, "torrent_unavailable"),
        (httpx.Response(403), ProtocolViolation, "unexpected_status"),
        (httpx.Response(200, html="<html>log in</html>"), ProtocolViolation, None),
        (httpx.Response(200, content=b"nothing"), ProtocolViolation, "not_a_torrent"),
        (httpx.Response(200, content=b"d3:fooe"), InvalidTorrent, None),
        (httpx.Response(503), ServiceDown, None),
        (httpx.ConnectError("no"), ServiceDown, None),
        (httpx.Response(302, headers={"location": "/7"}), ProtocolViolation, "redirect_refused"),
        (
            httpx.Response(302, headers={"location": "file:///etc/passwd"}),
            ProtocolViolation,
            "redirect_refused",
        ),
    ],
)
async def test_whatever_else_comes_is_told_without_the_key(
    client: LinkClient, script: Any, answer: Any, error: type[Exception], reason: str | None
) -> None:
    script(answer)
    with pytest.raises(error) as caught:
        await client.download(Secret(URL))
    assert KEY not in str(caught.value)
    assert reason is None or caught.value.reason == reason  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://tracker.example/x.torrent",
        "/etc/passwd",
        "https://",
        "http://[::1",
        "javascript:alert(1)",
        "gopher://127.0.0.1:6379/_FLUSHALL",
    ],
)
async def test_what_is_no_web_address_is_refused_before_anybody_is_asked(
    client: LinkClient, script: Any, url: str
) -> None:
    with pytest.raises(Refused, match="http"):
        await client.download(Secret(url))
    assert script.requests == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:1", "localhost:1", "[::1]:1", "10.0.0.7", "192.168.1.1", "169.254.169.254"],
)
async def test_no_address_of_this_machine_or_this_network_is_reached(
    closing: Any, host: str
) -> None:
    client = closing(LinkClient())
    with pytest.raises(Refused) as caught:
        await client.download(Secret(f"http://{host}/x.torrent"))
    assert caught.value.reason == "address_forbidden"
