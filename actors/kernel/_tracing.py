"""The span of a message that is handled.

It is one CONSUMER span a message, with the sender's span as parent and as link, as the conventions for messaging allow
where a message is handled alone. There is no PRODUCER span, which would double the volume to say nothing new; an asker's
own span measures the wait. A tick begins a trace of its own instead, with a link to whoever sent it: a hint, which says
no more than "look now", or a message that nobody traced has sent, such as a timer's. Most ticks find nothing to do, so
the sampler drops them all; what a tick does find is work, or a stage, with a span of its own.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import trio
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    get_current_span,
    set_span_in_context,
)

from reeld.actors.kernel._envelope import Envelope
from reeld.actors.kernel._handles import Route
from reeld.domain.messages import Overflow
from reeld.telemetry import tracing


def sender_span() -> SpanContext | None:
    """Return the span that a message is sent in; None when there is none, or nobody records."""
    if not tracing.is_on():
        return None
    span = get_current_span()
    if span is INVALID_SPAN:
        return None
    context = span.get_span_context()
    return context if context.is_valid else None


async def handled(name: str, envelope: Envelope, route: Route) -> Any:
    """Run a handler in the span of its message.

    A handler that is cancelled at its deadline ends the span with `deadline_exceeded`, at any other time `cancelled`.
    """
    if not tracing.is_on():
        return await route.handler(envelope.message)
    sender, is_tick = envelope.span, _is_tick(envelope)
    if sender is not None and not is_tick and not sender.trace_flags.sampled:
        # Most messages, where few traces are sampled: nothing about it is worth knowing afterwards.
        with tracing.unsampled(sender):
            return await route.handler(envelope.message)
    with _span_of(name, envelope, route, is_tick=is_tick) as span:
        envelope.handled_in = span.get_span_context()
        try:
            return await route.handler(envelope.message)
        except trio.Cancelled:
            # The kernel's watchdog cancels for every deadline, so the cancellation itself does not tell.
            if trio.current_time() >= envelope.deadline:
                tracing.fail(span, tracing.DEADLINE_EXCEEDED)
            raise


def _span_of(
    name: str, envelope: Envelope, route: Route, *, is_tick: bool
) -> AbstractContextManager[Span]:
    sender = envelope.span
    linked = sender is not None and sender.trace_flags.sampled
    parent = Context()
    if sender is not None and not is_tick:
        parent = set_span_in_context(NonRecordingSpan(sender), parent)
    attributes = {
        "messaging.system": "reeld",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": name,
        "reeld.message": route.label,
    }
    return tracing.record(
        f"process {name}",
        kind=SpanKind.CONSUMER,
        parent=parent,
        links=[Link(sender)] if sender is not None and linked else (),
        attributes={**attributes, tracing.TICK: True} if is_tick else attributes,
    )


def _is_tick(envelope: Envelope) -> bool:
    if envelope.reply_to is not None:
        return False
    is_hint = getattr(envelope.message, "overflow", None) is Overflow.COALESCE
    return is_hint or envelope.span is None
