"""The span of a message, and what an envelope carries of the sender's trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import trio
import trio.testing
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from reeld.actors.kernel import Actor, ActorCrashed, handles
from reeld.domain.errors import DeadlineExceeded, Unavailable
from reeld.domain.messages import Message, Overflow
from reeld.telemetry import tracing


@dataclass(frozen=True, slots=True)
class Look(Message[int]):
    pass


@dataclass(frozen=True, slots=True)
class Hint(Message[int]):
    overflow: ClassVar[Overflow] = Overflow.COALESCE


@dataclass(frozen=True, slots=True)
class Break(Message[None]):
    pass


@dataclass(frozen=True, slots=True)
class Refuse(Message[None]):
    pass


@dataclass(frozen=True, slots=True)
class Dawdle(Message[None]):
    deadline_seconds: ClassVar[float | None] = 2.0


class Svc(Actor):
    seen: ClassVar[list[int]] = []

    @handles(Look)
    async def look(self, message: Look) -> int:
        return get_current_span().get_span_context().span_id

    @handles(Hint)
    async def hint(self, message: Hint) -> int:
        self.seen.append(get_current_span().get_span_context().span_id)
        with tracing.record("found"):
            return 0

    @handles(Break)
    async def breaks(self, message: Break) -> None:
        raise LookupError("a secret")

    @handles(Refuse)
    async def refuse(self, message: Refuse) -> None:
        raise Unavailable("Not now.", reason="not_now")

    @handles(Dawdle)
    async def dawdle(self, message: Dawdle) -> None:
        await trio.sleep_forever()


class SvcAtOnce(Svc):
    concurrency: ClassVar[int] = 2


@pytest.fixture(params=[Svc, SvcAtOnce])
def kind(request: pytest.FixtureRequest) -> Any:
    Svc.seen.clear()
    return request.param


async def test_a_handler_runs_in_a_span_below_the_senders(
    system: Any, spans: Any, kind: Any
) -> None:
    svc = await system.start(kind)
    with tracing.record("sends"):
        inside = await svc.ask(Look())
    span, sender = spans.one("process svc"), spans.one("sends").context
    assert span.context.span_id == inside
    assert span.kind is SpanKind.CONSUMER
    assert span.parent.span_id == sender.span_id
    assert span.context.trace_id == sender.trace_id
    assert [link.context.span_id for link in span.links] == [sender.span_id]
    # What is measured of it leads back to it.
    assert [each.span_id for each in system.notes.spans] == [inside]
    assert dict(span.attributes) == {
        "messaging.system": "reeld",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": "svc",
        "reeld.message": "Look",
    }


async def test_the_next_message_is_not_part_of_that_trace(
    system: Any, spans: Any, kind: Any
) -> None:
    svc = await system.start(kind)
    with tracing.record("sends"):
        await svc.ask(Look())
    await svc.ask(Look())
    first, second = spans.named("process svc")
    assert second.parent is None
    assert second.links == ()
    assert first.context.trace_id != second.context.trace_id


async def test_an_actor_does_not_carry_the_span_it_was_started_in(
    system: Any, spans: Any, kind: Any
) -> None:
    with tracing.record("starts"):
        svc = await system.start(kind)
    await svc.ask(Look())
    assert spans.one("process svc").parent is None


async def test_a_tell_that_nobody_traced_has_sent_is_a_tick_and_not_recorded(
    system: Any, spans: Any, kind: Any
) -> None:
    svc = await system.start(kind)
    svc.tell(Look())
    await svc.ask(Look())
    assert len(spans.named("process svc")) == 1


async def test_a_hint_does_not_go_on_with_its_senders_trace(
    system: Any, spans: Any, kind: Any
) -> None:
    svc = await system.start(kind)
    with tracing.record("sends"):
        svc.tell(Hint())
        await svc.ask(Look())
    assert len(Svc.seen) == 1
    # Dropped with all that it looked at; a stage that it finds begins a trace of its own.
    assert spans.named("found") == []
    assert len(spans.named("process svc")) == 1


async def test_a_hint_that_somebody_waits_for_is_a_question_like_any_other(
    system: Any, spans: Any, kind: Any
) -> None:
    svc = await system.start(kind)
    with tracing.record("sends"):
        await svc.ask(Hint())
    assert spans.one("process svc").parent.span_id == spans.one("sends").context.span_id


async def test_what_follows_from_a_trace_that_is_not_sampled_is_not_recorded(
    system: Any, spans: Any, kind: Any
) -> None:
    svc = await system.start(kind)
    caller = tracing.parent_in(f"00-{'ab' * 16}-{'cd' * 8}-00")
    with tracing.record("sends", parent=caller):
        assert await svc.ask(Look()) != 0
        await svc.ask(Hint())
    assert spans.all == []


async def test_without_a_recorder_a_message_carries_nothing(system: Any, kind: Any) -> None:
    svc = await system.start(kind)
    assert await svc.ask(Look()) == 0


async def test_a_span_names_the_fault_but_not_its_text(system: Any, spans: Any, kind: Any) -> None:
    svc = await system.start(kind)
    with tracing.record("sends"), pytest.raises(ActorCrashed):
        await svc.ask(Break())
    span = spans.one("process svc")
    assert span.attributes["error.type"] == "LookupError"
    assert span.status.status_code is StatusCode.ERROR
    assert "a secret" not in span.to_json()


async def test_a_span_names_the_reason_of_an_error_of_reelds_own(
    system: Any, spans: Any, kind: Any
) -> None:
    svc = await system.start(kind)
    with tracing.record("sends"), pytest.raises(Unavailable):
        await svc.ask(Refuse())
    assert spans.one("process svc").attributes["error.type"] == "not_now"


async def test_a_handler_that_overran_ends_its_span_with_the_deadline(
    system: Any, spans: Any, kind: Any, autojump_clock: Any
) -> None:
    svc = await system.start(kind)
    with tracing.record("sends"), pytest.raises(DeadlineExceeded):
        await svc.ask(Dawdle())
    await svc.ask(Look())
    span = spans.named("process svc")[0]
    assert span.attributes["error.type"] == "deadline_exceeded"
    assert span.status.status_code is StatusCode.ERROR


async def test_a_handler_that_is_cancelled_with_its_actor_ends_its_span_as_cancelled(
    system: Any, spans: Any, kind: Any
) -> None:
    async with trio.open_nursery() as nursery:
        svc = await type(system)(nursery).start(kind)
        with tracing.record("sends"):
            svc.tell(Dawdle())
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    span = spans.one("process svc")
    assert span.attributes["error.type"] == "cancelled"
    assert span.status.status_code is StatusCode.ERROR
