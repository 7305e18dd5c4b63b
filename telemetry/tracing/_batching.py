"""Sending spans in batches, from a thread of its own. Imports the SDK.

The SDK's own processor logs a line for each span that finds its queue full, counts none, and waits up to half a minute
for a collector that hangs.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from reeld.telemetry.tracing._redacting import Redact, redacted

log = structlog.get_logger("reeld.telemetry")

ROOM: Final = 2048
"""Spans that wait at most, as in the SDK; some two megabytes."""
BATCH: Final = 512
DELAY_SECONDS: Final = 2.0
"""How long a span waits for company."""
QUIET_SECONDS: Final = 60.0
"""Between two lines in the log about spans that were dropped."""


class Batches(SpanProcessor):
    """Takes ended spans, and has an exporter send them.

    Args:
        exporter: Sends a batch; may take its time, and fail.
        redact: Masks secrets in a text.
        dropped: Is told how many spans were dropped; called on any thread, must be quick.
    """

    def __init__(
        self, exporter: SpanExporter, *, redact: Redact, dropped: Callable[[int], None]
    ) -> None:
        self._exporter = exporter
        self._redact = redact
        self._dropped = dropped
        self._queue: deque[ReadableSpan] = deque()
        self._in_flight = 0
        self._lost = 0
        self._told_at = -QUIET_SECONDS
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self._given_up = False
        self._thread = threading.Thread(target=self._work, name="reeld-spans", daemon=True)
        self._thread.start()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Wait for its end."""

    def on_end(self, span: ReadableSpan) -> None:
        """Put an ended span into the queue, or drop it. Never waits."""
        if span.context is None or not span.context.trace_flags.sampled:
            return
        if self._closing or len(self._queue) >= ROOM:
            self._drop(1)
            return
        self._queue.append(span)
        if len(self._queue) >= BATCH:
            self._wake.set()

    def force_flush(self, timeout_millis: int = 30000) -> bool:  # noqa: ARG002 - the exporter has a deadline
        """Send what waits, in the calling thread."""
        self._send_all()
        return not self._queue

    def shutdown(self) -> None:
        """Give up at once; `close` is the orderly way."""
        self.close(0)

    def close(self, seconds: float) -> None:
        """Send what waits, for so long at most; what is left then is dropped and counted. Blocks the thread."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._given_up = True
            self._drop(len(self._queue) + self._in_flight)
        self._exporter.shutdown()

    def _work(self) -> None:
        while not self._closing:
            self._wake.wait(DELAY_SECONDS)
            self._wake.clear()
            self._send_all()
        self._send_all()

    def _send_all(self) -> None:
        with self._sending:
            while self._queue and not self._given_up:
                count = min(BATCH, len(self._queue))
                batch = [self._queue.popleft() for _ in range(count)]
                self._in_flight = count
                sent = self._send(batch)
                self._in_flight = 0
                if not sent and not self._given_up:
                    # A collector that is away when we leave is not waited for, batch by batch.
                    left = len(self._queue) if self._closing else 0
                    for _ in range(left):
                        self._queue.popleft()
                    self._drop(count + left)

    def _send(self, batch: list[ReadableSpan]) -> bool:
        try:
            clean = [redacted(span, self._redact) for span in batch]
            return self._exporter.export(clean) is SpanExportResult.SUCCESS
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever the exporter meets
            log.debug("span_export_failed", fault=type(error).__name__)
            return False

    def _drop(self, count: int) -> None:
        if not count:
            return
        self._dropped(count)
        self._lost += count
        now = time.monotonic()
        if now - self._told_at >= QUIET_SECONDS:
            log.warning(
                "spans_dropped",
                spans=self._lost,
                sentence="The collector does not take them, or not fast enough. Check tracing.endpoint.",
            )
            self._told_at, self._lost = now, 0
