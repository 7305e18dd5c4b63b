"""What would be taken, what was and why, and releases that a person chooses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import trio

from reeld.simulators.offers import Source

LONG = 30.0


async def until(ask: Callable[[], Awaitable[httpx.Response]], holds: Callable[[Any], bool]) -> Any:
    with trio.fail_after(LONG):
        while not holds(body := (await ask()).json()):
            await trio.sleep(0.05)
    return body


async def add(daemon: Any, film: Any, **more: Any) -> int:
    answer = await daemon.http.post("/api/movies", json={"tmdb_id": film.tmdb_id, **more})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def test_a_person_searches_looks_chooses_and_sees_what_was_decided(
    daemon: Any, world: Any
) -> None:
    film = world.films_from(Source.HDBITS)[0]
    number = await add(daemon, film, monitored=False)
    path = f"/api/movies/{number}"
    await until(lambda: daemon.http.get(path), lambda movie: movie["stage"] == "searched")
    found = (await daemon.http.get("/api/releases", params={"movieId": number})).json()
    assert found["searched"]["outcome"] == "done"
    releases = found["explanation"]["releases"]
    assert len(releases) == len(world.releases_of(film))
    assert [each["rank"] for each in releases if each["accepted"]] == sorted(
        each["rank"] for each in releases if each["accepted"]
    )
    best = releases[0]
    assert best["accepted"]
    assert best["understood"]["year"] == film.year
    assert {ruling["rule"] for ruling in best["rulings"]} >= {"movie_match", "seeders", "queue"}
    assert found["offers"][str(best["release_id"])]["source"] == "hdbits"
    assert (await daemon.http.get("/api/queue")).json() == [], "looking takes nothing"
    cached = await daemon.http.get("/api/releases", params={"movieId": number, "cached": True})
    assert cached.json()["searched"]["outcome"] == "not_asked"
    assert len(cached.json()["explanation"]["releases"]) == len(releases)
    order = {"name": "looker", "scope": "read"}
    key = {"X-Api-Key": (await daemon.http.post("/api/keys", json=order)).json()["key"]}
    looked = await daemon.stranger.get("/api/releases", params={"movieId": number}, headers=key)
    assert looked.json()["searched"]["outcome"] == "not_asked", (
        "a search uses up what trackers allow"
    )
    asked = await daemon.stranger.post("/api/decide", json={"name": best["title"]}, headers=key)
    assert asked.status_code == 200, "it is a question"

    bad = next(each for each in releases if not each["accepted"])
    grabbed = await daemon.http.post(f"/api/releases/{best['release_id']}/grab", json={})
    assert grabbed.status_code == 201, grabbed.text
    again = await daemon.http.post(f"/api/releases/{bad['release_id']}/grab", json={"force": True})
    assert (again.status_code, again.json()["reason"]) == (422, "already_acquiring")
    await until(lambda: daemon.http.get(path), lambda movie: movie["stage"] == "in_library")
    page = (await daemon.http.get(f"{path}/decisions")).json()
    chosen = next(each for each in page["decisions"] if each["release_id"] == best["release_id"])
    assert chosen["cause"] == "person"
    assert chosen["explanation"]["taken"] == best["release_id"]
    for secret in (world.hdbits.passkey, world.tmdb.token, world.qbittorrent.credentials[1]):
        assert secret not in str([found, page])
    refused = await daemon.http.post(f"/api/releases/{best['release_id']}/grab", json={})
    assert (refused.status_code, refused.json()["reason"]) == (422, "rejected")
    assert "came from this release" in refused.json()["detail"]


async def test_what_would_be_decided_about_a_name_is_told_for_a_movie_of_the_library_or_any(
    daemon: Any, world: Any
) -> None:
    film = world.films[0]
    name = f"{film.title.replace(' ', '.')}.{film.year}.1080p.BluRay.x264-GRP"
    stranger = (await daemon.http.post("/api/decide", json={"name": name})).json()
    assert (stranger["movie_id"], stranger["movie_title"]) == (0, film.title)
    number = await add(daemon, film)
    named = {"name": name, "movie": f"{film.title} ({film.year})", "profile": "SD"}
    answer = await daemon.http.post("/api/decide", json=named)
    assert answer.status_code == 200, answer.text
    (release,) = answer.json()["releases"]
    assert answer.json()["movie_id"] == number
    assert not release["accepted"]
    rejected = [each for each in release["rulings"] if each["outcome"] == "rejected"]
    assert "quality_not_wanted" in {each["reason"] for each in rejected}


async def test_what_makes_no_sense_is_refused_with_the_field(running_daemon: Any) -> None:
    http = running_daemon.http
    for body, field in (
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 513}, "name"),
        ({"name": "x", "size": -1}, "size"),
        ({"name": "x", "movie_id": 0}, "movie_id"),
        ({"name": "x", "colour": "red"}, "colour"),
    ):
        answer = await http.post("/api/decide", json=body)
        assert answer.status_code == 400, body
        assert answer.json()["errors"][0]["field"] == field, body
    for body, status, reason in (
        ({"name": "x", "movie_id": 9}, 404, "not_found"),
        ({"name": "x", "movie": "Nowhere"}, 404, "not_found"),
        ({"name": "x", "profile": "Nowhere"}, 422, "no_such_profile"),
    ):
        answer = await http.post("/api/decide", json=body)
        assert (answer.status_code, answer.json()["reason"]) == (status, reason), body
    assert (await http.get("/api/releases", params={"movieId": 9})).status_code == 404
    nothing = await http.get("/api/releases")
    assert (nothing.status_code, "movieId" in nothing.json()["detail"]) == (400, True)
    assert (await http.post("/api/releases/9/grab", json={})).status_code == 404
    assert (await http.get("/api/movies/9/decisions")).status_code == 404


async def test_a_name_of_control_characters_and_every_script_is_decided_about(
    running_daemon: Any,
) -> None:
    for name in ("\x07\x1b[31m", "\u202eeivom", "夜 1968 1080p", "\ud7ff" * 512, "." * 512):
        answer = await running_daemon.http.post("/api/decide", json={"name": name})
        assert answer.status_code == 200, (name, answer.text)
        assert answer.json()["releases"][0]["rulings"]


async def test_an_indexer_that_cannot_be_asked_is_named_and_what_is_known_is_shown(
    daemon: Any, world: Any
) -> None:
    film = world.films_from(Source.HDBITS)[0]
    number = await add(daemon, film, monitored=False)
    path = f"/api/movies/{number}"
    await until(lambda: daemon.http.get(path), lambda movie: movie["stage"] == "searched")
    world.hdbits.turn(down_for=60)
    params = {"movieId": number, "seconds": 5}
    found = (await daemon.http.get("/api/releases", params=params)).json()
    assert found["searched"]["outcome"] in {"failed", "late"}
    assert found["searched"]["sentence"]
    assert found["explanation"]["releases"], "what was found before is not shown"
