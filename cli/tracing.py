"""Traces as the settings say."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from reeld import __version__
from reeld.domain.settings import TracingSettings
from reeld.telemetry import Metrics, redaction
from reeld.telemetry.tracing import Export, exporting


def traced(settings: TracingSettings, metrics: Metrics) -> AbstractAsyncContextManager[None]:
    """Record spans for the length of the block and send them where the settings say; nothing when they say nothing."""
    export = None
    if settings.endpoint is not None:
        export = Export(
            endpoint=settings.endpoint,
            version=__version__,
            headers=settings.header_fields(),
            ratio=settings.sample_ratio,
        )
    return exporting(
        export,
        redact=redaction.text,
        dropped=lambda count: metrics.add("reeld_trace_spans_dropped_total", count),
    )
