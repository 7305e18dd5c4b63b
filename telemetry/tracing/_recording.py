"""Beginning and ending spans. The one place that knows whether anybody records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import Token
from types import TracebackType
from typing import Final

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Tracer,
    TracerProvider,
    get_current_span,
    set_span_in_context,
)

from reeld.telemetry.tracing._failing import fail

TICK: Final = "reeld.tick"
"""The attribute of a span that only looks whether there is something to do; such spans are not sampled."""

Value = str | bool | int | float | Sequence[str]
Attributes = Mapping[str, Value]


class _Nothing(AbstractContextManager[Span]):
    """Stands in for a span that nobody records."""

    def __enter__(self) -> Span:
        return INVALID_SPAN

    def __exit__(self, *_: object) -> None:
        pass


_NOTHING: Final = _Nothing()
_tracer: Tracer | None = None
_unsampled: tuple[SpanContext, Span, Context] | None = None
"""The last sender that was not sampled, and its context: what follows from one request passes the same one along."""


@contextmanager
def recorded_by(provider: TracerProvider) -> Iterator[None]:
    """Record the spans of this process with a provider for the length of the block.

    The provider is not made the process's global one, which can be set only once and never taken back.
    """
    global _tracer  # noqa: PLW0603 - tracing is the process's, as logging is
    before = _tracer
    _tracer = provider.get_tracer("reeld")
    try:
        yield
    finally:
        _tracer = before


def is_on() -> bool:
    """Whether spans are recorded at all. Costs next to nothing: ask before you put attributes together."""
    return _tracer is not None


def is_recording() -> bool:
    """Whether the current span is recorded: details of it are worth telling."""
    return _tracer is not None and get_current_span().is_recording()


def record(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: Context | None = None,
    links: Sequence[Link] = (),
    attributes: Attributes | None = None,
) -> AbstractContextManager[Span]:
    """Record the block as a span, which is the current one inside.

    An error, a cancellation or a deadline that leaves the block ends the span as failed; their texts are not kept.
    Never use it around a `yield` of an asynchronous generator: whoever closes that does so in another context.

    Args:
        name: What happens; of few different values.
        kind: Which end of what it is.
        parent: Holds the span that it is part of. `Context()` begins a new trace; None means the current span.
        links: To spans that led to it, in other traces.
        attributes: What is known at once; what the sampler looks at must be here.
    """
    if _tracer is None:
        return _NOTHING
    return _Recorded(_tracer, name, kind, parent, links, attributes)


def record_child(
    name: str, kind: SpanKind, attributes: Attributes | None = None
) -> AbstractContextManager[Span]:
    """Record the block as a span, if the current span is recorded; the current span stays what it is.

    For leaves, such as a statement: they are no traces of their own, and nothing happens inside them. So the block may
    hold a `yield`.
    """
    if _tracer is None or not get_current_span().is_recording():
        return _NOTHING
    return _Child(_tracer, name, kind, attributes)


def unsampled(sender: SpanContext) -> AbstractContextManager[Span]:
    """Let the block be part of a trace that is not sampled, so that what happens inside is not recorded either."""
    global _unsampled  # noqa: PLW0603 - it is a cache of one
    known = _unsampled
    if known is None or known[0] is not sender:
        span = NonRecordingSpan(sender)
        known = _unsampled = sender, span, set_span_in_context(span, Context())
    return _Attached(known[1], known[2])


class _Attached(AbstractContextManager[Span]):
    __slots__ = ("_context", "_span", "_token")

    def __init__(self, span: Span, context: Context) -> None:
        self._span = span
        self._context = context

    def __enter__(self) -> Span:
        self._token: Token[Context] = attach(self._context)
        return self._span

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        detach(self._token)


class _Recorded(AbstractContextManager[Span]):
    __slots__ = ("_attributes", "_kind", "_links", "_name", "_parent", "_span", "_token", "_tracer")

    def __init__(
        self,
        tracer: Tracer,
        name: str,
        kind: SpanKind,
        parent: Context | None,
        links: Sequence[Link],
        attributes: Attributes | None,
    ) -> None:
        self._tracer = tracer
        self._name = name
        self._kind = kind
        self._parent = parent
        self._links = links
        self._attributes = attributes

    def __enter__(self) -> Span:
        self._span = self._tracer.start_span(
            self._name,
            context=self._parent,
            kind=self._kind,
            attributes=self._attributes,
            links=self._links,
            record_exception=False,
            set_status_on_exception=False,
        )
        self._token: Token[Context] = attach(set_span_in_context(self._span, self._parent))
        return self._span

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        detach(self._token)
        if error is not None and not _is_told(self._span):
            fail(self._span, error)
        self._span.end()


class _Child(AbstractContextManager[Span]):
    __slots__ = ("_span",)

    def __init__(
        self, tracer: Tracer, name: str, kind: SpanKind, attributes: Attributes | None
    ) -> None:
        self._span = tracer.start_span(name, kind=kind, attributes=attributes)

    def __enter__(self) -> Span:
        return self._span

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if error is not None and not _is_told(self._span):
            fail(self._span, error)
        self._span.end()


def _is_told(span: Span) -> bool:
    """Whether somebody who knew more has said already why the span failed."""
    status = getattr(span, "status", None)
    return status is not None and not status.is_unset
