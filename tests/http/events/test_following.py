"""Following live events of a whole daemon over real sockets."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio

from reeld.domain.history import EventKind
from reeld.http.events import clients as clients_module
from reeld.http.events import subscription
from reeld.http.events.subscription import Ending
from reeld.storage import Database
from reeld.storage.events import append

PATIENCE_SECONDS = 30
DAEMON_KEY = "the-key-of-the-tests"

DOWNLOADS = """
WITH wanted AS (
    INSERT INTO movie (tmdb_id, title, profile, stage)
    SELECT n, 'Movie ' || n, 'Any', 'downloading' FROM generate_series(1, 3) n RETURNING id, title
), offered AS (
    INSERT INTO release (source, indexer, guid, title, movie_id)
    SELECT 'rss', 'feed', id, title, id FROM wanted RETURNING id, title, movie_id
)
INSERT INTO acquisition (movie_id, release_id, source, indexer, title, state, torrent, infohash)
SELECT movie_id, id, 'rss', 'feed', title, 'downloading', '', lpad(id::text, 40, '0') FROM offered
"""


async def tell(
    database: Database,
    *numbers: int,
    kind: EventKind = EventKind.MOVIE_SEARCHED,
    padding: str = "",
) -> None:
    """Commit events that no actor works on."""
    async with database.transaction() as conn:
        for number in numbers:
            await append(conn, kind, number, {"movie_id": number, "padding": padding})


def numbers_of(frames: list[dict[str, Any]]) -> list[int]:
    return [each["data"]["movie_id"] for each in frames if each["topic"] != "stream"]


async def receive(socket: Any, many: int) -> list[dict[str, Any]]:
    return [await socket.receive() for _ in range(many)]


def kinds_of(frames: list[dict[str, Any]]) -> list[str]:
    return [each["kind"] for each in frames]


async def test_what_is_committed_is_told_in_order_with_its_place(
    served: Any, database: Database, connect: Any
) -> None:
    async with connect(served.url, "?topics=movie") as socket:
        assert kinds_of(await socket.until("current")) == ["hello", "current"]
        await tell(database, 11)
        await tell(database, 12, 13)
        seen = await receive(socket, 3)
    assert numbers_of(seen) == [11, 12, 13]
    assert kinds_of(seen) == ["movie.searched"] * 3
    places = [each["seq"] for each in seen]
    assert places == sorted(set(places))
    assert all(each["at"] for each in seen)


async def test_a_client_that_was_away_is_told_everything_after_what_it_saw_last(
    served: Any, database: Database, connect: Any
) -> None:
    url = served.url
    async with connect(url, "?topics=movie") as socket:
        await socket.until("current")
        await tell(database, 1)
        last = (await socket.receive())["seq"]
    await tell(database, *range(2, 500))
    async with connect(url, f"?since={last}&topics=movie") as socket:
        await tell(database, 500)
        frames = []
        while 500 not in numbers_of(frames) or "current" not in kinds_of(frames):
            frames.append(await socket.receive())
        assert numbers_of(frames) == list(range(2, 501))
        # On the open socket the same may be asked for again, with other topics.
        await socket.send({"since": last, "topics": ["download", "movie"]})
        assert numbers_of([f for f in await socket.until("current") if f["topic"] == "movie"]) == (
            list(range(2, 501))
        )


async def test_no_event_is_missed_or_told_twice_while_a_client_resumes_again_and_again(
    served: Any, database: Database, connect: Any
) -> None:
    url, seen, last = served.url, [], 0

    async def write() -> None:
        for number in range(150):
            await tell(database, number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        while len(seen) < 150:
            async with connect(url, f"?since={last}&topics=movie") as socket:
                for _ in range(12):
                    frame = await socket.receive()
                    if frame["topic"] == "movie":
                        seen.append(frame["data"]["movie_id"])
                        last = frame["seq"]
                    if len(seen) == 150:
                        break
    assert seen == list(range(150))


async def test_topics_are_changed_on_an_open_socket(
    served: Any, database: Database, connect: Any
) -> None:
    async with connect(served.url, "?topics=movie") as socket:
        await socket.until("current")
        await socket.send({"topics": ["work"]})
        hello, *_ = await socket.until("current")
        assert hello["data"]["topics"] == ["work"]
        await tell(database, 1)
        await tell(database, 2, kind=EventKind.WORK_DEAD)
        assert (await socket.receive())["kind"] == "work.dead"


async def test_a_message_that_is_none_is_answered_and_changes_nothing(
    served: Any, database: Database, connect: Any
) -> None:
    async with connect(served.url, "?topics=movie") as socket:
        await socket.until("current")
        for message in (
            "{",
            '"x"',
            '{"since": -1}',
            '{"topics": ["all"]}',
            '{"more": 1}',
            "[" * 9000,
        ):
            await socket.send(message)
            frame = await socket.receive()
            assert (frame["kind"], frame["data"]["reason"]) == ("error", "question_not_understood")
        await tell(database, 1)
        assert (await socket.receive())["kind"] == "movie.searched"
        await socket.send('"' + "x" * 20_000 + '"')
        assert await socket.code() == 1009


async def test_what_is_not_kept_any_more_is_told_as_a_gap(
    served: Any, database: Database, connect: Any
) -> None:
    url = served.url
    await tell(database, *range(1, 6))
    async with connect(url, "?since=0&topics=movie") as socket:
        frames = await socket.until("current")
        while len(numbers_of(frames)) < 5:
            frames.append(await socket.receive())
    third = next(each["seq"] for each in frames if each["data"].get("movie_id") == 3)
    async with database.transaction() as conn:
        await conn.execute("DELETE FROM event WHERE position <= %s", (third,))
    async with connect(url, f"?since={third - 1}&topics=movie") as socket:
        frames = await socket.until("current")
        assert kinds_of(frames)[:2] == ["hello", "gap"]
        assert frames[1]["data"] == {"since": third - 1, "oldest": third + 1}
        assert numbers_of(frames) == [4, 5]
    async with connect(url, f"?since={third}&topics=movie") as socket:
        frames = await socket.until("current")
        assert ("gap" in kinds_of(frames), numbers_of(frames)) == (False, [4, 5])
    async with connect(url, "?since=1000000&topics=movie") as socket:
        assert "gap" in kinds_of(await socket.until("current"))


async def test_progress_of_all_downloads_comes_in_one_frame(
    served: Any, database: Database, connect: Any
) -> None:
    async with database.transaction() as conn:
        await conn.execute(DOWNLOADS)
    async with connect(served.url, "?topics=download") as socket:
        [progress] = [f for f in await socket.until("current") if f["kind"] == "download.progress"]
        assert len(progress["data"]["downloads"]) == 3
        async with database.transaction() as conn:
            await conn.execute("UPDATE acquisition SET progress = 0.5 WHERE movie_id > 1")
        frame = await socket.receive()
        assert frame["kind"] == "download.progress"
        moved = [(one["movie_id"], one["progress"]) for one in frame["data"]["downloads"]]
        assert moved == [(2, 0.5), (3, 0.5)]


async def test_a_slow_client_is_closed_and_can_resume_while_another_misses_nothing(
    served: Any, database: Database, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "ROOM", 20)
    url, number = served.url, 0
    async with (
        connect(url, "?topics=movie", receive_buffer=4096) as slow,
        connect(url, "?topics=movie") as quick,
    ):
        await slow.until("current")
        last = (await quick.until("current"))[-1]["seq"]
        with trio.fail_after(PATIENCE_SECONDS):
            while not any(each._subscription.ending for each in served.clients._all):
                number += 1
                await tell(database, number, padding="x" * 100_000)
                assert numbers_of([await quick.receive()]) == [number]
        assert await slow.code() == 1013
    assert dropped(served, Ending.SLOW) == 1
    async with connect(url, f"?since={last}&topics=movie") as again:
        assert numbers_of(await again.until("current")) == list(range(1, number + 1))


async def test_a_client_that_takes_nothing_at_all_is_cut_off(
    served: Any, database: Database, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients_module, "STUCK_SECONDS", 0.2)
    async with connect(served.url, "?topics=movie", receive_buffer=4096) as stuck:
        await stuck.until("current")
        with trio.fail_after(PATIENCE_SECONDS):
            while not dropped(served, Ending.STUCK):
                await tell(database, 1, padding="x" * 1_000_000)
            await until_nobody_follows(served)


def dropped(served: Any, ending: Ending) -> float:
    return float(served.count("reeld_event_clients_dropped_total", reason=str(ending)))


async def until_nobody_follows(served: Any) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        while served.count("reeld_event_clients"):
            await trio.sleep(0.02)


async def test_a_socket_wants_a_key_and_is_answered_with_a_problem_without(
    served: Any, connect: Any, rejected: Any
) -> None:
    url = served.url
    for headers in ({}, {"X-Api-Key": "wrong"}):
        refusal = await rejected(url, headers=headers)
        assert (refusal.status, refusal.body["reason"]) == (401, "unauthorized")
    for query in ("?since=x", "?topics=all", "?what=1", "?since=%ff", "?since=1&since", "?=&=&"):
        refusal = await rejected(url, query)
        assert (refusal.status, refusal.body["reason"]) == (422, "question_not_understood"), query
    async with httpx.AsyncClient(base_url=url, headers={"X-Api-Key": DAEMON_KEY}) as http:
        answer = await http.get("/api/events")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")


async def test_a_client_whose_key_is_revoked_is_closed_soon(served: Any, connect: Any) -> None:
    served.keys.add("a-guest's")
    async with connect(served.url, headers={"X-Api-Key": "a-guest's"}) as socket:
        await socket.until("current")
        served.keys.discard("a-guest's")
        served.access.forget()
        assert await socket.code() == 1008
    assert dropped(served, Ending.KEY_GONE) == 1


async def test_there_are_only_so_many_clients(served: Any, connect: Any, rejected: Any) -> None:
    url = served.url
    served.clients._most = 1
    async with connect(url) as socket:
        await socket.until("current")
        refusal = await rejected(url)
        assert (refusal.status, refusal.body["reason"]) == (503, "too_many_clients")
        assert int(refusal.headers["retry-after"]) > 0
    await until_nobody_follows(served)
    async with connect(url) as socket:
        assert (await socket.receive())["kind"] == "hello"
