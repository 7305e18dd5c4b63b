from __future__ import annotations

import pytest
import trio

from reeld.domain.history import EventKind
from reeld.storage import Database
from reeld.storage.events import EventHandled, Events, append
from reeld.storage.work import WorkQueue

ADDED = EventKind.MOVIE_ADDED


async def tell(database: Database, movie_id: int) -> None:
    async with database.transaction() as conn:
        await append(conn, ADDED, movie_id, {"movie_id": movie_id}, traceparent="00-a-b-01")


async def movies(events: Events, subscriber: str = "s") -> list[int | None]:
    return [event.movie_id for event in await events.read_after(subscriber)]


async def react(database: Database, events: Events, subscriber: str = "s") -> list[int | None]:
    """React to everything that is there, one transaction an event."""
    handled = []
    for event in await events.read_after(subscriber):
        async with database.transaction() as conn:
            await events.advance(conn, subscriber, event.id)
        handled.append(event.movie_id)
    return handled


async def test_events_are_read_in_order_with_what_was_written(database: Database) -> None:
    events = Events(database)
    await events.subscribe("s")
    for movie_id in (1, 2, 3):
        await tell(database, movie_id)
    first, *_ = read = await events.read_after("s")
    assert [event.movie_id for event in read] == [1, 2, 3]
    assert (first.kind, first.payload, first.traceparent) == (ADDED, {"movie_id": 1}, "00-a-b-01")
    assert [event.id for event in await events.read_after("s", limit=2)] == [
        event.id for event in read[:2]
    ]


async def test_an_event_that_commits_late_is_not_skipped(database: Database) -> None:
    events = Events(database)
    await events.subscribe("s")
    async with database.connection() as slow:
        # It takes the smaller id and transaction id, and commits after the other one was read.
        await slow.execute("BEGIN")
        await append(slow, ADDED, 1, {})
        await tell(database, 2)
        assert await react(database, events) == [2]
        assert await react(database, events) == []
        await slow.execute("COMMIT")
    assert await react(database, events) == [1]
    assert await react(database, events) == []


async def test_an_event_of_the_elder_transaction_that_comes_second_is_not_skipped(
    database: Database,
) -> None:
    events = Events(database)
    await events.subscribe("s")
    async with database.connection() as elder, database.connection() as younger:
        await elder.execute("BEGIN")
        await elder.execute("SELECT pg_current_xact_id()")
        await younger.execute("BEGIN")
        await append(younger, ADDED, 1, {})
        await append(elder, ADDED, 2, {})
        await elder.execute("COMMIT")
        assert await react(database, events) == [2]
        await younger.execute("COMMIT")
    assert await react(database, events) == [1]


async def test_a_long_transaction_elsewhere_holds_no_event_up(database: Database) -> None:
    events = Events(database)
    await events.subscribe("s")
    async with database.connection() as idle:
        await idle.execute("BEGIN")
        await idle.execute("SELECT pg_current_xact_id()")
        await tell(database, 1)
        assert await movies(events) == [1]
        await idle.execute("ROLLBACK")


async def test_an_event_of_a_transaction_that_rolls_back_is_never_seen(database: Database) -> None:
    events = Events(database)
    await events.subscribe("s")
    async with database.connection() as conn:
        await conn.execute("BEGIN")
        await append(conn, ADDED, 1, {})
        await conn.execute("ROLLBACK")
    await tell(database, 2)
    assert await movies(events) == [2]


async def test_every_event_of_many_writers_reaches_each_reader_exactly_once(
    database: Database,
) -> None:
    events = Events(database)
    for name in ("one", "two"):
        await events.subscribe(name)
    handled: dict[str, list[int | None]] = {"one": [], "two": []}
    done = False

    async def write(first: int) -> None:
        for movie_id in range(first, first + 25):
            async with database.transaction() as conn:
                await append(conn, ADDED, movie_id, {})
                await trio.sleep(0.001 * (movie_id % 4))

    async def read(name: str) -> None:
        while True:
            finished = done
            handled[name] += await react(database, events, name)
            if finished:
                return
            await trio.sleep(0.002)

    async with trio.open_nursery() as nursery:
        for name in handled:
            nursery.start_soon(read, name)
        async with trio.open_nursery() as writers:
            for first in range(0, 100, 25):
                writers.start_soon(write, first)
        done = True
    for numbers in handled.values():
        assert sorted(number for number in numbers if number is not None) == list(range(100))


async def test_a_reaction_commits_once_even_when_two_readers_saw_the_event(
    database: Database,
) -> None:
    events = Events(database)
    await events.subscribe("s")
    await tell(database, 1)
    [event] = await events.read_after("s")
    assert await events.read_after("s") == [event]

    async def react_once() -> None:
        async with database.transaction() as conn:
            await WorkQueue.enqueue(conn, "q", "k", {})
            await events.advance(conn, "s", event.id)

    await react_once()
    with pytest.raises(EventHandled):
        await react_once()
    row = await database.fetch_one("SELECT count(*) FROM work")
    assert row == (1,)


async def test_subscribers_go_at_their_own_pace(database: Database) -> None:
    events = Events(database)
    await events.subscribe("fast")
    await events.subscribe("slow")
    await tell(database, 1)
    await tell(database, 2)
    assert await react(database, events, "fast") == [1, 2]
    assert await events.lag() == {"fast": 0, "slow": 2}
    assert await movies(events, "slow") == [1, 2]


async def test_a_late_subscriber_starts_where_it_asks_to(database: Database) -> None:
    events = Events(database)
    await tell(database, 1)
    await events.subscribe("all")
    await events.subscribe("new", from_start=False)
    await tell(database, 2)
    assert await movies(events, "all") == [1, 2]
    assert await movies(events, "new") == [2]
    await events.subscribe("all", from_start=False)  # it has its cursor
    assert await movies(events, "all") == [1, 2]


async def test_advancing_without_a_cursor_is_an_error(database: Database) -> None:
    async def advance() -> None:
        async with database.transaction() as conn:
            await Events.advance(conn, "nobody", 1)

    with pytest.raises(EventHandled):
        await advance()


async def test_a_live_view_reads_from_its_own_place(database: Database) -> None:
    events = Events(database)
    await tell(database, 1)
    place = await events.last_position()
    await tell(database, 2)
    [event] = await events.read_from(place)
    assert event.movie_id == 2
    assert await events.last_position() == event.id


async def test_only_old_events_that_everybody_has_read_are_forgotten(database: Database) -> None:
    events = Events(database)
    await events.subscribe("fast")
    await events.subscribe("slow")
    await tell(database, 1)
    await tell(database, 2)
    await react(database, events, "fast")
    [first, _] = await events.read_after("slow")
    async with database.transaction() as conn:
        await events.advance(conn, "slow", first.id)
    assert await events.prune(days=7) == 0
    await database.execute("UPDATE event SET at = at - interval '8 days'")
    assert await events.prune(days=7) == 1
    assert await movies(events, "slow") == [2]
    await events.unsubscribe("slow")
    assert await events.prune(days=7) == 1


async def test_a_transaction_hints_once_however_many_events_it_writes(database: Database) -> None:
    async with database.dedicated() as listener:
        await listener.execute("LISTEN reeld_event")
        async with database.transaction() as conn:
            for movie_id in range(5):
                await append(conn, ADDED, movie_id, {})
        notes = [note async for note in listener.notifies(timeout=0.5)]
    assert len(notes) == 1
