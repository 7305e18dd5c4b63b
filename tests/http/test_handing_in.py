"""Torrents that people hand in: `POST /api/downloads` with a magnet link, an address or a .torrent."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from reeld.domain.torrent import InfoHash, Magnet
from reeld.simulators.offers import Source

PASSKEY = "0123456789passkey"


async def until(holds: Callable[[], Awaitable[Any]]) -> Any:
    with trio.fail_after(30):
        while not (found := await holds()):
            await trio.sleep(0.05)
        return found


@pytest.fixture
def release(world: Any) -> Any:
    """One that HDBits has as well, which nobody looks for there."""
    film = world.films_from(Source.HDBITS)[0]
    return next(each for each in world.releases_of(film) if each.offer.flaw is None)


@pytest.fixture
async def movie(daemon: Any, release: Any) -> int:
    """The movie of that release, in the library without a file and not monitored."""
    order = {"tmdb_id": release.offer.film.tmdb_id, "monitored": False}
    return int((await daemon.http.post("/api/movies", json=order)).json()["id"])


def magnet_of(release: Any) -> str:
    tracker = f"http://127.0.0.1:9/{PASSKEY}/announce"
    return Magnet(InfoHash(release.torrent.infohash, None), release.offer.name, (tracker,)).uri


def in_base64(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def problem_of(answer: Any) -> tuple[int, str, list[str]]:
    problem = answer.json()
    return (
        answer.status_code,
        problem["reason"],
        [each["field"] for each in problem.get("errors", [])],
    )


@pytest.mark.parametrize("kind", ["magnet", "torrent"])
async def test_what_is_handed_in_is_recognised_by_its_name_and_filed_into_the_library(
    daemon: Any, world: Any, release: Any, movie: int, kind: str
) -> None:
    http = daemon.http
    sent = magnet_of(release) if kind == "magnet" else in_base64(release.torrent.data)
    answer = await http.post("/api/downloads", json={kind: sent})
    assert answer.status_code == 201, answer.text
    download = answer.json()
    assert (download["movie_id"], download["indexer"]) == (movie, "pushed")
    assert download["release_title"] == release.torrent.name
    assert PASSKEY not in answer.text

    async def is_there() -> bool:
        return bool((await http.get(f"/api/movies/{movie}")).json()["stage"] == "in_library")

    await until(is_there)
    page = (await http.get("/api/history", params={"movie_id": movie})).json()
    kinds = [each["kind"] for each in page["entries"]]
    assert kinds.count("grabbed") == kinds.count("imported") == 1
    assert len(world.qbittorrent.torrents) == 1


async def test_the_same_torrent_is_taken_once_whoever_hands_it_in(
    daemon: Any, world: Any, release: Any, movie: int
) -> None:
    world.qbittorrent.turn(download_seconds=600)
    headers = {"Idempotency-Key": "mine"}
    order = {"magnet": magnet_of(release), "movie_id": movie}
    first = await daemon.http.post("/api/downloads", json=order, headers=headers)
    again = await daemon.http.post("/api/downloads", json=order, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert first.json()["id"] == again.json()["id"]
    for sent in ({"magnet": magnet_of(release)}, {"torrent": in_base64(release.torrent.data)}):
        taken = await daemon.http.post("/api/downloads", json=sent)
        assert problem_of(taken) == (409, "torrent_taken", [])
        assert f"download {first.json()['id']} of movie {movie}" in taken.json()["detail"]
    assert len((await daemon.http.get("/api/downloads")).json()) == 1


async def test_the_movie_that_a_person_names_counts_whatever_the_torrent_is_called(
    daemon: Any, world: Any, release: Any, movie: int
) -> None:
    world.qbittorrent.turn(download_seconds=600)
    name = "Something.Else.2001.1080p.BluRay.x264-GRP"
    magnet = Magnet(InfoHash("ab" * 20, None), name).uri
    unknown = await daemon.http.post("/api/downloads", json={"magnet": magnet})
    assert problem_of(unknown) == (422, "movie_unknown", [])
    named = await daemon.http.post("/api/downloads", json={"magnet": magnet, "movie_id": movie})
    assert (named.status_code, named.json()["movie_id"]) == (201, movie), named.text
    missing = {"magnet": Magnet(InfoHash("cd" * 20, None), name).uri, "movie_id": 4711}
    assert problem_of(await daemon.http.post("/api/downloads", json=missing))[:2] == (
        404,
        "not_found",
    )


async def test_rules_hold_for_what_is_handed_in_unless_it_is_forced(
    daemon: Any, world: Any, release: Any, movie: int
) -> None:
    world.qbittorrent.turn(download_seconds=600)
    title = release.offer.film.title.replace(" ", ".")
    name = f"{title}.{release.offer.film.year}.COMPLETE.BLURAY-GRP"
    order: dict[str, Any] = {"magnet": Magnet(InfoHash("ab" * 20, None), name).uri}
    refused = await daemon.http.post("/api/downloads", json=order)
    assert problem_of(refused) == (422, "rejected", [])
    assert "force" in refused.json()["detail"]
    forced = await daemon.http.post("/api/downloads", json=order | {"force": True})
    assert (forced.status_code, forced.json()["movie_id"]) == (201, movie), forced.text


WRONG: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({}, "invalid_field", "body"),
    ({"movie_id": 1}, "invalid_field", "body"),
    ({"magnet": "magnet:?xt=urn:btih:zz", "torrent": "eA=="}, "invalid_field", "body"),
    ({"release_id": 1, "url": "https://example.org"}, "invalid_field", "body"),
    ({"magnet": "magnet:?xt=urn:btih:zz"}, "magnet_invalid", "magnet"),
    ({"magnet": "https://example.org/x.torrent"}, "torrent_unreadable", "magnet"),
    ({"torrent": "not base64!"}, "torrent_unreadable", "torrent"),
    ({"torrent": "bm90aGluZw=="}, "torrent_unreadable", "torrent"),
    ({"url": "file:///etc/passwd"}, "torrent_unreadable", "url"),
    ({"url": f"http://127.0.0.1:9/{PASSKEY}.torrent"}, "torrent_unreadable", "url"),
    ({"url": "http://169.254.169.254/latest"}, "torrent_unreadable", "url"),
)


async def test_what_is_no_torrent_is_refused_by_the_field_that_is_wrong(
    running_daemon: Any,
) -> None:
    http = running_daemon.http
    for body, reason, field in WRONG:
        answer = await http.post("/api/downloads", json=body)
        assert problem_of(answer) == (422, reason, [field]), answer.text
        assert PASSKEY not in answer.text
    assert (await http.get("/api/downloads")).json() == []
    # One may be larger than other bodies, and not without end.
    for megabytes, status in ((2, 422), (5, 413)):
        body = {"torrent": "AAAA" * (megabytes * 1024 * 256)}
        assert (await http.post("/api/downloads", json=body)).status_code == status
