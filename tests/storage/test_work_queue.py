from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import trio
from structlog.testing import capture_logs

from reeld.domain.errors import ServiceDown
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.storage import Database
from reeld.storage.events import Events
from reeld.storage.work import Backoff, Job, LostClaim, WorkQueue, WorkState

DOWN = ServiceDown("It is down.", service="qbittorrent")


@pytest.fixture
def queue(database: Database) -> WorkQueue:
    return WorkQueue(database, uuid.uuid4())


@pytest.fixture
def worker() -> uuid.UUID:
    return uuid.uuid4()


async def put(database: Database, kind: str = "k", **options: object) -> int | None:
    async with database.transaction() as conn:
        return await WorkQueue.enqueue(conn, "q", kind, {"n": 1}, **options)  # type: ignore[arg-type]


async def claim_one(queue: WorkQueue, worker: uuid.UUID) -> Job:
    [job] = await queue.claim("q", 1, worker)
    return job


async def finish(database: Database, queue: WorkQueue, job: Job) -> None:
    async with database.transaction() as conn:
        await queue.complete(conn, job)


async def test_work_is_claimed_with_its_arguments_and_done_once(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    number = await put(database, traceparent="00-a-b-01")
    job = await claim_one(queue, worker)
    assert (job.id, job.args, job.attempt, job.traceparent) == (number, {"n": 1}, 1, "00-a-b-01")
    assert job.deadline_at > job.claimed_at
    assert await queue.claim("q", 10, uuid.uuid4()) == []
    await finish(database, queue, job)
    item = await queue.get(job.id)
    assert item is not None
    assert item.state is WorkState.DONE
    assert item.finished_at is not None


async def test_work_of_a_transaction_that_rolls_back_never_existed(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    async def roll_back() -> None:
        async with database.transaction() as conn:
            await queue.enqueue(conn, "q", "k", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await roll_back()
    assert await queue.claim("q", 1, worker) == []


async def test_only_the_named_queue_is_claimed(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database)
    assert await queue.claim("other", 10, worker) == []


async def test_urgent_work_goes_first_then_the_oldest(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    now = datetime.now(UTC)
    late = await put(database, run_at=now - timedelta(minutes=1))
    early = await put(database, run_at=now - timedelta(minutes=2))
    urgent = await put(database, priority=1)
    claimed = [await claim_one(queue, worker) for _ in range(2)]
    assert [job.id for job in claimed] == [urgent, early]
    assert (await claim_one(queue, worker)).id == late


async def test_work_for_later_waits(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database, delay=3600)
    assert await queue.claim("q", 1, worker) == []


async def test_an_effect_and_its_completion_commit_together_or_not_at_all(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database)
    job = await claim_one(queue, worker)

    async def roll_back() -> None:
        async with database.transaction() as conn:
            await queue.complete(conn, job)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await roll_back()
    assert (await queue.get(job.id)).state is WorkState.RUNNING  # type: ignore[union-attr]


@pytest.mark.parametrize("same_worker", [True, False])
@pytest.mark.parametrize("how", ["complete", "retry", "snooze", "bury", "progress"])
async def test_whoever_lost_the_claim_cannot_end_the_work(
    database: Database, queue: WorkQueue, worker: uuid.UUID, how: str, same_worker: bool
) -> None:
    await put(database)
    stale = await claim_one(queue, worker)
    # The same worker with a later attempt is as much a stranger as another worker with the same attempt.
    await queue.give_back(worker, crashed=same_worker)
    await database.execute("UPDATE work SET run_at = now()")
    fresh = await claim_one(queue, worker if same_worker else uuid.uuid4())
    assert fresh.attempt == (2 if same_worker else 1)
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "complete": lambda: finish(database, queue, stale),
        "retry": lambda: queue.retry(stale, DOWN),
        "snooze": lambda: queue.snooze(stale, 1, "x"),
        "bury": lambda: queue.bury(stale, "x", "X."),
        "progress": lambda: queue.progress(stale, {}),
    }
    with pytest.raises(LostClaim):
        await ways[how]()
    await finish(database, queue, fresh)


async def test_an_effect_behind_a_lost_claim_is_rolled_back(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database)
    stale = await claim_one(queue, worker)
    await queue.give_back(worker)

    async def act() -> None:
        async with database.transaction() as conn:
            await queue.enqueue(conn, "q", "effect", {})
            await queue.complete(conn, stale)

    with pytest.raises(LostClaim):
        await act()
    assert [item.kind for item in await queue.list()] == ["k"]


async def test_the_same_work_exists_once_until_it_is_final(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    assert await put(database, unique_key="movie:1") is not None
    assert await put(database, unique_key="movie:1") is None
    assert await put(database, unique_key="movie:2") is not None
    assert await put(database, kind="other", unique_key="movie:1") is not None
    [*jobs] = await queue.claim("q", 10, worker)
    for job in jobs:
        await finish(database, queue, job)
    assert await put(database, unique_key="movie:1") is not None


async def test_work_that_is_asked_for_again_while_it_runs_runs_once_more(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database, unique_key="movie:1")
    first = await claim_one(queue, worker)
    assert await put(database, unique_key="movie:1") is None
    assert await put(database, unique_key="movie:1") is None
    await finish(database, queue, first)
    second = await claim_one(queue, worker)
    assert (second.id, second.attempt) == (first.id, 1)
    await finish(database, queue, second)
    assert await queue.claim("q", 1, worker) == []


async def test_work_that_is_asked_for_again_while_it_fails_for_good_gets_a_new_chance(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database, unique_key="movie:1")
    job = await claim_one(queue, worker)
    await put(database, unique_key="movie:1")
    await queue.bury(job, "hopeless", "It cannot be done.")
    assert (await claim_one(queue, worker)).attempt == 1


async def test_asking_again_while_the_completion_commits_loses_nothing(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database, unique_key="movie:1")
    job = await claim_one(queue, worker)
    asked: list[int | None] = []
    async with trio.open_nursery() as nursery:

        async def ask() -> None:
            asked.append(await put(database, unique_key="movie:1"))

        async with database.transaction() as conn:
            await queue.complete(conn, job)
            nursery.start_soon(ask)
            await trio.sleep(0.2)  # it waits for the row by now
    assert asked[0] is not None
    assert (await claim_one(queue, worker)).id == asked[0]


async def test_failed_work_waits_and_keeps_its_last_ten_errors_newest_first(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database)
    for n in range(1, 13):
        job = await claim_one(queue, worker)
        assert await queue.retry(job, ServiceDown(f"Down {n}.", service="x"), delay=0) is False
    item = await queue.get(job.id)
    assert item is not None
    assert [error.attempt for error in item.errors] == list(range(12, 2, -1))
    assert item.errors[0].sentence == "Down 12."
    assert item.errors[0].reason == item.reason == "service_down"


async def test_failed_work_comes_back_later_by_the_backoff(
    database: Database, worker: uuid.UUID
) -> None:
    queue = WorkQueue(database, uuid.uuid4(), backoff=Backoff(first=600, jitter=0))
    await put(database)
    job = await claim_one(queue, worker)
    await queue.retry(job, DOWN)
    item = await queue.get(job.id)
    assert item is not None
    assert 590 < (item.run_at - job.claimed_at).total_seconds() < 610
    assert await queue.claim("q", 1, worker) == []


async def test_work_is_dead_after_its_last_attempt_and_says_so_in_an_event(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    events = Events(database)
    await events.subscribe("s")
    await put(database, max_attempts=2)
    assert await queue.retry(await claim_one(queue, worker), DOWN, delay=0) is False
    job = await claim_one(queue, worker)
    with capture_logs() as logs:
        assert await queue.retry(job, DOWN, delay=0) is True
    # `work_dead` is the event's name in the log, and said there.
    assert [(entry["event"], entry["dead"]) for entry in logs] == [("work_failed", True)]
    item = await queue.get(job.id)
    assert item is not None
    assert (item.state, item.reason, item.sentence) == (
        WorkState.DEAD,
        "service_down",
        "It is down.",
    )
    [event] = await events.read_after("s")
    assert event.payload == {
        "work_id": job.id,
        "queue": "q",
        "kind": "k",
        "reason": "service_down",
    }


async def test_snoozed_work_gets_its_attempt_back(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database, max_attempts=1)
    for _ in range(5):
        job = await claim_one(queue, worker)
        assert job.attempt == 1
        await queue.snooze(job, 0, "breaker_open", "qBittorrent is down.")
    item = await queue.get(job.id)
    assert item is not None
    assert (item.state, item.snoozes, item.reason) == (WorkState.AVAILABLE, 5, "breaker_open")


async def test_a_recovery_wakes_what_waits_for_it_and_leaves_what_failed_its_backoff(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database)
    await queue.snooze(await claim_one(queue, worker), 0, "breaker_open")
    await queue.retry(await claim_one(queue, worker), DOWN, delay=600)
    await put(database)
    job = await claim_one(queue, worker)
    await queue.snooze(job, 600, "breaker_open")
    assert await queue.wake("q") == 1
    assert [found.id for found in await queue.claim("q", 10, worker)] == [job.id]


async def test_progress_is_there_for_the_next_attempt_and_can_buy_time(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database)
    job = await claim_one(queue, worker)
    await queue.progress(job, {"page": 3}, seconds=9000)
    await queue.retry(job, DOWN, delay=0)
    again = await claim_one(queue, worker)
    assert again.progress == {"page": 3}


async def test_dead_work_can_be_retried_with_all_its_attempts(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database, max_attempts=1)
    job = await claim_one(queue, worker)
    await queue.retry(job, DOWN)
    assert [item.id for item in await queue.list(state=WorkState.DEAD)] == [job.id]
    assert await queue.retry_dead(job.id) is True
    assert await queue.retry_dead(job.id) is False
    assert (await claim_one(queue, worker)).attempt == 1


async def test_dead_work_is_not_retried_beside_the_same_work(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database, unique_key="movie:1")
    job = await claim_one(queue, worker)
    await queue.bury(job, "hopeless", "It cannot be done.")
    await put(database, unique_key="movie:1")
    assert await queue.retry_dead(job.id) is False


async def test_dead_and_waiting_work_can_be_discarded_but_not_what_runs(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    waiting = await put(database, delay=99)
    running = await put(database)
    await claim_one(queue, worker)
    assert await queue.discard(waiting) is True  # type: ignore[arg-type]
    assert await queue.discard(running) is False  # type: ignore[arg-type]
    assert await queue.discard(99999) is False


async def test_discarded_work_is_announced_unless_the_same_work_is_asked_for_again(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database, unique_key="movie:1")
    first = await claim_one(queue, worker)
    await queue.bury(first, "hopeless", "It cannot be done.")
    second = await put(database, unique_key="movie:1")
    assert await queue.discard(first.id)
    assert await queue.discard(second)  # type: ignore[arg-type]
    events = await database.fetch_all("SELECT payload FROM event WHERE kind = 'work.discarded'")
    assert [payload["work_id"] for (payload,) in events] == [second]


async def test_burying_in_the_callers_transaction_is_part_of_it(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    await put(database)
    job = await claim_one(queue, worker)

    async def roll_back() -> None:
        async with database.transaction() as conn:
            await queue.bury(job, "x", "X.", conn=conn)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await roll_back()
    assert (await queue.get(job.id)).state is WorkState.RUNNING  # type: ignore[union-attr]


async def test_a_transaction_hints_once_for_each_queue(
    database: Database, database_url: str
) -> None:
    async with database.dedicated() as listener:
        await listener.execute("LISTEN reeld_work")
        async with database.transaction() as conn:
            for queue_name in ("q", "q", "other", "q"):
                await WorkQueue.enqueue(conn, queue_name, "k", {})
        notes = [note.payload async for note in listener.notifies(timeout=0.5)]
    assert sorted(notes) == ["other", "q"]


async def test_requests_of_the_domain_are_enqueued_as_they_say(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    request = WorkRequest(
        Queue.IMPORTER, WorkKind.IMPORT, {"acquisition_id": 7}, unique_key="acquisition:7"
    )
    async with database.transaction() as conn:
        assert len(await queue.submit(conn, request, request)) == 1
    [job] = await queue.claim("importer", 5, worker)
    assert (job.kind, job.args) == ("import", {"acquisition_id": 7})


async def test_depths_tell_how_much_waits_runs_and_is_dead(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    for _ in range(3):
        await put(database)
    job = await claim_one(queue, worker)
    await queue.bury(job, "x", "X.")
    await claim_one(queue, worker)
    depths = {(depth.queue, depth.state): depth.count for depth in await queue.depths()}
    assert depths == {
        ("q", WorkState.AVAILABLE): 1,
        ("q", WorkState.RUNNING): 1,
        ("q", WorkState.DEAD): 1,
    }


async def test_old_final_work_is_forgotten_and_dead_work_kept_longer(
    database: Database, queue: WorkQueue, worker: uuid.UUID
) -> None:
    for _ in range(3):
        await put(database)
    [done, dead, running] = await queue.claim("q", 3, worker)
    await finish(database, queue, done)
    await queue.bury(dead, "x", "X.")
    await database.execute("UPDATE work SET finished_at = finished_at - interval '8 days'")
    assert await queue.prune() == 1
    assert {item.id for item in await queue.list()} == {dead.id, running.id}
    assert await queue.prune(dead_days=5) == 1


async def test_work_can_be_paged_newest_first(database: Database, queue: WorkQueue) -> None:
    numbers = [await put(database) for _ in range(5)]
    first = await queue.list(limit=2)
    assert [item.id for item in first] == numbers[:-3:-1]
    assert [item.id for item in await queue.list(before=first[-1].id)] == numbers[2::-1]


async def test_many_workers_at_once_never_claim_the_same_work(
    database: Database, queue: WorkQueue
) -> None:
    async with database.transaction() as conn:
        await conn.execute(
            "INSERT INTO work (queue, kind) SELECT 'q', 'k' FROM generate_series(1, 300)"
        )
    claimed: list[int] = []

    async def work() -> None:
        me = uuid.uuid4()
        while jobs := await queue.claim("q", 7, me):
            claimed.extend(job.id for job in jobs)

    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(work)
    assert len(claimed) == len(set(claimed)) == 300


async def test_a_row_that_is_neither_claimed_nor_free_cannot_exist(database: Database) -> None:
    for statement in (
        "INSERT INTO work (queue, kind, state) VALUES ('q', 'k', 'running')",
        "INSERT INTO work (queue, kind, state) VALUES ('q', 'k', 'done')",
        "INSERT INTO work (queue, kind, state) VALUES ('q', 'k', 'lost')",
        "INSERT INTO work (queue, kind, worker) VALUES ('q', 'k', gen_random_uuid())",
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            await database.execute(statement)


def test_waits_double_up_to_the_cap_with_jitter() -> None:
    exact = Backoff(first=2, cap=100, jitter=0)
    assert [exact.seconds(n) for n in (1, 2, 3, 6, 7, 10_000)] == [2, 4, 8, 64, 100, 100]
    spread = {round(Backoff(first=10, jitter=0.2).seconds(1), 3) for _ in range(50)}
    assert len(spread) > 10
    assert min(spread) >= 8
    assert max(spread) <= 12
