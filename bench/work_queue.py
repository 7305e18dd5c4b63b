"""Measure durable work: jobs a second end to end, and that 25 kill -9 of workers lose and double nothing.

    python bench/work_queue.py [--json]

The server is the embedded one with its durable defaults: every completion waits for the disk. A job is asked for,
claimed, and completed in one transaction with its effect, a row of its own.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
import structlog
import trio

from reeld.migrations import migrate
from reeld.storage import Database
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.work import LostClaim, Presence, WorkQueue

JOBS = 6_000
SINGLE_JOBS = 400
TASKS = 8
KILL_JOBS = 10_000
KILLS = 25
WORKERS = 3
SECONDS_TO_FINISH = 60


async def enqueue_all(database: Database, count: int) -> float:
    """Ask for jobs, one statement each, a hundred a transaction; return how many a second."""
    begun = time.perf_counter()
    for first in range(0, count, 100):
        async with database.transaction() as conn:
            for number in range(first, min(first + 100, count)):
                await WorkQueue.enqueue(conn, "q", "k", {"n": number}, unique_key=f"n:{number}")
    return count / (time.perf_counter() - begun)


async def run_one(database: Database, queue: WorkQueue, job: Any) -> None:
    try:
        async with database.transaction() as conn:
            await conn.execute("INSERT INTO effect (work_id) VALUES (%s)", (job.id,))
            await queue.complete(conn, job)
    except psycopg.errors.UniqueViolation:
        await database.execute("INSERT INTO doubled (work_id) VALUES (%s)", (job.id,))
    except LostClaim:
        await database.execute("INSERT INTO fenced (work_id) VALUES (%s)", (job.id,))


async def drain(database: Database, queue: WorkQueue, worker: uuid.UUID, limit: int) -> None:
    while jobs := await queue.claim("q", limit, worker):
        for job in jobs:
            await run_one(database, queue, job)


async def throughput(conninfo: str) -> dict[str, float]:
    async with Database.open(conninfo, size=TASKS) as database:
        queue = WorkQueue(database, uuid.uuid4())
        asked = await enqueue_all(database, SINGLE_JOBS + JOBS)
        begun = time.perf_counter()
        times = []
        for _ in range(SINGLE_JOBS):
            started = time.perf_counter()
            [job] = await queue.claim("q", 1, uuid.UUID(int=1))
            await run_one(database, queue, job)
            times.append(time.perf_counter() - started)
        one_by_one = SINGLE_JOBS / (time.perf_counter() - begun)
        begun = time.perf_counter()
        async with trio.open_nursery() as nursery:
            for _ in range(TASKS):
                nursery.start_soon(drain, database, queue, uuid.uuid4(), 20)
        together = JOBS / (time.perf_counter() - begun)
    return {
        "enqueued_per_second": asked,
        "one_worker_jobs_per_second": one_by_one,
        "one_worker_claim_to_commit_ms": 1e3 * statistics.median(times),
        f"{TASKS}_tasks_jobs_per_second": together,
    }


async def work_for_ever(conninfo: str) -> None:
    async with Database.open(conninfo, size=4) as database, trio.open_nursery() as nursery:
        owner = uuid.uuid4()
        await nursery.start(Presence(database, owner).run)
        queue = WorkQueue(database, owner)
        while True:
            await drain(database, queue, uuid.uuid4(), 5)
            await queue.rescue()
            await trio.sleep(0.05)


def start_worker(conninfo: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, "--worker", conninfo]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_workers(conninfo: str) -> dict[str, float]:
    """Run jobs in processes and kill one of them again and again, whatever it is doing."""
    with psycopg.connect(conninfo, autocommit=True) as conn:

        def count(what: str) -> int:
            row = conn.execute(f"SELECT count(*) FROM {what}").fetchone()
            assert row is not None
            return int(row[0])

        conn.execute("TRUNCATE work, effect")
        conn.execute(
            "INSERT INTO work (queue, kind) SELECT 'q', 'k' FROM generate_series(1, %s)",
            (KILL_JOBS,),
        )
        begun = time.monotonic()
        workers = [start_worker(conninfo) for _ in range(WORKERS)]
        kills = 0
        try:
            while time.monotonic() - begun < SECONDS_TO_FINISH:
                done = count("effect")
                if done == KILL_JOBS and count("work WHERE state = 'running'") == 0:
                    break
                # Spread over the whole run.
                if kills < KILLS and done >= (kills + 1) * KILL_JOBS // (KILLS + 2):
                    victim = random.randrange(WORKERS)
                    workers[victim].send_signal(signal.SIGKILL)
                    workers[victim].wait()
                    workers[victim] = start_worker(conninfo)
                    kills += 1
                time.sleep(0.02)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        return {
            "kills": kills,
            "kill_jobs": KILL_JOBS,
            "kill_seconds": time.monotonic() - begun,
            "effects": count("effect"),
            "lost": KILL_JOBS - count("effect"),
            "doubled": count("doubled"),
            "not_done": count("work WHERE state <> 'done'"),
            "taken_up_again": count("work WHERE attempt > 1"),
        }


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), ""
    )
    return (
        f"{model or platform.machine()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, psycopg {version('psycopg')}, trio {version('trio')}"
    )


async def with_server(root: Path) -> dict[str, float | str]:
    async with EmbeddedServer(root).running() as server:
        await migrate(server.conninfo)
        async with Database.open(server.conninfo, size=1) as database:
            row = await database.fetch_one("SHOW server_version")
            await database.execute("CREATE TABLE effect (work_id bigint PRIMARY KEY)")
            await database.execute("CREATE TABLE doubled (work_id bigint)")
            await database.execute("CREATE TABLE fenced (work_id bigint)")
        found: dict[str, float | str] = {
            "machine": f"{machine()}, PostgreSQL {row[0] if row else '?'}"
        }
        found |= await throughput(server.conninfo)
        # In a thread: the server is watched from this loop meanwhile.
        found |= await trio.to_thread.run_sync(kill_workers, server.conninfo)
    return found


def report(found: dict[str, float | str]) -> None:
    """Print the result for people."""
    print(f"{found['machine']}; every commit is on disk\n")
    for name in (
        "enqueued_per_second",
        "one_worker_jobs_per_second",
        f"{TASKS}_tasks_jobs_per_second",
    ):
        print(f"{name.replace('_', ' '):34} {float(found[name]):>12,.0f}")
    print(
        f"{'one job, claim to commit':34} {float(found['one_worker_claim_to_commit_ms']):>12.2f} ms"
    )
    print(
        f"\n{found['kills']} kill -9 of {WORKERS} processes during {KILL_JOBS:,} jobs,"
        f" {float(found['kill_seconds']):.1f} s:"
    )
    for name in ("lost", "doubled", "not_done", "taken_up_again"):
        aim = "" if name == "taken_up_again" else "aim: 0"
        print(f"{name.replace('_', ' '):34} {found[name]:>12}   {aim}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure durable work, and kill its workers.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if arguments.worker:
        trio.run(work_for_ever, arguments.worker)
        return
    with tempfile.TemporaryDirectory(prefix="reeld-bench-") as folder:
        found = trio.run(with_server, Path(folder))
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)
    if any(found[name] for name in ("lost", "doubled", "not_done")):
        sys.exit("Work was lost or doubled.")


if __name__ == "__main__":
    main()
