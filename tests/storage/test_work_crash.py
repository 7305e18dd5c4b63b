"""Workers are processes here, and die by SIGKILL."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest

JOBS = 1500
KILLS = 25
WORKERS = 3

# Every job's effect is a row of its own, written in the transaction that completes it. An effect that came twice would
# break the primary key; it is noted outside of that transaction.
WORKER = """
import sys, uuid, random, trio, psycopg
from reeld.storage import Database
from reeld.storage.work import LostClaim, Presence, WorkQueue

async def run_one(database, queue, job):
    await trio.sleep(random.random() * 0.01)
    try:
        async with database.transaction() as conn:
            await conn.execute("INSERT INTO effect (work_id) VALUES (%s)", (job.id,))
            await queue.complete(conn, job)
    except psycopg.errors.UniqueViolation:
        await database.execute("INSERT INTO doubled (work_id) VALUES (%s)", (job.id,))
    except LostClaim:
        pass

async def main(url):
    async with Database.open(url) as database, trio.open_nursery() as nursery:
        owner, worker = uuid.uuid4(), uuid.uuid4()
        await nursery.start(Presence(database, owner).run)
        queue = WorkQueue(database, owner)
        while True:
            jobs = await queue.claim("q", 5, worker)
            async with trio.open_nursery() as batch:
                for job in jobs:
                    batch.start_soon(run_one, database, queue, job)
            if not jobs:
                await queue.rescue()
                await trio.sleep(0.05)

trio.run(main, sys.argv[1])
"""


@pytest.fixture
def conn(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE effect (work_id bigint PRIMARY KEY)")
        connection.execute("CREATE TABLE doubled (work_id bigint)")
        yield connection


def start_worker(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def count(conn: psycopg.Connection, what: str) -> int:
    row = conn.execute(f"SELECT count(*) FROM {what}").fetchone()
    assert row is not None
    return int(row[0])


def wait_for_progress(conn: psycopg.Connection, at_least: int) -> None:
    deadline = time.monotonic() + 60
    while count(conn, "effect") < at_least:
        assert time.monotonic() < deadline, "no worker gets on"
        time.sleep(0.02)


@pytest.mark.slow
def test_killed_workers_lose_nothing_and_double_nothing(
    database_url: str, conn: psycopg.Connection
) -> None:
    # Being killed at random must not look like killing: only the third kill with the same work in hand would.
    conn.execute(
        "INSERT INTO work (queue, kind) SELECT 'q', 'k' FROM generate_series(1, %s)", (JOBS,)
    )
    workers = [start_worker(database_url) for _ in range(WORKERS)]
    try:
        for kill in range(KILLS):
            wait_for_progress(conn, (kill + 1) * JOBS // (KILLS + 5))
            victim = random.randrange(WORKERS)
            workers[victim].send_signal(signal.SIGKILL)
            workers[victim].wait()
            workers[victim] = start_worker(database_url)
        wait_for_progress(conn, JOBS - count(conn, "work WHERE state = 'dead'"))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert count(conn, "doubled") == 0
    assert count(conn, "effect") == JOBS
    assert count(conn, "work WHERE state <> 'done'") == 0
    assert count(conn, "work WHERE attempt > 1") > 0, "no kill met a claim: the test proves nothing"
