"""The SDK, put together. Nothing but `exporting` imports this."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider

from reeld.telemetry.tracing._batching import Batches
from reeld.telemetry.tracing._exporting import Export
from reeld.telemetry.tracing._sampling import Rules

SEND_SECONDS: Final = 5.0
"""For one batch, its retries included; a collector that takes longer loses it."""
_LIMITS: Final = SpanLimits(
    max_span_attributes=64, max_links=64, max_events=16, max_attribute_length=1024
)

# It logs each batch that fails, and may quote the answer; `Batches` says it once a minute and counts.
logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter").disabled = True


def provider_for(
    export: Export, redact: Callable[[str], str], dropped: Callable[[int], None]
) -> tuple[TracerProvider, Batches]:
    """Return what makes spans, and what sends them. Nothing is sent, and no thread ends the process, at exit."""
    exporter = OTLPSpanExporter(
        endpoint=f"{export.endpoint.rstrip('/')}/v1/traces",
        headers=dict(export.headers),
        timeout=SEND_SECONDS,
        compression=Compression.Gzip,
    )
    batches = Batches(exporter, redact=redact, dropped=dropped)
    provider = TracerProvider(
        sampler=Rules(export.ratio),
        resource=Resource.create(
            {
                "service.name": "reeld",
                "service.version": export.version,
                "service.instance.id": str(uuid4()),
            }
        ),
        span_limits=_LIMITS,
        shutdown_on_exit=False,
    )
    provider.add_span_processor(batches)
    return provider, batches
