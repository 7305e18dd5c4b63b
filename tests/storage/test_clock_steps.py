"""The server's clock is set by a day, back or forward, while work waits: nothing waits a day for it, and nothing is done twice.

Nobody can set the clock of a test's machine. Times in rows that lie a day off are what a step leaves behind.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest
import trio

from reeld.domain.errors import ReeldError
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.storage import Database
from reeld.storage.leader import Leader
from reeld.storage.schedule import Schedule, Task, hold_off
from reeld.storage.work import LostClaim, Presence, WorkQueue

HOUR = 3600.0
TASK = Task("feed", HOUR, (WorkRequest(Queue.RSS, WorkKind.POLL_FEED, {}, "feed"),))
TASKS = {TASK.name: TASK}
FIRST = Task("backup", HOUR, (), first_after=HOUR / 2)


async def set_clock(database: Database, days: int) -> None:
    """Let the clock have been set by so many days: what it told before lies as far off, the other way."""
    shift = f"make_interval(days => {-days})"
    await database.execute(f"""
        UPDATE work SET run_at = run_at + {shift}, created_at = created_at + {shift},
            claimed_at = claimed_at + {shift}, deadline_at = deadline_at + {shift}""")
    await database.execute(
        f"UPDATE schedule SET next_run = next_run + {shift}, last_run = last_run + {shift}"
    )
    await database.execute(f"UPDATE leader SET lease_until = lease_until + {shift}")


async def put(database: Database, delay: float = 0.0) -> int:
    async with database.transaction() as conn:
        number = await WorkQueue.enqueue(conn, "q", "k", {}, delay=delay)
    assert number is not None
    return number


async def wait_of(database: Database, number: int) -> float:
    row = await database.fetch_one(
        "SELECT extract(epoch FROM run_at - now())::float8 FROM work WHERE id = %s", (number,)
    )
    assert row is not None
    return float(row[0])


@pytest.fixture
async def queue(database: Database) -> AsyncIterator[WorkQueue]:
    owner = uuid.uuid4()
    async with trio.open_nursery() as nursery:
        await nursery.start(Presence(database, owner).run)
        yield WorkQueue(database, owner)
        nursery.cancel_scope.cancel()


async def test_work_that_was_due_is_due_although_the_clock_was_set_back(
    database: Database, queue: WorkQueue
) -> None:
    number = await put(database)
    await set_clock(database, -1)
    assert await queue.claim("q", 1, uuid.uuid4()) == []
    await queue.rescue()
    assert [job.id for job in await queue.claim("q", 1, uuid.uuid4())] == [number]


async def test_a_wait_is_as_long_as_it_was_to_be_and_is_counted_anew_only_once(
    database: Database, queue: WorkQueue
) -> None:
    number = await put(database, delay=HOUR)
    await set_clock(database, -1)
    for _ in range(2):
        await queue.rescue()
        assert HOUR - 60 < await wait_of(database, number) <= HOUR


async def test_a_retry_after_a_failure_comes_when_it_should(
    database: Database, queue: WorkQueue
) -> None:
    number = await put(database)
    [job] = await queue.claim("q", 1, uuid.uuid4())
    await queue.retry(job, ReeldError("It failed.", reason="failed"), delay=HOUR)
    await database.execute("UPDATE work SET created_at = created_at - interval '3 days'")
    await set_clock(database, -1)
    await queue.rescue()
    assert HOUR - 60 < await wait_of(database, number) <= HOUR + 60


async def test_waits_are_left_alone_while_the_clock_only_drifts(
    database: Database, queue: WorkQueue
) -> None:
    number = await put(database, delay=HOUR)
    await database.execute("UPDATE work SET run_at = run_at + interval '30 seconds'")
    await database.execute("UPDATE work SET created_at = created_at + interval '30 seconds'")
    await queue.rescue()
    assert await wait_of(database, number) > HOUR


async def test_work_that_runs_is_not_taken_from_its_worker_when_the_clock_is_set_back(
    database: Database, queue: WorkQueue
) -> None:
    await put(database)
    [job] = await queue.claim("q", 1, uuid.uuid4(), seconds=HOUR)
    await set_clock(database, -1)
    assert await queue.rescue() == ()
    async with database.transaction() as conn:
        await queue.complete(conn, job)
    await queue.rescue()
    assert await queue.claim("q", 1, uuid.uuid4()) == []


async def test_work_that_runs_when_the_clock_is_set_forward_is_done_once(
    database: Database, queue: WorkQueue
) -> None:
    await put(database)
    [job] = await queue.claim("q", 1, uuid.uuid4(), seconds=HOUR)
    await set_clock(database, 1)
    [taken] = await queue.rescue()
    assert taken.reason == "deadline_exceeded"
    # Whoever still ran it is told that it is not his any more, before anything of his is committed.
    with pytest.raises(LostClaim):
        async with database.transaction() as conn:
            await queue.complete(conn, job)


@pytest.mark.parametrize("days", [-1, 1])
async def test_a_task_comes_round_within_its_interval_whatever_the_clock_was_set_to(
    database: Database, days: int
) -> None:
    schedule = Schedule(database)
    await schedule.declare(TASKS)
    assert await schedule.run_due(TASKS) == (TASK.name,)
    await set_clock(database, days)
    due = await schedule.run_due(TASKS)
    assert due == ((TASK.name,) if days > 0 else ())
    assert 0 < (await schedule.seconds_to_next() or 0) <= HOUR
    assert await schedule.run_due(TASKS) == ()


async def test_a_first_turn_is_not_put_off_for_a_day(database: Database) -> None:
    schedule = Schedule(database)
    await schedule.declare({FIRST.name: FIRST})
    await set_clock(database, -1)
    assert await schedule.run_due({FIRST.name: FIRST}) == ()
    assert 0 < (await schedule.seconds_to_next() or 0) <= HOUR


async def test_a_task_that_rests_longer_goes_on_resting_as_long(database: Database) -> None:
    schedule = Schedule(database)
    await schedule.declare(TASKS)
    await schedule.run_due(TASKS)
    async with database.transaction() as conn:
        await hold_off(conn, TASK.name, 5 * HOUR)
    assert await schedule.run_due(TASKS) == ()
    assert (await schedule.seconds_to_next() or 0) > 4 * HOUR
    await set_clock(database, -1)
    assert await schedule.run_due(TASKS) == ()
    # Counted from the last turn, a moment before it was held off.
    assert 4 * HOUR < (await schedule.seconds_to_next() or 0) <= 5 * HOUR + 60


@pytest.mark.parametrize("days", [-1, 1])
async def test_a_lead_is_kept_and_is_taken_at_once_when_its_holder_is_gone(
    database: Database, days: int
) -> None:
    async with Leader(database).leading():
        await set_clock(database, days)
        assert await database.execute("UPDATE leader SET host = host") == 1
    async with Leader(database).leading() as epoch:
        assert epoch > 1
