"""Run the benchmarks one after the other: `python -m bench [NAME ...] [--json]`; see README.md beside this file."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

NAMES = (
    "kernel",
    "tracing",
    "storage",
    "work_queue",
    "importer",
    "database",
    "groups",
    "backup",
    "parsing",
    "formats",
    "deciding",
    "decisions",
    "feed",
    "indexers",
    "pictures",
    "daemon",
    "scrape",
    "observing",
    "events",
    "api",
    "radarr",
)
LIMIT_SECONDS = 300.0
ROOT = Path(__file__).resolve().parents[1]


def machine() -> dict[str, Any]:
    """Return what the figures were measured on, and how busy it was."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def run(name: str, *, as_json: bool) -> tuple[int, Any]:
    """Run one benchmark in a process of its own; return its status and, if asked for, its numbers."""
    command = [sys.executable, "-m", f"bench.{name}", *(["--json"] if as_json else [])]
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE if as_json else None,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    if not as_json:
        return done.returncode, None
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode or 1, None


def run_all(names: list[str], *, as_json: bool) -> int:
    """Run benchmarks and print what they found; return 1 when one failed."""
    here, begun = machine(), time.monotonic()
    failed, results = [], {}
    if not as_json:
        print(
            f"{here['processor']}, {here['cores']} cores, {here['memory_gib']} GiB, {here['system']},"
            f" Python {here['python']}; load {here['load'][0]}"
        )
        if here["load"][0] > 0.5:
            print("The machine is busy: figures that are times will be worse than they are.")
    for name in names:
        load = os.getloadavg()[0]
        if not as_json:
            print(f"\n== {name} (load {load:.1f})\n", flush=True)
        try:
            status, numbers = run(name, as_json=as_json)
        except subprocess.TimeoutExpired:
            status, numbers = 1, None
            print(f"{name} took longer than {LIMIT_SECONDS:g} s.", file=sys.stderr)
        results[name] = {"load": round(load, 2), "numbers": numbers}
        if status:
            failed.append(name)
    seconds = round(time.monotonic() - begun, 1)
    if as_json:
        document = {"machine": here, "seconds": seconds, "failed": failed, "results": results}
        print(json.dumps(document, indent=2))
    else:
        print(f"\n{seconds:.0f} s{'; failed: ' + ', '.join(failed) if failed else ''}")
    return 1 if failed else 0


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Run the benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return run_all(arguments.names or list(NAMES), as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
