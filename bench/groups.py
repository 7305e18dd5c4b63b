"""Measure the reputations of 50 groups at once with 100,000 rows of evidence: p50 and p95.

    python bench/groups.py [--json]

The server is the embedded one with its durable defaults; a call is timed from the pool to the judged values in Python.
Rows are spread evenly over 1,000 groups, and once more as in life: the n-th group has a share of 1/n, and the 50 that are
asked for are the largest ones. `judge` is the arithmetic alone; `every` reads all groups, as the list does.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
import trio

from reeld.domain.reputation import Reputation, judge_group
from reeld.migrations import migrate
from reeld.storage import Database
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.repositories import groups

ROWS = 100_000
GROUPS = 1_000
ASKED = 50
WARM_UP = 10
CALLS = 100

FILL = f"""
INSERT INTO group_evidence (group_key, group_name, kind, release_title, at)
    SELECT 'group' || {{group}}, 'GROUP' || {{group}},
           (ARRAY['grabbed', 'completed', 'kept', 'kept', 'stalled', 'wrong_content'])[1 + n % 6],
           'The.Movie.Number.' || n || '.1080p.BluRay.x264-GRP', now() - make_interval(mins => n * 15)
    FROM generate_series(1, {ROWS}) n
"""
EVENLY = f"(n % {GROUPS})"
AS_IN_LIFE = f"floor(exp(random() * ln({GROUPS})))"


async def _timed(call: Callable[[], Awaitable[object]]) -> dict[str, float]:
    times = []
    for turn in range(WARM_UP + CALLS):
        started = time.perf_counter()
        await call()
        if turn >= WARM_UP:
            times.append((time.perf_counter() - started) * 1000)
    return {
        "p50_ms": round(statistics.median(times), 2),
        "p95_ms": round(statistics.quantiles(times, n=20)[18], 2),
    }


async def _measured(database: Database, spread: str) -> dict[str, dict[str, float]]:
    async with database.connection(deadline=120) as conn:
        await conn.execute("TRUNCATE group_evidence")
        await conn.execute(FILL.replace("{group}", spread))
        await conn.execute("VACUUM ANALYZE group_evidence")
    names = [f"group{number}" for number in range(1, ASKED + 1)]
    [*weighed] = await groups.every(database)
    asked = [each for each in weighed if each.key in names]

    async def judge() -> list[Reputation]:
        return [judge_group(each.group, each.tallies) for each in asked]

    return {
        "reputations": await _timed(lambda: groups.reputations(database, names)),
        "judge": await _timed(judge),
        "every": await _timed(lambda: groups.every(database)),
    }


async def _run(folder: Path) -> dict[str, object]:
    server = EmbeddedServer(folder)
    await server.start()
    try:
        await migrate(server.conninfo)
        async with Database.open(server.conninfo) as database:
            return {
                "load_at_start": os.getloadavg()[0],
                "evenly": await _measured(database, EVENLY),
                "as_in_life": await _measured(database, AS_IN_LIFE),
            }
    finally:
        await server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="reeld-bench-") as folder:
        found = trio.run(_run, Path(folder))
    if arguments.json:
        print(json.dumps(found))
        return
    print(
        f"{ROWS:,} rows of evidence, {GROUPS:,} groups, {ASKED} asked for at once; {found['load_at_start']=:.1f}"
    )
    for spread in ("evenly", "as_in_life"):
        for name, times in found[spread].items():  # type: ignore[attr-defined]
            print(
                f"  {spread:<11} {name:<12} p50 {times['p50_ms']:7.2f} ms   p95 {times['p95_ms']:7.2f} ms"
            )


if __name__ == "__main__":
    main()
