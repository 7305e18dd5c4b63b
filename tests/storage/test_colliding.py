from __future__ import annotations

import pytest
import trio

from reeld.domain.errors import DatabaseUnavailable, Refused
from reeld.storage import Database, TrioConnection
from reeld.storage.colliding import TIMES, committed

COLLIDE = "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"


async def seen(database: Database) -> int:
    row = await database.fetch_one("SELECT count(*) FROM daemon_setting")
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("collisions", range(TIMES + 1))
async def test_an_effect_that_collides_is_done_again_from_the_start(
    database: Database, collisions: int
) -> None:
    runs = 0

    async def effect(conn: TrioConnection) -> str:
        nonlocal runs
        runs += 1
        await conn.execute("INSERT INTO daemon_setting (key, value) VALUES ('seen', '1')")
        if runs <= collisions:
            await conn.execute(COLLIDE)
        return f"run {runs}"

    if collisions < TIMES:
        assert await committed(database, effect) == f"run {collisions + 1}"
        assert await seen(database) == 1
        return
    with pytest.raises(DatabaseUnavailable) as error:
        await committed(database, effect)
    assert (error.value.reason, runs, await seen(database)) == ("deadlock", TIMES, 0)


async def test_an_effect_that_is_refused_is_not_done_again(database: Database) -> None:
    runs = 0

    async def effect(_conn: TrioConnection) -> None:
        nonlocal runs
        runs += 1
        raise Refused("No.")

    with pytest.raises(Refused):
        await committed(database, effect)
    assert runs == 1


async def test_two_that_wait_for_each_other_are_both_done(database: Database) -> None:
    for key in ("a", "b"):
        await database.execute("INSERT INTO daemon_setting (key, value) VALUES (%s, '0')", (key,))
    statement = "UPDATE daemon_setting SET value = to_jsonb(value::int + 1) WHERE key = %s"
    both_hold_one = [trio.Event(), trio.Event()]

    async def change(place: int, keys: str) -> None:
        async def effect(conn: TrioConnection) -> None:
            await conn.execute(statement, (keys[0],))
            both_hold_one[place].set()
            await both_hold_one[1 - place].wait()
            await conn.execute(statement, (keys[1],))

        await committed(database, effect)

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(change, 0, "ab")
            nursery.start_soon(change, 1, "ba")
    rows = await database.fetch_all("SELECT value FROM daemon_setting")
    assert rows == [(2,), (2,)]
