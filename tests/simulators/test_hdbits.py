from __future__ import annotations

import hashlib
from typing import Any

import pytest
import trio

from reeld.domain.torrent import parse_metainfo
from reeld.simulators import FILMS, HdbitsSimulator, Torrent, Upload

FILM = FILMS[0]


@pytest.fixture
def hdbits(movie_torrent: Torrent) -> HdbitsSimulator:
    uploads = [
        Upload(
            id=number,
            torrent=movie_torrent,
            filename=f"Night.1968.{number}.torrent",
            name=f"Night 1968 number {number}",
            film=FILM if number % 2 else None,
            added=1_000_000.0 + number,
        )
        for number in range(1, 8)
    ]
    return HdbitsSimulator(uploads)


def asked(hdbits: HdbitsSimulator, **more: Any) -> dict[str, Any]:
    return {"username": hdbits.username, "passkey": hdbits.passkey, **more}


async def found(client: Any, hdbits: HdbitsSimulator, **more: Any) -> list[int]:
    answer = (await client.post("/api/torrents", json=asked(hdbits, **more))).json()
    assert answer["status"] == 0
    return [row["id"] for row in answer["data"]]


async def test_recent_uploads_come_newest_first_in_pages(
    talk: Any, hdbits: HdbitsSimulator
) -> None:
    async with talk(hdbits) as client:
        assert await found(client, hdbits) == [7, 6, 5, 4, 3, 2, 1]
        assert await found(client, hdbits, limit=3) == [7, 6, 5]
        assert await found(client, hdbits, limit=3, page=2) == [1]
        assert await found(client, hdbits, limit=3, page=9) == []


async def test_a_search_may_be_by_imdb_number_hash_words_and_kinds(
    talk: Any, hdbits: HdbitsSimulator, movie_torrent: Torrent
) -> None:
    async with talk(hdbits) as client:
        assert await found(client, hdbits, imdb={"id": FILM.imdb_number}) == [7, 5, 3, 1]
        assert await found(client, hdbits, imdb={"id": "63350"}) == [7, 5, 3, 1]
        assert len(await found(client, hdbits, hash=movie_torrent.infohash.upper())) == 7
        assert await found(client, hdbits, search="number 4") == [4]
        assert await found(client, hdbits, codec=[5], medium=[]) == []


async def test_a_listed_torrent_has_the_documented_shape(
    talk: Any, hdbits: HdbitsSimulator, movie_torrent: Torrent
) -> None:
    async with talk(hdbits) as client:
        answer = (await client.post("/api/torrents", json=asked(hdbits, limit=2))).json()
    with_imdb, without = answer["data"]
    assert with_imdb["hash"] == movie_torrent.infohash.upper()
    assert with_imdb["filename"] == "Night.1968.7.torrent"
    assert with_imdb["imdb"]["id"] == 63350
    assert with_imdb["added"] == "1970-01-12T13:46:47+0000"
    assert with_imdb["size"] == movie_torrent.size
    assert "imdb" not in without


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 3),
        (b"[]", 3),
        (b"{}", 4),
        (b'{"username":"reeld","passkey":"wrong"}', 5),
    ],
)
async def test_a_wrong_request_is_answered_by_its_status(
    talk: Any, hdbits: HdbitsSimulator, body: bytes, status: int
) -> None:
    async with talk(hdbits) as client:
        answer = await client.post("/api/torrents", content=body)
    assert answer.status_code == 200
    assert answer.json()["status"] == status
    assert "data" not in answer.json()


async def test_a_download_needs_the_passkey_and_an_id(
    talk: Any, hdbits: HdbitsSimulator, movie_torrent: Torrent
) -> None:
    async with talk(hdbits) as client:
        params = {"id": 3, "passkey": hdbits.passkey}
        good = await client.get("/download.php", params=params)
        named = await client.get("/download.php/Night.torrent", params=params)
        stranger = await client.get("/download.php", params={**params, "passkey": "x"})
        unknown = await client.get("/download.php", params={**params, "id": 99})
    assert good.content == named.content == movie_torrent.data
    assert good.headers["content-type"] == "application/x-bittorrent"
    assert (stranger.status_code, stranger.headers["content-type"]) == (200, "text/html")
    assert unknown.status_code == 404


async def test_a_wrong_torrent_or_a_page_can_be_delivered(
    talk: Any, hdbits: HdbitsSimulator, movie_torrent: Torrent
) -> None:
    hdbits.turn(wrong_torrent_next=1, html_download_next=1)
    async with talk(hdbits) as client:
        params = {"id": 3, "passkey": hdbits.passkey}
        page, wrong, right = [await client.get("/download.php", params=params) for _ in range(3)]
    assert page.headers["content-type"] == "text/html"
    assert parse_metainfo(wrong.content).infohash.v1 != movie_torrent.infohash
    assert parse_metainfo(right.content).infohash.v1 == movie_torrent.infohash


async def test_the_rate_limit_is_a_403_page_for_its_time_for_calls_and_downloads_apart(
    talk: Any, hdbits: HdbitsSimulator
) -> None:
    hdbits.turn(api_calls_allowed=1, limit_seconds=0.3)
    async with talk(hdbits) as client:
        await found(client, hdbits)
        limited = [await client.post("/api/torrents", json=asked(hdbits)) for _ in range(2)]
        params = {"id": 3, "passkey": hdbits.passkey}
        assert (await client.get("/download.php", params=params)).status_code == 200
        await trio.sleep(0.4)
        assert await found(client, hdbits)
    assert [answer.status_code for answer in limited] == [403, 403]
    assert "Rate-limit exceeded. Please try again in 15 minutes." in limited[0].text


async def test_its_answers_can_be_odd(talk: Any, hdbits: HdbitsSimulator) -> None:
    hdbits.turn(ids_as_text=True, lower_case_hashes=True, no_imdb=True)
    async with talk(hdbits) as client:
        row = (await client.post("/api/torrents", json=asked(hdbits))).json()["data"][0]
        shapes = []
        for shape in ("object", "null", "missing"):
            hdbits.turn(data_as=shape)
            answer = (await client.post("/api/torrents", json=asked(hdbits))).json()
            shapes.append(answer.get("data", "missing"))
        hdbits.turn(status_next=1, status=8)
        failed = (await client.post("/api/torrents", json=asked(hdbits))).json()
    assert row["id"] == "7"
    assert row["hash"].islower()
    assert "imdb" not in row
    assert shapes == [{}, None, "missing"]
    assert failed["status"] == 8


async def test_calls_and_the_gaps_between_them_are_counted(
    talk: Any, hdbits: HdbitsSimulator
) -> None:
    assert hdbits.shortest_gap == float("inf")
    async with talk(hdbits) as client:
        await found(client, hdbits)
        await trio.sleep(0.2)
        await client.get("/download.php", headers={"user-agent": "reeld/1"})
        hdbits.turn(fail_next=1)
        await trio.sleep(0.3)
        await client.post("/api/torrents")
    assert [call.kind for call in hdbits.calls] == ["api", "download", "api"]
    assert hdbits.calls[1].user_agent == "reeld/1"
    assert 0.2 <= hdbits.shortest_gap < 0.3


async def test_a_name_may_be_hostile(talk: Any, movie_torrent: Torrent) -> None:
    name = "../" + "é" * 300 + '"\0.torrent'
    upload = Upload(1, movie_torrent, name, name, None, 1.0)
    hdbits = HdbitsSimulator([upload])
    async with talk(hdbits) as client:
        row = (await client.post("/api/torrents", json=asked(hdbits))).json()["data"][0]
        params = {"id": 1, "passkey": hdbits.passkey}
        download = await client.get("/download.php", params=params)
    assert row["filename"] == name
    assert hashlib.sha1(download.content).digest() == hashlib.sha1(movie_torrent.data).digest()
