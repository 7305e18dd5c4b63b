"""One writer: who leads, who takes over, and what happens to writes of a former leader."""

from __future__ import annotations

import psycopg
import pytest
import trio

from reeld.storage import Database, Leader
from reeld.storage.errors import LeadershipHeld, LeadershipLost


async def _write(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS written (n int)")
        await connection.execute("INSERT INTO written VALUES (1)")


async def _kill_session(database: Database, leader: Leader) -> None:
    assert leader._session is not None
    pid = leader._session.info.backend_pid
    await database.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


async def test_a_leader_may_write_and_its_epoch_grows(database: Database) -> None:
    async with Leader(database).leading() as first:
        await _write(database)
    async with Leader(database).leading() as second:
        await _write(database)
    assert second > first


async def test_a_second_daemon_is_told_who_leads(database: Database, database_url: str) -> None:
    async with Leader(database).leading(), Database.open(database_url) as other:
        with pytest.raises(LeadershipHeld, match=r"process \d+ on ") as refused:
            await Leader(other).acquire()
        assert refused.value.pid > 0
        assert 0 < refused.value.lease_seconds <= 30
        await _write(database)


async def test_a_leader_whose_session_ended_is_replaced_at_once(
    database: Database, database_url: str
) -> None:
    former = Leader(database)
    await former.acquire()
    await _kill_session(database, former)
    async with Database.open(database_url) as other, Leader(other).leading():
        await _write(other)
        with pytest.raises(LeadershipLost):
            await _write(database)
        with pytest.raises(LeadershipLost):
            await former.keep()


async def test_a_lease_that_ended_frees_the_lead_of_a_session_nobody_renews(
    database: Database, database_url: str
) -> None:
    former = Leader(database, lease=0.2)
    await former.acquire()
    await trio.sleep(0.3)
    async with Database.open(database_url) as other, Leader(other).leading():
        with pytest.raises(LeadershipLost):
            await _write(database)
    await former.release()


async def test_a_renewed_lease_does_not_end(database: Database, database_url: str) -> None:
    async with Leader(database, lease=0.3).leading(), Database.open(database_url) as other:
        await trio.sleep(1.0)
        with pytest.raises(LeadershipHeld):
            await Leader(other).acquire()


async def test_the_sole_owner_of_the_data_takes_over_from_whoever_the_row_names(
    database: Database, database_url: str
) -> None:
    former = Leader(database)
    await former.acquire()
    async with Database.open(database_url) as other, Leader(other, sole_owner=True).leading():
        await _write(other)
        with pytest.raises(LeadershipLost):
            await _write(database)
    await former.release()


async def test_a_take_over_waits_for_the_former_leaders_last_transaction(
    database: Database, database_url: str
) -> None:
    former = Leader(database)
    await former.acquire()
    order: list[str] = []

    async def take_over() -> None:
        async with Database.open(database_url) as other:
            leader = Leader(other, sole_owner=True)
            await leader.acquire()
            order.append("taken")
            await leader.release()

    async with trio.open_nursery() as nursery, database.transaction() as connection:
        await connection.execute("SELECT 1")
        nursery.start_soon(take_over)
        await _until_somebody_waits_for_a_lock(connection)
        order.append("committing")
    assert order == ["committing", "taken"]
    await former.release()


async def _until_somebody_waits_for_a_lock(connection: psycopg.AsyncConnection) -> None:
    with trio.fail_after(10):
        while True:
            cursor = await connection.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if (await cursor.fetchone()) != (0,):
                return
            await trio.sleep(0.01)


async def test_a_leader_survives_the_loss_of_its_session(
    database: Database, database_url: str
) -> None:
    leader = Leader(database)
    async with leader.leading() as epoch, Database.open(database_url) as other:
        await _kill_session(database, leader)
        with trio.fail_after(10):
            while leader._session is None or leader._session.closed:
                await trio.sleep(0.01)
            while not await _lock_is_held(database):
                await trio.sleep(0.01)
        await _write(database)
        assert leader.epoch == epoch
        with pytest.raises(LeadershipHeld):
            await Leader(other).acquire()


async def _lock_is_held(database: Database) -> bool:
    row = await database.fetch_one(
        "SELECT EXISTS (SELECT FROM pg_locks, leader WHERE locktype = 'advisory'"
        " AND ((classid::bigint << 32) | objid::bigint) = lock_key)"
    )
    return row == (True,)


async def test_losing_the_lead_cancels_the_block_with_a_plain_error(
    database: Database, database_url: str
) -> None:
    async with Database.open(database_url) as other:
        usurper = Leader(other, sole_owner=True)
        with pytest.raises(LeadershipLost), trio.fail_after(10):  # noqa: PT012
            async with Leader(database, lease=0.3).leading():
                await usurper.acquire()
                await trio.sleep_forever()
        await usurper.release()


async def test_after_release_this_process_writes_no_more(database: Database) -> None:
    async with Leader(database).leading():
        pass
    with pytest.raises(LeadershipLost):
        await _write(database)
