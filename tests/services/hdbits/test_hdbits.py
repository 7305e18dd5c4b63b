from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reeld import __version__
from reeld.domain.errors import (
    CredentialsRejected,
    NotFound,
    ProtocolViolation,
    RateLimited,
    Refused,
    ServiceDown,
)
from reeld.domain.secret import Secret
from reeld.domain.settings import HdbitsSettings, InvalidSetting
from reeld.domain.torrent import InvalidTorrent, encode, parse_metainfo
from reeld.services.hdbits import HdbitsClient
from reeld.services.limiter import Limiter, LimiterWait, Pace
from reeld.services.torrents import InfohashMismatch
from reeld.services.transport import Outcome

PASSKEY = "0123456789abcdef0123456789abcdef"
LIMIT_PAGE = "<h1>Error</h1><p>Rate-limit exceeded. Please try again in 15 minutes.</p>"

Make = Callable[..., HdbitsClient]


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "id": 257142,
        "hash": "EABC50AEF9F53CEDED84ADF14144D3368E586F3A",
        "leechers": 1,
        "seeders": 46,
        "name": "Some Movie 1995 1080p Blu-ray x264",
        "size": 1718009717,
        "utadded": 1428179446,
        "numfiles": 1,
        "filename": "Some.Movie.1995.1080p.BluRay.x264-GRP.torrent",
        "freeleech": "no",
        "type_category": 1,
        "type_codec": 1,
        "type_medium": 3,
        "type_origin": 0,
        "imdb": {"id": 113189},
    } | changes


def page(*entries: Any) -> httpx.Response:
    return httpx.Response(200, json={"status": 0, "data": list(entries)})


@pytest.fixture
def make(script: Any, closing: Any, witness: Any) -> Make:
    def build(**changes: Any) -> HdbitsClient:
        settings = HdbitsSettings("me", Secret(PASSKEY), **changes)
        limiter = Limiter("hdbits", Pace(per_second=100, burst=100))
        return closing(
            HdbitsClient(settings, limiter, observer=witness, transport=script.transport)
        )

    return build


async def test_a_search_asks_by_number_and_reads_the_answer(make: Make, script: Any) -> None:
    script(page(entry()))
    found = await make().search("tt0113189")
    (torrent,) = found.torrents
    assert torrent.id == 257142
    assert torrent.title == "Some.Movie.1995.1080p.BluRay.x264-GRP"
    assert torrent.infohash == "eabc50aef9f53ceded84adf14144d3368e586f3a"
    assert torrent.imdb_id == "tt0113189"
    assert (torrent.seeders, torrent.size, found.full) == (46, 1718009717, False)
    assert json.loads(script.bodies[0]) == {
        "username": "me",
        "passkey": PASSKEY,
        "imdb": {"id": 113189},
        "limit": 100,
        "page": 0,
    }
    request = script.requests[0]
    assert (request.method, str(request.url)) == ("POST", "https://hdbits.org/api/torrents")
    assert request.headers["user-agent"] == f"reeld/{__version__}"


async def test_recent_uploads_come_in_pages(make: Make, script: Any) -> None:
    script(page(*[entry(id=number) for number in range(1, 101)]), page(entry()))
    client = make()
    assert (await client.recent()).full
    assert not (await client.recent(page=1)).full
    assert [json.loads(body)["page"] for body in script.bodies] == [0, 1]
    assert "imdb" not in json.loads(script.bodies[0])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": "257142"}, {"id": 257142}),
        ({"size": "5000"}, {"size": 5000}),
        ({"imdb": None}, {"imdb_id": None}),
        ({"imdb": []}, {"imdb_id": None}),
        ({"imdb": {"id": "tt12345678"}}, {"imdb_id": "tt12345678"}),
        ({"imdb": {"id": 7}}, {"imdb_id": "tt0000007"}),
        ({"imdb": {"id": 0}}, {"imdb_id": None}),
        ({"freeleech": "yes"}, {"freeleech": True}),
        ({"type_medium": 5}, {"half_leech": True}),
        ({"type_origin": 1}, {"half_leech": True, "internal": True}),
        ({"type_medium": 1}, {"title": "Some Movie 1995 1080p Blu-ray x264"}),
        ({"type_category": 7}, {"title": "Some Movie 1995 1080p Blu-ray x264"}),
        ({"filename": None}, {"title": "Some Movie 1995 1080p Blu-ray x264"}),
        ({"filename": "A\x00B\nC.torrent"}, {"title": "A B C"}),
        ({"filename": "x" * 900}, {"title": "x" * 512}),
        ({"utadded": None}, {"added_at": None}),
    ],
)
async def test_answers_that_vary_are_read_alike(
    make: Make, script: Any, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    script(page(entry(**changes)))
    (torrent,) = (await make().search("tt0113189")).torrents
    assert {name: getattr(torrent, name) for name in expected} == expected


@pytest.mark.parametrize(
    "broken",
    [
        5,
        {},
        entry(hash="nonsense"),
        entry(hash=None),
        entry(id="x"),
        entry(id=0),
        entry(name="", filename=""),
        entry(seeders="many"),
        entry(size="9" * 5000),
        entry(utadded=10**18),
        entry(freeleech=5),
    ],
)
async def test_a_broken_entry_costs_only_itself(make: Make, script: Any, broken: Any) -> None:
    script(page(broken, entry()))
    found = await make().recent()
    assert (len(found.torrents), found.skipped) == (1, 1)


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (1, ServiceDown, "failure"),
        (2, Refused, "ssl_required"),
        (3, Refused, "question_not_understood"),
        (4, CredentialsRejected, "credentials_rejected"),
        (5, CredentialsRejected, "credentials_rejected"),
        ("5", CredentialsRejected, "credentials_rejected"),
        (6, Refused, "question_not_understood"),
        (7, Refused, "question_not_understood"),
        (8, NotFound, "imdb_unknown"),
        (9, Refused, "imdb_is_tv"),
        (77, ProtocolViolation, "unknown_status"),
        ("x", ProtocolViolation, "unknown_status"),
    ],
)
async def test_every_status_has_a_meaning(
    make: Make, script: Any, status: Any, kind: type[Exception], reason: str
) -> None:
    script(httpx.Response(200, json={"status": status, "message": "whatever"}))
    with pytest.raises(kind) as caught:
        await make().search("tt0113189")
    assert caught.value.reason == reason  # type: ignore[attr-defined]


async def test_a_wrong_passkey_says_what_to_do(make: Make, script: Any, witness: Any) -> None:
    script(httpx.Response(200, json={"status": 5, "message": "Invalid authentication credentials"}))
    with pytest.raises(CredentialsRejected, match=r"hdbits\.username and hdbits\.passkey"):
        await make().check()
    assert witness.calls == [("hdbits", "check", Outcome.CREDENTIALS_REJECTED)]


@pytest.mark.parametrize(
    ("answer", "wait", "reason"),
    [
        (httpx.Response(403, html=LIMIT_PAGE), 900.0, "rate_limited"),
        (httpx.Response(403, html=LIMIT_PAGE.replace("15", "3")), 180.0, "rate_limited"),
        (httpx.Response(403, html="Rate-limit exceeded."), 900.0, "rate_limited"),
        (httpx.Response(403, html="Forbidden"), 3600.0, "forbidden"),
        (httpx.Response(403, html="no", headers={"Retry-After": "60"}), 60.0, "forbidden"),
        (httpx.Response(429, headers={"Retry-After": "61"}), 61.0, "rate_limited"),
    ],
)
async def test_a_403_is_a_rate_limit_and_nothing_is_sent_until_it_ends(
    make: Make, script: Any, answer: httpx.Response, wait: float, reason: str
) -> None:
    script(answer)
    client = make()
    with pytest.raises(RateLimited) as caught:
        await client.recent()
    assert (caught.value.retry_after, caught.value.reason) == (wait, reason)
    with pytest.raises(LimiterWait) as held:
        await client.recent()
    assert held.value.retry_after == pytest.approx(wait, abs=1)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(200, html="<html>Just a moment...</html>"), "html_instead_of_json"),
        (httpx.Response(200, content=b""), "not_json"),
        (httpx.Response(200, json=[]), "unexpected_shape"),
        (httpx.Response(200, json={"status": 0}), "unexpected_shape"),
        (httpx.Response(200, json={"status": 0, "data": {}}), "unexpected_shape"),
        (httpx.Response(200, json={"status": 0, "data": None}), "unexpected_shape"),
        (httpx.Response(404, html="<html>"), "unexpected_status"),
        (httpx.Response(302, headers={"location": "https://evil.example/"}), "redirected"),
    ],
)
async def test_what_is_no_answer_of_the_api_has_a_name(
    make: Make, script: Any, answer: httpx.Response, reason: str
) -> None:
    script(answer)
    with pytest.raises(ProtocolViolation) as caught:
        await make().search("tt0113189")
    assert caught.value.reason == reason
    assert PASSKEY not in str(caught.value)


@pytest.mark.parametrize("imdb_id", ["", "tt", "113189x", "ttabc", "tt0000000"])
async def test_what_is_no_imdb_number_is_not_asked(make: Make, script: Any, imdb_id: str) -> None:
    with pytest.raises(Refused):
        await make().search(imdb_id)
    assert script.requests == []


def torrent_file(name: str = "movie.mkv") -> bytes:
    info = {"name": name, "length": 5, "piece length": 16384, "pieces": b"x" * 20}
    return encode({"announce": f"https://t.example/{PASSKEY}", "info": info})


async def test_a_download_is_the_announced_torrent(
    make: Make, script: Any, caplog: pytest.LogCaptureFixture
) -> None:
    data = torrent_file()
    script(httpx.Response(200, content=data))
    announced = parse_metainfo(data).infohash.client_id.upper()
    with caplog.at_level(logging.DEBUG):
        delivered = await make().download(5, announced=announced)
    assert delivered.data == data
    url = script.requests[0].url
    assert (url.path, dict(url.params)) == ("/download.php", {"id": "5", "passkey": PASSKEY})
    assert PASSKEY not in caplog.text + repr(delivered)


async def test_another_torrent_than_the_announced_one_is_refused(make: Make, script: Any) -> None:
    script(httpx.Response(200, content=torrent_file()))
    with pytest.raises(InfohashMismatch, match="another torrent") as caught:
        await make().download(5, announced="A" * 40)
    assert caught.value.reason == "infohash_mismatch"


async def test_a_hostile_torrent_is_refused_with_its_fault(make: Make, script: Any) -> None:
    script(httpx.Response(200, content=torrent_file("../../etc/passwd")))
    with pytest.raises(InvalidTorrent) as caught:
        await make().download(5, announced="A" * 40)
    assert caught.value.reason == "torrent_unsafe_path"


async def test_a_torrent_counts_as_gone_only_where_hdbits_answers_otherwise(
    make: Make, script: Any
) -> None:
    there = httpx.Response(200, json={"status": 0, "data": []})
    script(httpx.Response(404, html="gone"), there)
    with pytest.raises(NotFound) as gone:
        await make().download(5, announced="A" * 40)
    assert gone.value.reason == "torrent_unavailable"
    script(httpx.Response(404, html="no such page"))
    with pytest.raises(ProtocolViolation, match=r"hdbits\.url"):
        await make().download(5, announced="A" * 40)


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (
            httpx.Response(200, html="<html>log in</html>"),
            ProtocolViolation,
            "html_instead_of_torrent",
        ),
        (httpx.Response(200, content=b""), ProtocolViolation, "not_a_torrent"),
        (httpx.Response(200, content=b"Sorry."), ProtocolViolation, "not_a_torrent"),
        (httpx.Response(200, content=b"d4:info"), InvalidTorrent, "torrent_not_bencoded"),
        (httpx.Response(403, html=LIMIT_PAGE), RateLimited, "rate_limited"),
        (
            httpx.Response(302, headers={"location": f"https://evil.example/?p={PASSKEY}"}),
            ProtocolViolation,
            "redirected",
        ),
        (httpx.Response(500), ServiceDown, "server_error"),
    ],
)
async def test_a_failed_download_has_a_name_and_keeps_the_passkey(
    make: Make, script: Any, answer: httpx.Response, kind: type[Exception], reason: str
) -> None:
    script(answer)
    with pytest.raises(kind) as caught:
        await make().download(5, announced="A" * 40)
    assert caught.value.reason == reason  # type: ignore[attr-defined]
    assert PASSKEY not in str(caught.value)
    assert len(script.requests) == 1


async def test_the_passkey_is_never_sent_unencrypted_to_the_real_site(make: Make) -> None:
    with pytest.raises(InvalidSetting, match="https"):
        make(url="http://hdbits.org")
    make(url="http://127.0.0.1:8000", spacing_seconds=0.0)
