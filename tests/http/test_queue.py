from __future__ import annotations

from typing import Any

import pytest
import trio

from reeld.domain.history import HistoryKind
from reeld.domain.movie import NewMovie
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.storage import Database
from reeld.storage.repositories import history, movies
from reeld.storage.work import submit


@pytest.fixture
async def movie_id(database: Database) -> int:
    async with database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(tmdb_id=603, title="The Matrix", year=1999))
    return movie.id


async def dead_work(daemon: Any, database: Database) -> int:
    """Work of a kind that this version does not know dies at once."""
    async with database.transaction() as conn:
        await submit(conn, WorkRequest(Queue.QBIT, WorkKind.SEARCH_MOVIE, {"movie_id": 1}))
    await daemon.http.post("/control/actors/qbit/poll")
    with trio.fail_after(10):
        while not (found := (await daemon.http.get("/api/work?state=dead")).json()):
            await trio.sleep(0.05)
    return int(found[0]["id"])


async def test_an_idle_daemon_has_an_empty_queue(running_daemon: Any) -> None:
    assert (await running_daemon.http.get("/api/queue")).json() == []
    status = (await running_daemon.http.get("/api/queue/status")).json()
    assert status["downloads"] == {}
    assert set(status["movies"].values()) == {0}
    assert (status["speed"], status["remaining_bytes"]) == (0, 0)


async def test_a_download_is_shown_with_its_progress(daemon: Any, world: Any) -> None:
    world.qbittorrent.turn(download_seconds=60)
    await daemon.http.post("/api/movies", json={"tmdb_id": world.films[0].tmdb_id})
    with trio.fail_after(30):
        while True:
            queue = (await daemon.http.get("/api/queue")).json()
            if queue and queue[0]["progress"] > 0:
                break
            await trio.sleep(0.05)
    (download,) = queue
    assert download["movie_title"] == world.films[0].title
    assert download["state"] == "downloading"
    assert 0 < download["downloaded"] < download["size"]
    status = (await daemon.http.get("/api/queue/status")).json()
    assert status["downloads"] == {"downloading": 1}
    assert status["movies"]["downloading"] == 1
    assert status["remaining_bytes"] > 0


async def test_history_is_read_page_by_page_without_a_gap_or_a_repeat(
    running_daemon: Any, database: Database, movie_id: int
) -> None:
    async with database.transaction() as conn:
        for number in range(7):
            # In one transaction all rows have the same time: the number alone tells them apart.
            await history.append(conn, movie_id, HistoryKind.SEARCHED, data={"number": number})
    seen: list[int] = []
    before = None
    while True:
        parameters = {"limit": 3} | ({"before": before} if before else {})
        page = (await running_daemon.http.get("/api/history", params=parameters)).json()
        seen += [entry["data"]["number"] for entry in page["entries"]]
        before = page["next"]
        if before is None:
            break
    assert seen == [6, 5, 4, 3, 2, 1, 0]


async def test_history_is_filtered_by_movie_and_kind(
    running_daemon: Any, database: Database, movie_id: int
) -> None:
    async with database.transaction() as conn:
        await history.append(conn, movie_id, HistoryKind.SEARCHED)
        await history.append(conn, movie_id, HistoryKind.GRABBED)
    get = running_daemon.http.get
    kinds = (await get("/api/history", params={"kind": "grabbed"})).json()["entries"]
    assert [entry["kind"] for entry in kinds] == ["grabbed"]
    assert len((await get(f"/api/history?movie_id={movie_id}")).json()["entries"]) == 2
    assert (await get(f"/api/history?movie_id={movie_id}&kind=imported")).json()["entries"] == []
    nobodys = await get(f"/api/history?movie_id={movie_id + 1}")
    assert (nobodys.status_code, nobodys.json()["errors"][0]["field"]) == (422, "movie_id")


async def test_a_cursor_that_was_made_up_is_refused(running_daemon: Any) -> None:
    # Not base64, not text, an array of other things, a number beyond any row, and a NUL.
    for cursor in (
        "zzz",
        "%C3%A9",
        "WzFd",
        "WyJ4IiwxXQ",
        "WyIyMDI2LTAxLTAxVDAwOjAwOjAwWiIsMTBlNDBd",
        "%00",
    ):
        answer = await running_daemon.http.get(f"/api/history?before={cursor}")
        assert (answer.status_code, answer.json()["reason"]) == (422, "bad_cursor"), cursor


async def test_dead_work_says_why_it_died_and_can_be_tried_again_or_discarded(
    running_daemon: Any, database: Database
) -> None:
    post, http = running_daemon.http.post, running_daemon.http
    number = await dead_work(running_daemon, database)
    (item,) = (await http.get("/api/work", params={"state": "dead", "queue": "qbit"})).json()
    assert item["reason"] == "unknown_work"
    assert item["sentence"]
    assert (await http.get("/api/work", params={"state": "dead", "queue": "rss"})).json() == []

    await post("/control/actors/qbit/pause")
    retried = await post(f"/api/work/{number}/retry")
    assert (retried.status_code, retried.json()["state"]) == (200, "available")
    again = await post(f"/api/work/{number}/retry")
    assert (again.status_code, again.json()["reason"]) == (422, "not_dead")
    discarded = await http.post(f"/api/work/{number}/discard")
    assert (discarded.status_code, discarded.json()["state"]) == (200, "cancelled")
    gone = await http.post(f"/api/work/{number}/discard")
    assert (gone.status_code, gone.json()["reason"]) == (422, "not_discardable")


async def test_work_that_does_not_exist_is_not_found(running_daemon: Any) -> None:
    for number in (0, 4711, 10**30):
        assert (await running_daemon.http.post(f"/api/work/{number}/retry")).status_code == 404
        assert (await running_daemon.http.post(f"/api/work/{number}/discard")).status_code == 404


async def test_a_state_that_does_not_exist_is_refused_by_its_name(running_daemon: Any) -> None:
    answer = await running_daemon.http.get("/api/work?state=bogus")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "state")
