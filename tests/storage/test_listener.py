"""Notifications, from a connection that is known to work."""

from __future__ import annotations

import psycopg
import trio

from reeld.storage import Database, Listener, Notification
from reeld.storage.listener import MAX_BACKLOG

GAP = Notification("", "", gap=True)


async def test_it_begins_with_a_gap_and_then_tells_what_it_hears(database: Database) -> None:
    async with database.listen("shout", "whisper") as listener:
        assert await anext(listener) == GAP
        await database.execute("NOTIFY shout, 'a'")
        await database.execute("NOTIFY whisper")
        await database.execute("NOTIFY elsewhere")
        await database.execute("NOTIFY shout, 'b'")
        heard = [await anext(listener) for _ in range(3)]
    assert heard == [
        Notification("shout", "a"),
        Notification("whisper", ""),
        Notification("shout", "b"),
    ]


async def test_a_lost_connection_is_replaced_and_the_gap_is_told(database: Database) -> None:
    async with database.listen("shout") as listener:
        assert await anext(listener) == GAP
        await database.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%%' AND datname = current_database()"
        )
        with trio.fail_after(10):
            assert await anext(listener) == GAP
            await database.execute("NOTIFY shout, 'again'")
            assert await anext(listener) == Notification("shout", "again")


async def test_a_silent_connection_is_tested_and_stays(database: Database) -> None:
    listener = Listener(database.open_connection, ("shout",), ping=0.05)
    assert await anext(listener) == GAP
    with trio.move_on_after(0.5):
        await anext(listener)
    await database.execute("NOTIFY shout, 'later'")
    assert await anext(listener) == Notification("shout", "later")
    await listener.close()


async def test_a_connection_that_answers_but_delivers_nothing_is_replaced(
    database: Database,
) -> None:
    listener = Listener(database.open_connection, ("shout",), ping=0.05)
    assert await anext(listener) == GAP
    assert listener._connection is not None
    # What a pooler does that hands the session to somebody else between two statements.
    await listener._connection.execute("UNLISTEN *")
    with trio.fail_after(10):
        assert await anext(listener) == GAP
    await listener.close()


async def test_a_connection_that_went_silent_is_replaced(network, database: Database) -> None:
    async with Database.open(network.conninfo) as distant:
        listener = Listener(distant.open_connection, ("shout",), ping=0.05)
        assert await anext(listener) == GAP
        network.fall_silent()
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def heal() -> None:
                await trio.sleep(0.3)
                await network.reset()
                network.speak_again()

            with trio.fail_after(20):
                assert await anext(listener) == GAP
        await listener.close()


async def test_a_reader_that_is_far_too_slow_is_told_of_a_gap(database: Database) -> None:
    async with database.listen("shout") as listener:
        assert await anext(listener) == GAP
        for n in range(MAX_BACKLOG + 1):
            listener._note(psycopg.Notify("shout", str(n), 0))
        assert await anext(listener) == GAP
        assert await anext(listener) == Notification("shout", "1")
