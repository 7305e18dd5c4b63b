"""How spans leave, and what happens when they cannot."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
import structlog.testing
import trio
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from reeld.telemetry import Redaction, tracing
from reeld.telemetry.tracing import _exporting
from reeld.telemetry.tracing._batching import ROOM, Batches


class Lost:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, count: int) -> None:
        self.count += count


def export(endpoint: str, **more: Any) -> tracing.Export:
    return tracing.Export(endpoint=endpoint, version="1.2.3", **more)


async def test_spans_arrive_as_protobuf_with_who_sent_them(collector: Any) -> None:
    lost = Lost()
    sent = export(collector.endpoint + "/", headers={"x-access": "the key"})
    async with tracing.exporting(sent, redact=str, dropped=lost):
        with tracing.record("outer", attributes={"reeld.number": 7}), tracing.record("inner"):
            pass
    (outer,), (inner,) = collector.named("outer"), collector.named("inner")
    assert inner.parent_id == outer.span_id
    assert outer.attributes["reeld.number"] == 7
    assert outer.resource["service.name"] == "reeld"
    assert outer.resource["service.version"] == "1.2.3"
    assert collector.headers[0]["x-access"] == "the key"
    assert lost.count == 0
    assert not tracing.is_on()


async def test_secrets_are_masked_wherever_they_stand(collector: Any) -> None:
    redaction = Redaction()
    redaction.register(["opensesame"])
    async with tracing.exporting(export(collector.endpoint), redact=redaction.text, dropped=Lost()):
        attributes = {
            "url.path": "/x/opensesame",
            "list": ["opensesame", "fine"],
            "pair": "passkey=abcdef",
            "number": 1,
        }
        with tracing.record("reads opensesame", attributes=attributes):
            pass
    (span,) = collector.spans
    assert "opensesame" not in span.raw
    assert "abcdef" not in span.raw
    assert span.attributes["number"] == 1
    assert "fine" in span.raw


@pytest.mark.parametrize("mood", ["hangs", "fails", "refuses"])
async def test_a_collector_that_takes_nothing_holds_up_no_stop_and_what_it_missed_is_counted(
    collector: Any, mood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_exporting, "CLOSING_SECONDS", 0.5)
    endpoint, lost = collector.endpoint, Lost()
    if mood == "refuses":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    else:
        collector.mood = mood
    left = 0.0
    with structlog.testing.capture_logs() as logs:
        with trio.fail_after(20):
            async with tracing.exporting(export(endpoint), redact=str, dropped=lost):
                for _ in range(3):
                    with tracing.record("lost"):
                        pass
                left = time.monotonic()
        took = time.monotonic() - left
    assert lost.count == 3
    # The exporter alone would try for five seconds, and the SDK's processor wait for thirty.
    assert took < 4.5
    assert [each["event"] for each in logs] == ["spans_dropped"]


async def test_a_cancelled_daemon_still_sends_what_it_has(collector: Any) -> None:
    with trio.CancelScope() as scope:
        async with tracing.exporting(export(collector.endpoint), redact=str, dropped=Lost()):
            with tracing.record("last"):
                pass
            scope.cancel()
            await trio.sleep_forever()
    assert len(collector.named("last")) == 1


class Stuck(SpanExporter):
    """Takes nothing until it is let."""

    def __init__(self) -> None:
        import threading

        self.begun, self.free = threading.Event(), threading.Event()
        self.taken = 0

    def export(self, spans: Any) -> SpanExportResult:
        self.begun.set()
        self.free.wait(30)
        self.taken += len(spans)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self.free.set()


def test_spans_that_find_no_room_are_dropped_counted_and_told_of_once() -> None:
    exporter, lost = Stuck(), Lost()
    batches = Batches(exporter, redact=str, dropped=lost)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(batches)
    made = ROOM + 1000
    with tracing.recorded_by(provider), structlog.testing.capture_logs() as logs:
        for _ in range(made):
            with tracing.record("many"):
                pass
        dropped = lost.count
        assert dropped >= 1000 - 512  # one batch was on its way already
        assert [each["event"] for each in logs] == ["spans_dropped"]
        exporter.free.set()
        batches.close(30)
    assert exporter.taken + lost.count == made


def test_a_fault_of_the_exporter_does_not_end_the_thread() -> None:
    class Broken(SpanExporter):
        calls = 0

        def export(self, spans: Any) -> SpanExportResult:
            self.calls += 1
            raise OSError("a secret")

        def shutdown(self) -> None:
            pass

    exporter, lost = Broken(), Lost()
    batches = Batches(exporter, redact=str, dropped=lost)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(batches)
    with tracing.recorded_by(provider), structlog.testing.capture_logs() as logs:
        for _ in range(2):
            with tracing.record("lost"):
                pass
            batches.force_flush()
        batches.close(30)
    assert (exporter.calls, lost.count) == (2, 2)
    assert "a secret" not in str(logs)
