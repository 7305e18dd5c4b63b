"""Which spans are recorded."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from reeld.telemetry import tracing
from reeld.telemetry.tracing._sampling import Rules

CALLER = f"00-{'ab' * 16}-{'cd' * 8}-"


def recorded(ratio: float, record: Any) -> list[str]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=Rules(ratio), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with tracing.recorded_by(provider):
        record()
    return [span.name for span in exporter.get_finished_spans()]


@pytest.mark.parametrize("path", ["/health", "/health/detailed", "/ready", "/metrics", "/info"])
def test_probes_are_not_recorded_whatever_the_caller_wants(path: str) -> None:
    def probe() -> None:
        parent = tracing.parent_in(CALLER + "01")
        attributes = {"url.path": path}
        with (
            tracing.record("GET", kind=SpanKind.SERVER, parent=parent, attributes=attributes),
            tracing.record("inside"),
        ):
            pass

    assert recorded(1.0, probe) == []


def test_a_tick_is_not_recorded_and_what_it_finds_to_do_is() -> None:
    def tick() -> None:
        with tracing.record("process tmdb", parent=Context(), attributes={tracing.TICK: True}):
            with tracing.record_child("SELECT work", SpanKind.CLIENT):
                pass
            with tracing.record("run search-movie", parent=Context()):
                pass

    assert recorded(1.0, tick) == ["run search-movie"]


@pytest.mark.parametrize(("flags", "names"), [("01", ["GET"]), ("00", [])])
def test_a_callers_decision_is_kept(flags: str, names: list[str]) -> None:
    def request() -> None:
        with tracing.record("GET", kind=SpanKind.SERVER, parent=tracing.parent_in(CALLER + flags)):
            pass

    for ratio in (0.0, 1.0):
        assert recorded(ratio, request) == names


def test_the_stages_of_one_movie_are_all_recorded_or_none_is() -> None:
    def stages() -> None:
        for movie in range(200):
            attributes = {tracing.WORKFLOW_ID: tracing.workflow_id(movie)}
            for _ in range(3):
                with tracing.record(str(movie), parent=Context(), attributes=attributes):
                    pass

    names = recorded(0.5, stages)
    assert 50 < len(set(names)) < 150
    assert all(names.count(each) == 3 for each in names)
    assert recorded(0.5, stages) == names
