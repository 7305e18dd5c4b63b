"""What an envelope carries of the sender's trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    get_current_span,
    use_span,
)

from reeld.actors.kernel import Actor, ActorCrashed, _serving, handles
from reeld.domain.messages import Message

SENDER = SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


@dataclass(frozen=True, slots=True)
class Look(Message[int]):
    pass


@dataclass(frozen=True, slots=True)
class Break(Message[None]):
    pass


class Svc(Actor):
    @handles(Look)
    async def look(self, message: Look) -> int:
        return get_current_span().get_span_context().span_id

    @handles(Break)
    async def breaks(self, message: Break) -> None:
        raise LookupError("a secret")


class NotedSpan(NonRecordingSpan):
    """Keeps what it is told."""

    def __init__(self, name: str, arguments: dict[str, Any]) -> None:
        super().__init__(SpanContext(0xABC, 0x123, is_remote=False))
        self.name = name
        self.arguments = arguments
        self.attributes: dict[str, Any] = dict(arguments["attributes"])
        self.status: Any = None
        self.exceptions: list[BaseException] = []

    def set_attribute(self, key: str, value: Any) -> None:
        self.attributes[key] = value

    def set_status(self, status: Any, description: str | None = None) -> None:
        self.status = status

    def record_exception(self, exception: BaseException, *args: Any, **kwargs: Any) -> None:
        self.exceptions.append(exception)


class NotedTracer:
    """Makes the spans that the kernel begins."""

    def __init__(self) -> None:
        self.spans: list[NotedSpan] = []

    def start_as_current_span(
        self,
        name: str,
        *,
        record_exception: bool,
        set_status_on_exception: bool,
        **arguments: Any,
    ) -> Any:
        self.spans.append(NotedSpan(name, arguments))
        return use_span(
            self.spans[-1],
            record_exception=record_exception,
            set_status_on_exception=set_status_on_exception,
        )


@pytest.fixture
def tracer(monkeypatch: pytest.MonkeyPatch) -> NotedTracer:
    tracer = NotedTracer()
    monkeypatch.setattr(_serving, "tracer", tracer)
    return tracer


async def test_a_handler_runs_in_a_span_below_the_senders(system: Any, tracer: NotedTracer) -> None:
    svc = await system.start(Svc)
    with use_span(NonRecordingSpan(SENDER)):
        inside = await svc.ask(Look())
    (span,) = tracer.spans
    assert (span.name, inside) == ("process svc", 0x123)
    assert span.arguments["kind"] is SpanKind.CONSUMER
    assert get_current_span(span.arguments["context"]).get_span_context() == SENDER
    assert [link.context for link in span.arguments["links"]] == [SENDER]
    assert span.attributes["reeld.message"] == "Look"
    # What is measured of it leads back to it.
    assert system.notes.spans == [span.get_span_context()]


async def test_the_next_message_is_not_part_of_that_trace(system: Any, tracer: NotedTracer) -> None:
    svc = await system.start(Svc)
    with use_span(NonRecordingSpan(SENDER)):
        await svc.ask(Look())
    assert await svc.ask(Look()) == 0
    assert len(tracer.spans) == 1
    assert system.notes.spans[1:] == [None]


async def test_a_span_names_the_fault_but_not_its_text(system: Any, tracer: NotedTracer) -> None:
    svc = await system.start(Svc)
    with use_span(NonRecordingSpan(SENDER)), pytest.raises(ActorCrashed):
        await svc.ask(Break())
    (span,) = tracer.spans
    assert span.attributes["error.type"] == "LookupError"
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description is None
    assert span.exceptions == []
