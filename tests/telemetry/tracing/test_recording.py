"""How spans begin, nest and end."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import trio
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, SpanKind, StatusCode, get_current_span

from reeld.domain.errors import Refused
from reeld.telemetry import tracing


def test_without_a_recorder_a_span_is_nothing_and_is_made_once() -> None:
    assert not tracing.is_on()
    assert tracing.record("one") is tracing.record("two")
    with tracing.record("one") as span:
        assert span is INVALID_SPAN
        assert not tracing.is_recording()
        assert tracing.current_traceparent() is None


def test_without_a_recorder_nothing_of_the_sdk_is_imported() -> None:
    script = """
import sys
import reeld.cli.daemon, reeld.cli.parts, reeld.actors.worker, reeld.http.app
import trio
from reeld.telemetry.tracing import exporting
async def main():
    async with exporting(None, redact=str, dropped=print):
        print([name for name in sys.modules if name.startswith((
            "opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto", "google.protobuf", "requests"))])
trio.run(main)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_a_span_is_the_current_one_inside_and_not_after(spans: Any) -> None:
    with tracing.record("outer") as outer:
        with tracing.record("inner"):
            assert tracing.is_recording()
        assert get_current_span() is outer
    assert get_current_span() is INVALID_SPAN
    assert spans.one("inner").parent.span_id == outer.get_span_context().span_id


def test_a_new_root_is_a_trace_of_its_own(spans: Any) -> None:
    with tracing.record("outer") as outer, tracing.record("root", parent=Context()):
        pass
    root = spans.one("root")
    assert root.parent is None
    assert root.context.trace_id != outer.get_span_context().trace_id


def test_a_child_is_recorded_only_inside_a_recorded_span(spans: Any) -> None:
    with tracing.record_child("orphan", SpanKind.CLIENT):
        pass
    with tracing.record("outer"), tracing.record_child("leaf", SpanKind.CLIENT):
        assert get_current_span().name == "outer"  # type: ignore[attr-defined]
    assert [span.name for span in spans.all] == ["leaf", "outer"]


async def test_a_cancelled_span_has_failed(spans: Any) -> None:
    with trio.CancelScope() as scope, tracing.record("cancelled"):
        scope.cancel()
        await trio.sleep_forever()
    span = spans.one("cancelled")
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["error.type"] == "cancelled"


async def test_a_span_past_its_deadline_says_so(spans: Any, autojump_clock: Any) -> None:
    with trio.move_on_after(1):
        with tracing.record("inside"):
            await trio.sleep_forever()
    with pytest.raises(trio.TooSlowError), tracing.record("around"), trio.fail_after(1):
        await trio.sleep_forever()
    for name in ("inside", "around"):
        assert spans.one(name).status.status_code is StatusCode.ERROR
        assert spans.one(name).attributes["error.type"] == "deadline_exceeded"


async def test_of_a_group_the_fault_is_named_and_not_the_cancellation_that_it_caused(
    spans: Any,
) -> None:
    async def breaks() -> None:
        raise LookupError("a secret")

    async def fail_together() -> None:
        with tracing.record("group"):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                nursery.start_soon(breaks)

    with pytest.raises(BaseExceptionGroup):
        await fail_together()
    assert spans.one("group").attributes["error.type"] == "LookupError"


def test_reelds_own_errors_are_named_by_their_reason_and_others_by_their_class() -> None:
    assert tracing.error_type(Refused("No.", reason="torrent_refused")) == "torrent_refused"
    decoding = UnicodeDecodeError("utf-8", b"", 0, 1, "invalid start byte")
    assert tracing.error_type(decoding) == "UnicodeDecodeError"


def test_the_text_of_an_error_is_in_no_span(spans: Any) -> None:
    with pytest.raises(ValueError, match="hunter2"), tracing.record("fails"):
        raise ValueError("the password hunter2 is wrong")
    span = spans.one("fails")
    assert span.events == ()
    assert span.status.description is None
    assert "hunter2" not in span.to_json()


def test_what_somebody_said_of_a_failure_already_is_kept(spans: Any) -> None:
    def fail() -> None:
        with tracing.record("fails") as span:
            tracing.fail(span, "42P01")
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fail()
    assert spans.one("fails").attributes["error.type"] == "42P01"


async def test_a_span_left_in_another_context_does_not_disturb(spans: Any) -> None:
    async def items() -> Any:
        with tracing.record_child("leaf", SpanKind.CLIENT):
            yield 1

    async def begin(generator: Any) -> None:
        await anext(generator)

    with tracing.record("outer"):
        generator = items()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(begin, generator)
        await generator.aclose()
    assert spans.one("leaf").parent.span_id == spans.one("outer").context.span_id
