"""Measure what traces cost a message and a statement, against none, in one run.

    python -m bench.tracing [--json]

The four ways take turns: `off` (no endpoint is set), `unsampled` (the caller's trace is not sampled), `ratio` (a new
trace that the sampler drops) and `recorded` (the span is made, ended and queued; the exporter throws it away). Each
ask is sent inside a span, as a request's are, so `ratio` and `recorded` pay for two spans a message: the sender's own
and the handler's. `recorded_message` is the second alone: sent from one span that stays open.

Times are processor time of the whole process, the sending thread included, so that company on the cores does not count.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import structlog
import trio
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags

from reeld.actors.kernel import Actor, Cell, handles, run_incarnation
from reeld.domain.messages import Message
from reeld.telemetry import tracing
from reeld.telemetry.metrics import Metrics
from reeld.telemetry.observers import KernelObserver
from reeld.telemetry.tracing._batching import Batches
from reeld.telemetry.tracing._sampling import Rules

ROUNDS = 9
ASKS = 2_000
LEAVES = 5_000
AIMS = {
    "unsampled": "aim: at most 6",
    "recorded_message": "aim: at most 60",
}


@dataclass(frozen=True, slots=True)
class Ping(Message[int]):
    number: int


class Full(Actor):
    @handles(Ping)
    async def ping(self, message: Ping) -> int:
        return message.number


class Nowhere(SpanExporter):
    def export(self, spans: object) -> SpanExportResult:  # noqa: ARG002
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        pass


@contextmanager
def recording(ratio: float) -> Iterator[None]:
    """Record this process's spans as the daemon does, but send them nowhere."""
    batches = Batches(Nowhere(), redact=str, dropped=lambda _: None)
    provider = TracerProvider(sampler=Rules(ratio), shutdown_on_exit=False)
    provider.add_span_processor(batches)
    try:
        with tracing.recorded_by(provider):
            yield
    finally:
        batches.close(10)


UNSAMPLED = SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(0))


async def asks(
    around: Callable[[], AbstractContextManager[object]], *, metrics: bool = True
) -> float:
    """Return the microseconds that an ask takes."""
    cell = Cell("full", Full, observer=KernelObserver(Metrics()) if metrics else None)
    async with trio.open_nursery() as nursery:
        await nursery.start(run_incarnation, cell)
        await cell.address.ask(Ping(0))
        begun = time.process_time()
        for number in range(ASKS):
            with around():
                await cell.address.ask(Ping(number))
        took = time.process_time() - begun
        cell.request_stop("measured")
    return took / ASKS * 1e6


def request() -> AbstractContextManager[object]:
    return tracing.record("request", kind=SpanKind.SERVER, parent=Context())


async def asks_in_one_span() -> float:
    with tracing.record("request", parent=Context()):
        return await asks(nullcontext)


def leaves() -> float:
    """Return the microseconds that the span of a statement takes, around nothing."""
    begun = time.process_time()
    for _ in range(LEAVES):
        if tracing.is_recording():
            with tracing.record_child("SELECT movie", SpanKind.CLIENT, {"db.system.name": "x"}):
                pass
    return (time.process_time() - begun) / LEAVES * 1e6


async def leaves_in_one_span() -> float:
    with tracing.record("request", parent=Context()):
        return leaves()


async def leaves_outside() -> float:
    return leaves()


def measure() -> dict[str, float]:
    """Run everything in turns and return the medians, in microseconds."""
    load = os.getloadavg()[0]
    ways: dict[str, tuple[float | None, Callable[[], Awaitable[float]]]] = {
        "bare": (None, lambda: asks(nullcontext, metrics=False)),
        "off": (None, lambda: asks(nullcontext)),
        "unsampled": (1.0, lambda: asks(lambda: tracing.unsampled(UNSAMPLED))),
        "ratio": (0.0, lambda: asks(request)),
        "recorded": (1.0, lambda: asks(request)),
        "recorded_message": (1.0, asks_in_one_span),
        "statement_off": (None, leaves_outside),
        "statement_recorded": (1.0, leaves_in_one_span),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (ratio, run) in ways.items():
            with nullcontext() if ratio is None else recording(ratio):
                found[name].append(trio.run(run))
            gc.collect()

    def more(name: str, base: str) -> float:
        pairs = zip(found[name], found[base], strict=True)
        return statistics.median(mine - theirs for mine, theirs in pairs)

    added = {
        f"{name}_more_us": more(name, "off")
        for name in ("unsampled", "ratio", "recorded", "recorded_message")
    }
    added["both_more_us"] = more("unsampled", "bare")
    medians = {f"{name}_us": statistics.median(each) for name, each in found.items()}
    return {"load_at_start": load, **medians, **added}


def report(found: dict[str, float]) -> None:
    """Print the result for people; the aims are the design's."""
    load = found["load_at_start"]
    print(f"load {load:.1f}; medians of {ROUNDS} rounds, microseconds of processor time\n")
    print(f"{'an ask, traces off':44} {found['off_us']:8.1f}")
    for name, what in (
        ("unsampled", "more, in a trace that is not sampled"),
        ("ratio", "more, in a new trace that the sampler drops"),
        ("recorded_message", "more, recorded"),
        ("recorded", "more, recorded together with its sender"),
    ):
        print(f"{what:44} {found[f'{name}_more_us']:8.1f}   {AIMS.get(name, '')}")
    print(f"{'metrics and traces on, not sampled, above none':46} {found['both_more_us']:6.1f}")
    print(f"{'a statement, traces off':44} {found['statement_off_us']:8.2f}")
    print(f"{'a statement, recorded':44} {found['statement_recorded_us']:8.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what traces cost.")
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
