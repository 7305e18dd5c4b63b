"""The queue against a model, by random walks."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
import trio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reeld.domain.errors import ServiceDown
from reeld.storage import Database
from reeld.storage.work import Job, LostClaim, WorkQueue

DOWN = ServiceDown("It is down.", service="x")
KEYS = st.sampled_from(["a", "b", "c"])
WORKERS = [uuid.UUID(int=n) for n in (1, 2)]


class TrioThread:
    """A trio loop in another thread, so that hypothesis's own synchronous steps can talk to it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ready = threading.Event()
        self._thread = threading.Thread(target=trio.run, args=(self._main,), daemon=True)

    async def _main(self) -> None:
        self._stop = trio.Event()
        self._token = trio.lowlevel.current_trio_token()
        async with Database.open(self._url) as self.database:
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> TrioThread:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        trio.from_thread.run_sync(self._stop.set, trio_token=self._token)
        self._thread.join(10)

    def run(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        return trio.from_thread.run(function, *args, trio_token=self._token)


@dataclass
class Row:
    """What the model knows of one piece of work."""

    key: str
    state: str = "available"
    attempt: int = 0
    vanished: int = 0
    again: bool = False
    job: Job | None = None


@dataclass
class World:
    rows: dict[int, Row] = field(default_factory=dict)
    stale: list[Job] = field(default_factory=list)


class QueueMachine(RuleBasedStateMachine):
    loop: ClassVar[TrioThread]

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.database = self.loop.database
        self.queue = WorkQueue(self.database, uuid.uuid4())
        self.loop.run(self.database.execute, "TRUNCATE work, event")

    def running(self) -> list[Row]:
        return [row for row in self.world.rows.values() if row.state == "running"]

    def pick(self, number: int) -> Row:
        rows = self.running()
        return rows[number % len(rows)]

    def end(self, row: Row, state: str) -> None:
        assert row.job is not None
        self.world.stale.append(row.job)
        row.job = None
        if row.again:
            row.state, row.attempt, row.again = "available", 0, False
        else:
            row.state = state

    @rule(key=KEYS)
    def ask(self, key: str) -> None:
        async def enqueue() -> int | None:
            async with self.database.transaction() as conn:
                return await self.queue.enqueue(conn, "q", "k", {}, unique_key=key, max_attempts=4)

        number = self.loop.run(enqueue)
        same = [
            row
            for row in self.world.rows.values()
            if row.key == key and row.state in {"available", "running"}
        ]
        if same:
            assert number is None
            same[0].again = same[0].state == "running"
        else:
            self.world.rows[number] = Row(key)

    @rule(worker=st.sampled_from(WORKERS), limit=st.integers(1, 3))
    def claim(self, worker: uuid.UUID, limit: int) -> None:
        self.loop.run(
            self.database.execute, "UPDATE work SET run_at = now() WHERE state = 'available'"
        )
        free = sum(row.state == "available" for row in self.world.rows.values())
        jobs = self.loop.run(self.queue.claim, "q", limit, worker)
        assert len(jobs) == min(limit, free)
        for job in jobs:
            row = self.world.rows[job.id]
            assert row.state == "available"
            row.state, row.job, row.attempt, row.again = "running", job, row.attempt + 1, False

    @precondition(running)
    @rule(number=st.integers(0, 9))
    def complete(self, number: int) -> None:
        row = self.pick(number)

        async def done() -> None:
            async with self.database.transaction() as conn:
                await self.queue.complete(conn, row.job)

        self.loop.run(done)
        row.vanished = 0
        self.end(row, "done")

    @precondition(running)
    @rule(number=st.integers(0, 9))
    def retry(self, number: int) -> None:
        row = self.pick(number)
        expected_dead = row.attempt >= 4 and not row.again
        assert self.loop.run(self.queue.retry, row.job, DOWN) is expected_dead
        self.end(row, "dead" if expected_dead else "available")

    @precondition(running)
    @rule(number=st.integers(0, 9))
    def snooze(self, number: int) -> None:
        row = self.pick(number)
        self.loop.run(self.queue.snooze, row.job, 5.0, "busy")
        row.again = False
        row.attempt -= 1
        self.end(row, "available")

    @precondition(running)
    @rule(number=st.integers(0, 9))
    def bury(self, number: int) -> None:
        row = self.pick(number)
        self.loop.run(self.queue.bury, row.job, "hopeless", "It is hopeless.")
        self.end(row, "dead")

    @rule(worker=st.sampled_from(WORKERS), crashed=st.booleans())
    def lose_worker(self, worker: uuid.UUID, crashed: bool) -> None:
        async def give_back() -> Any:
            return await self.queue.give_back(worker, crashed=crashed)

        taken = {row.id: row for row in self.loop.run(give_back)}
        held = {
            number: row
            for number, row in self.world.rows.items()
            if row.job is not None and row.job.worker == worker
        }
        assert taken.keys() == held.keys()
        for number, row in held.items():
            row.again = False
            row.vanished += crashed
            dead = crashed and (row.vanished >= 3 or row.attempt >= 4)
            row.attempt -= not crashed
            assert taken[number].is_dead is dead
            self.end(row, "dead" if dead else "available")

    @rule(number=st.integers(0, 9))
    def try_dead_again(self, number: int) -> None:
        dead = [n for n, row in self.world.rows.items() if row.state == "dead"]
        if not dead:
            return
        chosen = dead[number % len(dead)]
        row = self.world.rows[chosen]
        taken = any(
            other.key == row.key and other.state in {"available", "running"}
            for other in self.world.rows.values()
        )
        assert self.loop.run(self.queue.retry_dead, chosen) is not taken
        if not taken:
            row.state, row.attempt, row.vanished = "available", 0, 0

    @precondition(lambda self: self.world.stale)
    @rule(number=st.integers(0, 99))
    def complete_with_a_lost_claim(self, number: int) -> None:
        job = self.world.stale[number % len(self.world.stale)]
        row = self.world.rows[job.id]
        if row.job is not None and (row.job.worker, row.attempt) == (job.worker, job.attempt):
            return  # the same worker claimed the same attempt anew: indeed its own

        async def done() -> None:
            async with self.database.transaction() as conn:
                await self.queue.complete(conn, job)

        with pytest.raises(LostClaim):
            self.loop.run(done)

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        rows = self.loop.run(
            self.database.fetch_all, "SELECT id, state, attempt, vanished, again FROM work"
        )
        assert {row[0]: row[1:] for row in rows} == {
            number: (row.state, row.attempt, row.vanished, row.again)
            for number, row in self.world.rows.items()
        }

    @invariant()
    def each_key_is_open_once(self) -> None:
        keys = [
            row.key for row in self.world.rows.values() if row.state in {"available", "running"}
        ]
        assert len(keys) == len(set(keys))


@pytest.mark.slow
def test_the_queue_does_what_its_model_does(database_url: str) -> None:
    with TrioThread(database_url) as loop:
        run_state_machine_as_test(
            type("LoopedMachine", (QueueMachine,), {"loop": loop}),
            settings=settings(
                max_examples=40,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
