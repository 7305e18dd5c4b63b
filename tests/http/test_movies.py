from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import trio

from reeld.simulators.offers import Source

MALFORMED = [
    ({}, "tmdb_id", "is missing"),
    ({"tmdb_id": "six"}, "tmdb_id", "whole number"),
    ({"tmdb_id": 0}, "tmdb_id", "at least 1"),
    ({"tmdb_id": 10**30}, "tmdb_id", "at most "),
    ({"tmdb_id": 603, "year": 3}, "year", "at least 1870"),
    ({"tmdb_id": 603, "title": ""}, "title", "at least 1 character"),
    ({"tmdb_id": 603, "monitored": "yes"}, "monitored", "true or false"),
    ({"tmdb_id": 603, "colour": "red"}, "colour", "there are: minimum_availability, "),
    ([], "body", "object"),
]


async def until(
    ask: Callable[[], Awaitable[httpx.Response]], holds: Callable[[Any], bool], seconds: float = 30
) -> Any:
    with trio.fail_after(seconds):
        while not holds(body := (await ask()).json()):
            await trio.sleep(0.05)
    return body


async def add(daemon: Any, film: Any) -> int:
    answer = await daemon.http.post("/api/movies", json={"tmdb_id": film.tmdb_id})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def test_a_malformed_movie_is_refused_with_the_field_and_what_is_wrong_with_it(
    daemon: Any,
) -> None:
    for body, field, complaint in MALFORMED:
        answer = await daemon.http.post("/api/movies", json=body)
        assert answer.status_code == 400, body
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["reason"] == "invalid_request"
        assert problem["errors"][0]["field"] == field, body
        assert complaint in problem["errors"][0]["message"], body
        assert field in problem["detail"]


async def test_what_is_no_json_is_refused(daemon: Any) -> None:
    for body in (b"", b"{", b"<movie/>", b'{"tmdb_id": 1, "title": "\\ud800"}', b"\xff\xfe"):
        answer = await daemon.http.post("/api/movies", content=body)
        assert answer.status_code == 400, body
        assert answer.json()["detail"]


async def test_a_body_that_is_too_large_is_not_read(daemon: Any) -> None:
    host, port = daemon.started.url.removeprefix("http://").split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        head = f"POST /api/movies HTTP/1.1\r\nHost: x\r\nX-Api-Key: {daemon.http.headers['x-api-key']}\r\n"
        await stream.send_all(f"{head}Content-Length: 200000000\r\n\r\n{{".encode())
        with trio.fail_after(5):
            said = await stream.receive_some()
    assert said.startswith(b"HTTP/1.1 413")
    assert b"A body has at most 1 MiB here. Send less." in said
    assert b'"body_too_large"' in said


async def test_a_movie_is_wanted_once(daemon: Any, world: Any) -> None:
    film = world.films[0]
    first = await daemon.http.post("/api/movies", json={"tmdb_id": film.tmdb_id})
    assert first.status_code == 201
    assert (first.json()["title"], first.json()["year"]) == (film.title, film.year)
    assert first.json()["stage"] == "wanted"
    again = await daemon.http.post("/api/movies", json={"tmdb_id": film.tmdb_id})
    assert again.status_code == 200
    assert again.json()["id"] == first.json()["id"]


async def test_a_movie_that_tmdb_does_not_know_is_not_found(daemon: Any) -> None:
    answer = await daemon.http.post("/api/movies", json={"tmdb_id": 99_999_999})
    assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")


async def test_a_profile_that_does_not_exist_is_refused_with_those_that_do(daemon: Any) -> None:
    answer = await daemon.http.post("/api/movies", json={"tmdb_id": 1, "profile": "Best"})
    assert (answer.status_code, answer.json()["reason"]) == (422, "no_such_profile")
    assert "HD-1080p" in answer.json()["detail"]


async def test_with_a_title_a_movie_is_wanted_while_tmdb_is_down(daemon: Any, world: Any) -> None:
    film = world.films[0]
    world.tmdb.turn(down_for=60)
    body = {"tmdb_id": film.tmdb_id, "title": film.title, "year": film.year}
    answer = await daemon.http.post("/api/movies", json=body)
    assert answer.status_code == 201
    assert answer.json()["title"] == film.title


async def test_while_tmdb_is_down_the_answer_says_so(daemon: Any, world: Any) -> None:
    world.tmdb.turn(down_for=60)
    answer = await daemon.http.post("/api/movies", json={"tmdb_id": 603})
    assert answer.status_code in {502, 503}
    assert answer.headers["content-type"] == "application/problem+json"
    assert "TMDB" in answer.json()["detail"]


async def test_without_tmdb_the_answer_says_what_to_set(running_daemon: Any) -> None:
    answer = await running_daemon.http.post("/api/movies", json={"tmdb_id": 603})
    assert (answer.status_code, answer.json()["reason"]) == (503, "not_configured")
    assert int(answer.headers["retry-after"]) > 0


async def test_movies_are_found_by_title(daemon: Any, world: Any) -> None:
    film = world.films[0]
    answer = await daemon.http.get("/api/movies/find", params={"query": film.title})
    assert film.tmdb_id in [hit["tmdb_id"] for hit in answer.json()["movies"]]
    for query in ("", "?query=", "?query=x&year=99999999999"):
        refused = await daemon.http.get(f"/api/movies/find{query}")
        assert refused.status_code == 400
        assert "query" in refused.text or "year" in refused.text


async def test_movies_are_listed_in_pages(daemon: Any, world: Any) -> None:
    ids = [await add(daemon, film) for film in world.films[:5]]
    seen: list[int] = []
    after: int | str | None = 0
    while after is not None:
        page = (await daemon.http.get("/api/movies", params={"after": after, "limit": 2})).json()
        seen += [movie["id"] for movie in page["movies"]]
        after = page["next"]
    assert seen == sorted(ids)


async def test_a_query_that_makes_no_sense_is_refused(running_daemon: Any) -> None:
    for query in ("stage=bogus", "limit=0", "limit=1001", "limit=x", "sort=size"):
        answer = await running_daemon.http.get(f"/api/movies?{query}&text=do-not-repeat")
        assert answer.status_code == 400, query
        assert answer.json()["errors"][0]["field"] == query.partition("=")[0]
        assert "do-not-repeat" not in answer.text
    unknown = await running_daemon.http.get("/api/movies?secret=do-not-repeat")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "secret")
    assert "do-not-repeat" not in unknown.text


async def test_a_movie_that_does_not_exist_is_not_found(running_daemon: Any) -> None:
    get, post = running_daemon.http.get, running_daemon.http.post
    for number in (0, -1, 77, 10**30):
        for answer in (
            await get(f"/api/movies/{number}"),
            await get(f"/api/movies/{number}/releases"),
            await post(f"/api/movies/{number}/search"),
        ):
            assert (answer.status_code, answer.json()["reason"]) == (404, "not_found"), number


async def test_the_way_of_a_movie_into_the_library_is_shown_and_explained(
    daemon: Any, world: Any
) -> None:
    """One movie from HDBits: its releases with verdicts, the queue, the file, and what happened."""
    film = world.films_from(Source.HDBITS)[0]
    number = await add(daemon, film)
    movie = await until(
        lambda: daemon.http.get(f"/api/movies/{number}"), lambda each: each["stage"] == "in_library"
    )
    assert movie["progress"] == 1.0
    (file,) = movie["files"]
    assert file["link"] == "hardlink"
    assert film.title in file["path"]

    releases = (await daemon.http.get(f"/api/movies/{number}/releases")).json()
    assert {each["source"] for each in releases} == {"hdbits"}
    taken = next(each for each in releases if each["title"] == file["release"])
    assert taken["verdict"]["quality"] == file["quality"]
    refused = [each for each in releases if each["verdict"] and not each["verdict"]["accepted"]]
    assert refused
    for each in refused:
        assert each["verdict"]["rejections"][0]["reason"]
        assert each["verdict"]["rejections"][0]["sentence"]

    story = (await daemon.http.get("/api/history", params={"movie_id": number})).json()["entries"]
    kinds = [entry["kind"] for entry in reversed(story)]
    assert kinds[0] == "added"
    assert kinds[-1] == "imported"
    assert {"searched", "grabbed", "downloaded"} <= set(kinds)
    assert (await daemon.http.get("/api/queue")).json() == []
    for secret in (world.hdbits.passkey, world.tmdb.token, world.qbittorrent.credentials[1]):
        assert secret not in str([movie, releases, story])


async def test_a_search_is_asked_for_once(daemon: Any, world: Any) -> None:
    for searcher in ("hdbits", "indexers"):
        await daemon.http.post(f"/control/actors/{searcher}/pause")
    number = await add(daemon, world.films[0])
    asked = [
        (await daemon.http.post(f"/api/movies/{number}/search")).json()["queued"] for _ in range(2)
    ]
    assert asked[-1] is False


async def test_a_movie_that_is_not_monitored_arrives_when_a_person_has_it_searched(
    daemon: Any, world: Any
) -> None:
    film = world.films_from(Source.HDBITS)[0]
    body = {"tmdb_id": film.tmdb_id, "monitored": False}
    number = (await daemon.http.post("/api/movies", json=body)).json()["id"]
    path = f"/api/movies/{number}"
    movie = await until(lambda: daemon.http.get(path), lambda each: each["stage"] == "searched")
    assert movie["files"] == []
    assert (await daemon.http.post(f"{path}/search")).status_code == 202
    await until(lambda: daemon.http.get(path), lambda each: each["stage"] == "in_library")
