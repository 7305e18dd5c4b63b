"""Every record says in which span it was written, so that a log line leads to its trace."""

from __future__ import annotations

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

from reeld.telemetry.logs._redaction import EventDict


def add_span(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Add `trace_id` and `span_id` when there is a span, as OpenTelemetry writes them."""
    context = get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format_trace_id(context.trace_id)
        event["span_id"] = format_span_id(context.span_id)
    return event
