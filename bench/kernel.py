"""Measure the kernel beside pykka's own `ThreadingActor`, in one run, on one machine.

    python bench/kernel.py [--json]

Ratios are medians over several rounds in which the runtimes take turns, so that a busy machine slows
all of them. The bare path is a `TrioActor` through pykka's reference. The full path is a supervised
`Actor` through its address: with deadline, contexts, mailbox bound, circle check and Prometheus metrics.

Run it on an idle machine. Where other processes keep the cores busy, the scheduler puts both of pykka's
threads on one core, and they hand over twice as fast as across two; a trio task does not care. The load
is reported with the result.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pykka
import structlog
import trio

from reeld.actors.kernel import (
    Actor,
    Cell,
    IncarnationCrashed,
    NullObserver,
    TrioActor,
    handles,
    host_actors,
    run_incarnation,
)
from reeld.cli.labels import KNOWN_LABELS
from reeld.domain.messages import Message
from reeld.telemetry.metrics import Metrics
from reeld.telemetry.observers import KernelObserver

ROUNDS = 7
TELLS = 20_000
ASKS = 3_000
RESTARTS = 200
IDLE_ACTORS = 10_000
PATHS = ("bare", "full")
KINDS = ("tells", "asks")
AIMS = {
    ("bare", "tells"): "aim: at least 2",
    ("bare", "asks"): "aim: at least 3.5",
    ("full", "tells"): "",
    ("full", "asks"): "aim: at least 1.5",
}


@dataclass(frozen=True, slots=True)
class Ping(Message[int]):
    number: int


@dataclass(frozen=True, slots=True)
class Boom(Message[None]):
    pass


class Threaded(pykka.ThreadingActor):
    def on_receive(self, message: Ping) -> int:
        return message.number


class Bare(TrioActor):
    def on_receive(self, message: Ping) -> int:
        return message.number


class Full(Actor):
    mailbox_capacity = TELLS + 1

    @handles(Ping)
    async def ping(self, message: Ping) -> int:
        return message.number

    @handles(Boom)
    async def boom(self, message: Boom) -> None:  # noqa: ARG002
        raise RuntimeError


def rate(count: int, begun: float) -> float:
    return count / (time.perf_counter() - begun)


def threaded_tells() -> float:
    ref = Threaded.start()
    begun = time.perf_counter()
    for number in range(TELLS):
        ref.tell(Ping(number))
    ref.ask(Ping(0))
    found = rate(TELLS, begun)
    ref.stop()
    return found


def threaded_asks() -> float:
    ref = Threaded.start()
    begun = time.perf_counter()
    for number in range(ASKS):
        ref.ask(Ping(number))
    found = rate(ASKS, begun)
    ref.stop()
    return found


async def bare(count: int, work: Callable[[pykka.ActorRef[Bare]], Awaitable[None]]) -> float:
    async with host_actors():
        ref = Bare.start()
        await ref.ask(Ping(0), block=False)
        begun = time.perf_counter()
        await work(ref)
        found = rate(count, begun)
        await ref.stop(block=False)
    return found


async def bare_tells() -> float:
    async def work(ref: pykka.ActorRef[Bare]) -> None:
        for number in range(TELLS):
            ref.tell(Ping(number))
        await ref.ask(Ping(0), block=False)

    return await bare(TELLS, work)


async def bare_asks() -> float:
    async def work(ref: pykka.ActorRef[Bare]) -> None:
        for number in range(ASKS):
            await ref.ask(Ping(number), block=False)

    return await bare(ASKS, work)


async def full(
    count: int, work: Callable[[Cell], Awaitable[None]], *, measured: bool = True
) -> float:
    observer = KernelObserver(Metrics(KNOWN_LABELS)) if measured else NullObserver()
    cell = Cell("full", Full, observer=observer)
    async with trio.open_nursery() as nursery:
        await nursery.start(run_incarnation, cell)
        await cell.address.ask(Ping(0))
        begun = time.perf_counter()
        await work(cell)
        found = rate(count, begun)
        cell.request_stop("measured")
    return found


async def full_tells(*, measured: bool = True) -> float:
    async def work(cell: Cell) -> None:
        for number in range(TELLS):
            cell.address.tell(Ping(number))
        await cell.address.ask(Ping(0))

    return await full(TELLS, work, measured=measured)


async def full_asks(*, measured: bool = True) -> float:
    async def work(cell: Cell) -> None:
        for number in range(ASKS):
            await cell.address.ask(Ping(number))

    return await full(ASKS, work, measured=measured)


async def restart_seconds() -> float:
    """From sending a message that crashes the actor to the next incarnation's first answer."""
    cell = Cell("full", Full)

    async def supervise() -> None:
        while True:
            try:
                await run_incarnation(cell)
                return
            except IncarnationCrashed:
                continue

    async with trio.open_nursery() as nursery:
        nursery.start_soon(supervise)
        await cell.address.ask(Ping(0))
        taken = []
        for number in range(RESTARTS):
            begun = time.perf_counter()
            cell.address.tell(Boom())
            await cell.address.ask(Ping(number))
            taken.append(time.perf_counter() - begun)
        cell.request_stop("measured")
    return statistics.median(taken)


async def idle_bytes() -> float:
    """Resident memory that one idle supervised actor takes."""
    before = resident_bytes()
    async with trio.open_nursery() as nursery:
        cells = [Cell(f"idle-{number}", Full) for number in range(IDLE_ACTORS)]
        for cell in cells:
            await nursery.start(run_incarnation, cell)
        gc.collect()
        after = resident_bytes()
        for cell in cells:
            cell.request_stop("measured")
    return (after - before) / IDLE_ACTORS


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), ""
    )
    return (
        f"{model or platform.machine()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, pykka {version('pykka')}, trio {version('trio')}"
    )


def measure() -> dict[str, float | str]:
    """Run everything and return the medians."""
    load = os.getloadavg()[0]
    rates: dict[str, list[float]] = {}
    runs: dict[str, Callable[[], float]] = {
        "threading_tells": threaded_tells,
        "threading_asks": threaded_asks,
        "bare_tells": lambda: trio.run(bare_tells),
        "bare_asks": lambda: trio.run(bare_asks),
        "full_tells": lambda: trio.run(full_tells),
        "full_asks": lambda: trio.run(full_asks),
        "unmeasured_tells": lambda: trio.run(partial(full_tells, measured=False)),
        "unmeasured_asks": lambda: trio.run(partial(full_asks, measured=False)),
    }
    for _ in range(ROUNDS):
        for name, run in runs.items():
            rates.setdefault(name, []).append(run())
            gc.collect()

    def ratio(path: str, kind: str) -> float:
        pairs = zip(rates[f"{path}_{kind}"], rates[f"threading_{kind}"], strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)

    def above(kind: str, below: str) -> float:
        pairs = zip(rates[f"full_{kind}"], rates[f"{below}_{kind}"], strict=True)
        return statistics.median(1e6 / mine - 1e6 / less for mine, less in pairs)

    return {
        "machine": machine(),
        "load_at_start": load,
        **{f"{name}_per_second": statistics.median(found) for name, found in rates.items()},
        **{f"{path}_{kind}_ratio": ratio(path, kind) for path in PATHS for kind in KINDS},
        **{f"full_{kind}_above_bare_us": above(kind, "bare") for kind in KINDS},
        **{f"metrics_{kind}_us": above(kind, "unmeasured") for kind in KINDS},
        "restart_us": 1e6 * trio.run(restart_seconds),
        "idle_actor_bytes": trio.run(idle_bytes),
    }


def report(found: dict[str, float | str]) -> None:
    """Print the result for people; the aims are the design's."""

    def row(what: str, text: str, aim: str = "") -> None:
        print(f"{what:34} {text:>24}   {aim}")

    print(f"{found['machine']}; load {found['load_at_start']:.1f}; medians of {ROUNDS} rounds\n")
    for runtime in ("threading", *PATHS):
        for kind in KINDS:
            each = float(found[f"{runtime}_{kind}_per_second"])
            row(f"{runtime} {kind}", f"{each:,.0f}/s = {1e6 / each:.1f} us")
    for path in PATHS:
        for kind in KINDS:
            row(
                f"{path} {kind}, times pykka's",
                f"{found[f'{path}_{kind}_ratio']:.2f}",
                AIMS[path, kind],
            )
    for kind in KINDS:
        row(
            f"full {kind} above bare",
            f"{found[f'full_{kind}_above_bare_us']:.1f} us",
            "aim: at most about 10",
        )
    for kind in KINDS:
        row(
            f"metrics on against off, {kind}",
            f"{found[f'metrics_{kind}_us']:.1f} us",
            "aim: at most 6",
        )
    row("crash to next answer", f"{found['restart_us']:.0f} us")
    row(f"one of {IDLE_ACTORS:,} idle actors", f"{float(found['idle_actor_bytes']) / 1024:.1f} KiB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the actor kernel beside pykka's threads.")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = measure()
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report(found)


if __name__ == "__main__":
    main()
