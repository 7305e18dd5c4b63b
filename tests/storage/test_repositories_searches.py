from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import trio

from reeld.domain.movie import NewMovie
from reeld.storage import Database
from reeld.storage.repositories import movies, searches
from reeld.storage.work import Presence, WorkQueue


@pytest.fixture
async def movie_id(database: Database) -> int:
    async with database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(1, "Night", 1968))
    return movie.id


async def ended(database: Database) -> list[Any]:
    statement = "SELECT payload->'late' FROM event WHERE kind = 'search.ended' ORDER BY id"
    return [row[0] for row in await database.fetch_all(statement)]


async def begin(database: Database, movie_id: int, *parts: str) -> int | None:
    async with database.transaction() as conn:
        return await searches.begin(conn, movie_id, parts, seconds=30)


async def test_a_search_ends_with_the_last_answer_and_says_so_once(
    database: Database, movie_id: int
) -> None:
    assert await begin(database, movie_id, "hdbits", "torznab:1")
    for part in ("hdbits", "hdbits", "torznab:9"):
        async with database.transaction() as conn:
            await searches.answered(conn, movie_id, part)
    assert await searches.is_open(database, movie_id)
    async with database.transaction() as conn:
        await searches.answered(conn, movie_id, "torznab:1")
    assert not await searches.is_open(database, movie_id)
    assert await ended(database) == [[]]


async def test_a_second_search_joins_the_one_that_is_open(
    database: Database, movie_id: int
) -> None:
    number = await begin(database, movie_id, "torznab:1")
    assert await begin(database, movie_id, "torznab:2") is None
    async with database.transaction() as conn:
        await searches.answered(conn, movie_id, "torznab:1")
    assert await searches.is_open(database, movie_id)
    assert number is not None
    for _ in range(2):
        async with database.transaction() as conn:
            await searches.end(conn, number)
    assert await ended(database) == [["torznab:2"]]


async def test_one_that_answers_while_a_search_begins_is_never_waited_for_in_vain(
    database: Database, movie_id: int
) -> None:
    """It answers before the search is there, and its work ends after the search looked: each waits for the other."""
    owner = uuid4()
    queue = WorkQueue(database, owner)
    key = f"movie:{movie_id}"
    async with trio.open_nursery() as nursery:
        await nursery.start(Presence(database, owner).run)
        async with database.transaction() as conn:
            args = {"movie_id": movie_id}
            await queue.enqueue(conn, "hdbits", "search-movie", args, unique_key=key)
        (job,) = await queue.claim("hdbits", 1, uuid4())
        begun = trio.Event()

        async def begin_meanwhile() -> None:
            async with database.transaction() as conn:
                begun.set()
                await searches.lock_movie(conn, movie_id)
                assert not await searches.is_asked(conn, "hdbits", key)

        async with trio.open_nursery() as both, database.transaction() as conn:
            await searches.answered(conn, movie_id, "hdbits")
            both.start_soon(begin_meanwhile)
            await begun.wait()
            await trio.sleep(0.2)
            await queue.complete(conn, job)
        nursery.cancel_scope.cancel()


async def test_one_that_cannot_answer_is_not_waited_for_by_a_search_that_begins_then(
    database: Database, movie_id: int
) -> None:
    owner = uuid4()
    queue = WorkQueue(database, owner)
    key = f"movie:{movie_id}"
    async with trio.open_nursery() as nursery:
        await nursery.start(Presence(database, owner).run)
        async with database.transaction() as conn:
            args = {"movie_id": movie_id}
            await queue.enqueue(conn, "hdbits", "search-movie", args, unique_key=key)
        assert await searches.is_asked(database, "hdbits", key)
        (job,) = await queue.claim("hdbits", 1, uuid4())
        assert await searches.is_asked(database, "hdbits", key)
        async with database.transaction() as conn:
            await searches.cannot_answer(conn, movie_id, "hdbits", job.id)
        assert not await searches.is_asked(database, "hdbits", key)
        nursery.cancel_scope.cancel()
