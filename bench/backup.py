"""Save, try and put back a database with 10,000 movies and 1,000,000 history rows, beside a bare pg_dump of it.

    python -m bench.backup [--json] [--rounds N]

The rows are those of `bench/database.py`. Every round runs the bare `pg_dump` (its defaults, and with the flags that
reeld uses) and reeld's own backup in turns; the ratio is the median of the rounds' own. Trying and putting back run
once. The server is the embedded one with its durable defaults; the scratch server of a trial is not durable.
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
from typing import Any

import structlog
import trio

from bench.database import FILL, HISTORY, MOVIES
from reeld.migrations import bundled_migrations, migrate
from reeld.storage import Database
from reeld.storage.backup import (
    BackupFolder,
    Source,
    Target,
    create_backup,
    restore_backup,
    verify_backup,
)
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.vault import KeyFile, Vault

Call = Callable[[], Awaitable[object]]


async def timed(call: Call) -> float:
    begun = time.perf_counter()
    await call()
    return time.perf_counter() - begun


def dump_of(server: EmbeddedServer, target: Path, *flags: str) -> Call:
    """A bare pg_dump into a file."""
    command = [str(server.pg_dump), "--format=custom", f"--file={target}", *flags]
    return lambda: trio.run_process([*command, f"--dbname={server.conninfo}"])


async def measure(root: Path, rounds: int) -> dict[str, Any]:
    async with EmbeddedServer(root / "postgres").running() as server:
        await migrate(server.conninfo)
        async with (
            Database.open(server.conninfo) as database,
            database.connection(deadline=300) as conn,
        ):
            for statement in FILL.split(";"):
                await conn.execute(statement)
            await conn.execute("VACUUM ANALYZE")
        Vault.from_file(root / "vault.key")
        folder = BackupFolder(root / "backups")
        with folder.locked():
            return await measure_in(folder, server, root, rounds)


async def measure_in(
    folder: BackupFolder, server: EmbeddedServer, root: Path, rounds: int
) -> dict[str, Any]:
    source = Source(server.conninfo, KeyFile(root / "vault.key"), "bench")
    bare, same = root / "bare.dump", root / "same.dump"
    ways: dict[str, Call] = {
        "bare": dump_of(server, bare),
        "bare_same_flags": dump_of(server, same, "--compress=gzip:1"),
        "create": lambda: create_backup(source, folder),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, call in ways.items():
            taken[name].append(await timed(call))
    backup = folder.find("latest")
    verify = await timed(lambda: verify_backup(backup, folder))
    newest = bundled_migrations()[-1].number
    target = Target(server.conninfo, KeyFile(root / "vault.key"), newest, migrate)
    restore = await timed(lambda: restore_backup(backup, target))
    return {
        "movies": MOVIES,
        "history_rows": HISTORY,
        "cores": os.cpu_count(),
        "rounds": rounds,
        "database_bytes": backup.require_manifest().database_bytes,
        "backup_bytes": backup.require_manifest().size,
        "bare_bytes": bare.stat().st_size,
        "bare_same_flags_bytes": same.stat().st_size,
        "seconds": {name: statistics.median(times) for name, times in taken.items()}
        | {"verify": verify, "restore": restore},
        "create_over_bare": ratio(taken["create"], taken["bare"]),
        "create_over_bare_same_flags": ratio(taken["create"], taken["bare_same_flags"]),
    }


def ratio(ones: list[float], others: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))


def report(found: dict[str, Any]) -> None:
    """Print the result for people."""
    megabytes = {name: found[name] / 1e6 for name in found if name.endswith("_bytes")}
    seconds = found["seconds"]
    print(f"{MOVIES:,} movies, {HISTORY:,} history rows, {megabytes['database_bytes']:.0f} MB\n")
    print(
        f"{'pg_dump, its defaults':28} {seconds['bare']:6.2f} s {megabytes['bare_bytes']:8.1f} MB"
    )
    same = megabytes["bare_same_flags_bytes"]
    print(f"{'pg_dump, gzip 1':28} {seconds['bare_same_flags']:6.2f} s {same:8.1f} MB")
    print(f"{'backup create':28} {seconds['create']:6.2f} s {megabytes['backup_bytes']:8.1f} MB")
    print(f"{'backup verify':28} {seconds['verify']:6.2f} s")
    print(f"{'backup restore':28} {seconds['restore']:6.2f} s")
    print(
        f"\ncreate takes {found['create_over_bare']:.2f} times as long as a bare pg_dump,"
        f" {found['create_over_bare_same_flags']:.2f} times one with the same compression"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure backups of a full database.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--rounds", type=int, default=3, help="backups beside bare dumps")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="reeld-bench-") as folder:
        found = trio.run(measure, Path(folder), arguments.rounds)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
