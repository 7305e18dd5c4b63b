"""W3C trace context: in rows and in headers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from reeld.telemetry.tracing._recording import is_on

_HEADER: Final = "traceparent"
_PROPAGATOR: Final = TraceContextTextMapPropagator()


def current_traceparent() -> str | None:
    """Return what a row keeps of the current span; None when it is not sampled: a link to it would lead nowhere."""
    if not is_on():
        return None
    context = get_current_span().get_span_context()
    if not (context.is_valid and context.trace_flags.sampled):
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def parent_in(traceparent: str | None) -> Context:
    """Return the context that a caller's header speaks of: empty, so a new trace, when it says nothing sensible."""
    carrier = {} if traceparent is None else {_HEADER: traceparent}
    return _PROPAGATOR.extract(carrier, Context())


def context_of(traceparent: str | None) -> SpanContext | None:
    """Return the span that a stored text speaks of; None when it is none."""
    if traceparent is None:
        return None
    found = get_current_span(parent_in(traceparent)).get_span_context()
    return found if found.is_valid else None


def links_to(*traceparents: str | None) -> list[Link]:
    """Return links to the spans of stored texts, each once; nothing while nobody records."""
    return list(_links(traceparents)) if is_on() else []


def add_links(*traceparents: str | None) -> None:
    """Link the current span to the spans of stored texts."""
    span = get_current_span()
    if is_on() and span.is_recording():
        for link in _links(traceparents):
            span.add_link(link.context)


def _links(traceparents: Iterable[str | None]) -> Iterable[Link]:
    for each in dict.fromkeys(traceparents):
        if (found := context_of(each)) is not None:
            yield Link(found)
