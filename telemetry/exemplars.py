"""The trace that a measured value came from, shown with its bucket in OpenMetrics."""

from __future__ import annotations

from opentelemetry.trace import (
    INVALID_SPAN,
    SpanContext,
    format_span_id,
    format_trace_id,
    get_current_span,
)


def exemplar_of(span: SpanContext | None) -> dict[str, str] | None:
    """Return what leads to a span, if it is sampled: nobody could find any other.

    Sixty-three of the 128 characters that OpenMetrics allows.
    """
    if span is None or not span.trace_flags.sampled:
        return None
    return {"trace_id": format_trace_id(span.trace_id), "span_id": format_span_id(span.span_id)}


def current_exemplar() -> dict[str, str] | None:
    """Return what leads to the span that is current here; None when there is none, or it is not sampled."""
    span = get_current_span()
    return None if span is INVALID_SPAN else exemplar_of(span.get_span_context())
