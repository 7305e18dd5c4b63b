from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage import Database
from reeld.storage.events import Events
from reeld.storage.work import Presence, WorkQueue, WorkState


@asynccontextmanager
async def process(database: Database) -> AsyncIterator[WorkQueue]:
    """What a process that claims work has: a UUID, and a session that holds its lock."""
    owner = uuid.uuid4()
    async with trio.open_nursery() as nursery:
        await nursery.start(Presence(database, owner).run)
        yield WorkQueue(database, owner)
        nursery.cancel_scope.cancel()


async def put(database: Database, **options: object) -> int:
    async with database.transaction() as conn:
        number = await WorkQueue.enqueue(conn, "q", "k", {}, **options)  # type: ignore[arg-type]
    assert number is not None
    return number


async def make_due(database: Database) -> None:
    await database.execute("UPDATE work SET run_at = now() WHERE state = 'available'")


async def test_work_of_a_living_process_is_left_alone(database: Database) -> None:
    await put(database)
    async with process(database) as one, process(database) as other:
        await one.claim("q", 1, uuid.uuid4())
        assert await other.rescue() == ()
        assert await one.rescue() == ()


async def test_work_of_a_process_that_is_gone_is_rescued_at_once(database: Database) -> None:
    number = await put(database)
    async with process(database) as gone:
        await gone.claim("q", 1, uuid.uuid4())
    async with process(database) as other:
        [taken] = await other.rescue()
        assert (taken.id, taken.reason, taken.is_dead) == (number, "crashed_worker", False)
        await make_due(database)
        [job] = await other.claim("q", 1, uuid.uuid4())
        assert job.attempt == 2  # the attempt of the dead process counts


async def test_work_of_an_owner_that_never_registered_is_rescued(database: Database) -> None:
    await put(database)
    await WorkQueue(database, uuid.uuid4()).claim("q", 1, uuid.uuid4())
    async with process(database) as other:
        assert len(await other.rescue()) == 1


async def test_a_process_whose_session_breaks_takes_its_lock_again(database: Database) -> None:
    await put(database)
    async with process(database) as one, process(database) as other:
        await one.claim("q", 1, uuid.uuid4())
        await database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        )
        # Its beat is every five seconds; it must come back by itself, and nobody else needs to act.
        with trio.fail_after(20):
            while (await held_locks(database)) < 2:
                await trio.sleep(0.1)
        assert await other.rescue() == ()


async def held_locks(database: Database) -> int:
    row = await database.fetch_one(
        "SELECT count(*) FROM work_owner o JOIN pg_locks l ON l.locktype = 'advisory' AND l.granted"
        " AND ((l.classid::bigint << 32) | l.objid::bigint) = o.lock_key"
    )
    assert row is not None
    return int(row[0])


async def test_without_session_locks_a_lease_stands_for_the_process(database: Database) -> None:
    await put(database)
    owner = uuid.uuid4()
    await database.execute(
        "INSERT INTO work_owner (owner, lock_key, locks, host, pid, lease_until)"
        " VALUES (%s, 1, false, 'h', 1, now() + interval '1 minute')",
        (owner,),
    )
    await WorkQueue(database, owner).claim("q", 1, uuid.uuid4())
    async with process(database) as other:
        assert await other.rescue() == ()
        await database.execute("UPDATE work_owner SET lease_until = now() WHERE NOT locks")
        assert len(await other.rescue()) == 1


async def test_work_that_makes_three_processes_vanish_is_dead(database: Database) -> None:
    events = Events(database)
    await events.subscribe("s")
    number = await put(database)
    for round_number in range(1, 4):
        async with process(database) as victim:
            await make_due(database)
            [job] = await victim.claim("q", 1, uuid.uuid4())
            assert job.attempt == round_number
        async with process(database) as other:
            [taken] = await other.rescue()
            assert taken.is_dead is (round_number == 3)
    item = await WorkQueue(database, uuid.uuid4()).get(number)
    assert item is not None
    assert (item.state, item.reason) == (WorkState.DEAD, "crashed_worker")
    assert len(item.errors) == 3
    assert [event.kind for event in await events.read_after("s")] == ["work.dead"]


async def test_work_that_crashes_its_incarnation_three_times_is_dead_too(
    database: Database,
) -> None:
    await put(database)
    async with process(database) as queue:
        for round_number in range(1, 4):
            await make_due(database)
            worker = uuid.uuid4()
            await queue.claim("q", 1, worker)
            [taken] = await queue.give_back(worker, crashed=True)
            assert taken.is_dead is (round_number == 3)


async def test_a_success_makes_earlier_crashes_forgotten(database: Database) -> None:
    await put(database, unique_key="u")
    async with process(database) as queue:
        for _ in range(2):
            await make_due(database)
            worker = uuid.uuid4()
            await queue.claim("q", 1, worker)
            await queue.give_back(worker)
        await make_due(database)
        [job] = await queue.claim("q", 1, worker)
        await put_again(database)
        async with database.transaction() as conn:
            await queue.complete(conn, job)
        await queue.claim("q", 1, worker)
        [taken] = await queue.give_back(worker)
        assert not taken.is_dead


async def put_again(database: Database) -> None:
    async with database.transaction() as conn:
        assert await WorkQueue.enqueue(conn, "q", "k", {}, unique_key="u") is None


async def test_an_orderly_stop_gives_work_back_as_if_it_had_not_been_claimed(
    database: Database,
) -> None:
    number = await put(database)
    async with process(database) as queue:
        for _ in range(5):
            worker = uuid.uuid4()
            [job] = await queue.claim("q", 1, worker)
            assert job.attempt == 1
            [taken] = await queue.give_back(worker, crashed=False)
            assert (taken.id, taken.reason, taken.is_dead) == (number, "stopped", False)


async def test_giving_back_touches_only_the_rows_of_that_incarnation(database: Database) -> None:
    mine, theirs = uuid.uuid4(), uuid.uuid4()
    first, second = await put(database), await put(database)
    async with process(database) as queue:
        await queue.claim("q", 1, mine)
        await queue.claim("q", 1, theirs)
        assert [row.id for row in await queue.give_back(mine)] == [first]
        assert await queue.give_back(mine) == ()
        assert [row.id for row in await queue.give_back(theirs)] == [second]


@pytest.mark.parametrize(("crashed", "attempt"), [(True, 2), (False, 1)])
async def test_rows_that_could_not_be_given_back_are_given_back_when_the_database_is_back(
    database: Database, crashed: bool, attempt: int
) -> None:
    number, worker = await put(database), uuid.uuid4()
    async with process(database) as queue:
        await queue.claim("q", 1, worker, seconds=18 * 3600)
        database.hold_back("The database is away.")
        with pytest.raises(DatabaseUnavailable):
            await queue.give_back(worker, crashed=crashed)
        with pytest.raises(DatabaseUnavailable):
            await queue.rescue()
        database.hold_back(None)
        assert [row.id for row in await queue.rescue()] == [number]
        assert await queue.rescue() == ()
        await make_due(database)
        [job] = await queue.claim("q", 1, uuid.uuid4())
        assert job.attempt == attempt


async def test_rows_whose_giving_back_was_cut_off_are_given_back_later(
    database: Database, network: Any
) -> None:
    async with (
        process(database) as near,
        Database.open(network.conninfo) as through_it,
    ):
        number, worker = await put(database), uuid.uuid4()
        queue = WorkQueue(through_it, near._owner)
        await queue.claim("q", 1, worker, seconds=18 * 3600)
        network.fall_silent()
        with trio.move_on_after(0.2) as scope:
            await queue.give_back(worker)
        assert scope.cancelled_caught
        network.speak_again()
        assert [row.id for row in await queue.rescue()] == [number]


async def test_a_living_worker_loses_work_that_is_past_its_deadline(database: Database) -> None:
    await put(database, max_attempts=2)
    async with process(database) as queue:
        for attempt in (1, 2):
            await make_due(database)
            [job] = await queue.claim("q", 1, uuid.uuid4(), seconds=0)
            assert job.attempt == attempt
            [taken] = await queue.rescue()
            assert (taken.reason, taken.is_dead) == ("deadline_exceeded", attempt == 2)


async def test_owners_that_are_long_gone_are_forgotten(database: Database) -> None:
    await database.execute(
        "INSERT INTO work_owner (owner, lock_key, host, pid, lease_until)"
        " VALUES (gen_random_uuid(), 1, 'h', 1, now() - interval '2 hours')"
    )
    async with process(database):
        rows = await database.fetch_all("SELECT host FROM work_owner")
        assert len(rows) == 1
        assert rows != [("h",)]


@pytest.mark.parametrize("count", [1200])
async def test_a_crowd_of_lost_rows_is_rescued_in_batches(database: Database, count: int) -> None:
    await database.execute(
        "INSERT INTO work (queue, kind, state, worker, owner, claimed_at, deadline_at, attempt)"
        " SELECT 'q', 'k', 'running', gen_random_uuid(), gen_random_uuid(), now(), now() + interval '1 day', 1"
        " FROM generate_series(1, %s)",
        (count,),
    )
    async with process(database) as queue:
        sizes = [len(await queue.rescue()) for _ in range(4)]
    assert sizes == [500, 500, 200, 0]
