"""What ends an incarnation, what that means for everybody who waits, and what the next one finds."""

from __future__ import annotations

import contextvars
import gc
import weakref
from dataclasses import dataclass
from typing import Any, ClassVar

import pykka
import pytest
import structlog
import trio
import trio.testing

from reeld.actors.kernel import (
    Actor,
    ActorCrashed,
    ActorState,
    ActorStopped,
    DeadReason,
    IncarnationCrashed,
    handles,
    run_incarnation,
)
from reeld.domain.errors import ActorParked, NotFound
from reeld.domain.messages import Message

var = contextvars.ContextVar("var", default="unset")


@dataclass(frozen=True, slots=True)
class Count(Message[int]):
    pass


@dataclass(frozen=True, slots=True)
class Raise(Message[None]):
    error: BaseException
    after: float = 0


@dataclass(frozen=True, slots=True)
class Group(Message[None]):
    errors: tuple[Exception, ...]


@dataclass(frozen=True, slots=True)
class Sleep(Message[str]):
    seconds: float = 1000


@dataclass(frozen=True, slots=True)
class Stubborn(Message[None]):
    """Fails while it is cancelled."""

    error: Exception


@dataclass(frozen=True, slots=True)
class SetVariable(Message[str]):
    pass


@dataclass(frozen=True, slots=True)
class Health(Message[str]):
    control: ClassVar[bool] = True


class Svc(Actor):
    concurrency = 1
    handler_deadline = 100

    def __init__(self, log: list[str] | None = None) -> None:
        super().__init__()
        self.count = 0
        self.log = [] if log is None else log

    async def on_start(self) -> None:
        self.log.append("start")

    async def on_stop(self) -> None:
        await trio.lowlevel.checkpoint()
        self.log.append("stop")

    @handles(Count)
    async def counts(self, message: Count) -> int:
        self.count += 1
        return self.count

    @handles(Raise)
    async def raises(self, message: Raise) -> None:
        await trio.sleep(message.after)
        raise message.error

    @handles(Group)
    async def raises_a_group(self, message: Group) -> None:
        async def fail(error: Exception) -> None:
            raise error

        async with trio.open_nursery() as nursery:
            for error in message.errors:
                nursery.start_soon(fail, error)

    @handles(Sleep)
    async def sleeps(self, message: Sleep) -> str:
        await trio.sleep(message.seconds)
        return "slept"

    @handles(Stubborn)
    async def fails_when_cancelled(self, message: Stubborn) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            try:
                await trio.sleep_forever()
            finally:
                raise message.error

    @handles(SetVariable)
    async def sets_a_variable(self, message: SetVariable) -> str:
        seen = var.get()
        var.set("set by a handler")
        await trio.lowlevel.checkpoint()
        assert var.get() == "set by a handler"
        return seen

    @handles(Health)
    async def health(self, message: Health) -> str:
        return "well"


class Many(Svc):
    concurrency = 3


@pytest.fixture(params=[Svc, Many], ids=["in turn", "at once"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


# Crashing


async def test_a_fault_answers_the_asker_and_ends_the_incarnation(
    system: Any, autojump_clock: object, kind: Any
) -> None:
    svc = await system.start(kind)
    first = svc.snapshot().incarnation
    fault = LookupError("a secret")
    with pytest.raises(ActorCrashed) as crashed:
        await svc.ask(Raise(fault))
    assert crashed.value.__cause__ is fault
    assert "a secret" not in str(crashed.value)
    assert await svc.ask(Count()) == 1
    assert [crash.cause for crash in system.crashes] == [fault]
    after = svc.snapshot()
    assert (after.incarnation_number, after.restarts) == (2, 1)
    assert after.incarnation not in (None, first)
    assert after.last_error is not None
    assert after.last_error.startswith("LookupError at test_incarnation.py:")
    assert after.last_error_at is not None
    assert system.notes.restarts == ["LookupError"]


async def test_a_poisonous_message_crashes_once_and_is_never_redelivered(
    system: Any, autojump_clock: object, kind: Any
) -> None:
    svc = await system.start(kind)
    svc.tell(Raise(LookupError()))
    await trio.sleep(5)
    assert await svc.ask(Count()) == 1
    assert len(system.crashes) == 1
    assert system.reasons() == [DeadReason.CRASHED]
    assert system.notes.outcomes == [("Raise", "crashed"), ("Count", "ok")]
    (letter,) = system.dead_letters.list()
    assert letter.actor == "svc"
    assert letter.fault is not None
    assert "LookupError" in letter.fault


async def test_the_rest_of_the_mailbox_waits_for_the_next_incarnation(
    system: Any, autojump_clock: object
) -> None:
    svc = await system.start(Svc)
    futures = [svc.request(each) for each in (Count(), Raise(LookupError()), Count(), Count())]
    assert await futures[0] == 1
    with pytest.raises(ActorCrashed):
        await futures[1]
    assert [await futures[2], await futures[3]] == [1, 2]


async def test_siblings_are_cancelled_and_their_askers_answered(
    system: Any, autojump_clock: object
) -> None:
    svc = await system.start(Many)
    sibling = svc.request(Sleep())
    await trio.sleep(1)
    svc.tell(Raise(LookupError()))
    with pytest.raises(ActorCrashed):
        await sibling
    assert sorted(system.reasons()) == [DeadReason.CRASHED, DeadReason.INTERRUPTED]
    assert ("Sleep", "cancelled") in system.notes.outcomes


async def test_a_failing_task_ends_the_incarnation_and_its_handler(
    system: Any, autojump_clock: object, kind: Any
) -> None:
    class Tasked(kind):  # type: ignore[misc]
        async def on_start(self) -> None:
            self.start_soon(self.fail)

        async def fail(self) -> None:
            await trio.sleep(5)
            raise NotFound("even a domain error: nobody else could be told")

    svc = await system.start(Tasked)
    with pytest.raises(ActorCrashed):
        await svc.ask(Sleep())
    await svc.ask(Count())
    assert isinstance(system.crashes[0].cause, NotFound)


async def test_a_task_ends_with_its_incarnation(system: Any, autojump_clock: object) -> None:
    ended: list[str] = []

    class Tasked(Svc):
        async def on_start(self) -> None:
            self.start_soon(self.run, "argument")

        async def run(self, text: str) -> None:
            try:
                await trio.sleep_forever()
            finally:
                ended.append(text)

    svc = await system.start(Tasked)
    svc.tell(Raise(LookupError()))
    await svc.ask(Count())
    assert ended == ["argument"]


async def test_a_domain_error_of_a_tell_is_logged_with_its_reason(system: Any, kind: Any) -> None:
    svc = await system.start(kind)
    with structlog.testing.capture_logs() as records:
        svc.tell(Raise(NotFound("That movie is gone.", reason="no_such_movie")))
        with trio.fail_after(5):
            # Handled beside others, it may come after what was asked later.
            while not any(each["event"] == "tell_failed" for each in records):
                await trio.sleep(0)
    (record,) = (each for each in records if each["event"] == "tell_failed")
    assert (record["log_level"], record["message"]) == ("warning", "Raise")
    assert (record["reason"], record["sentence"]) == ("no_such_movie", "That movie is gone.")


async def test_a_group_with_one_domain_error_is_that_error(system: Any, kind: Any) -> None:
    svc = await system.start(kind)
    with pytest.raises(NotFound):
        await svc.ask(Group((NotFound("gone"),)))
    with pytest.raises(NotFound):
        await svc.ask(Group((NotFound("gone"), NotFound("gone"))))
    assert system.crashes == []


async def test_a_group_with_a_fault_in_it_is_a_fault(
    system: Any, autojump_clock: object, kind: Any
) -> None:
    svc = await system.start(kind)
    with pytest.raises(ActorCrashed):
        await svc.ask(Group((LookupError(), NotFound("gone"))))
    await trio.sleep(5)
    with pytest.raises(ActorCrashed):
        await svc.ask(Group((LookupError(),)))
    await trio.sleep(5)
    mixed, single = (crash.cause for crash in system.crashes)
    assert isinstance(mixed, ExceptionGroup)
    assert isinstance(single, LookupError)


async def test_a_fault_that_comes_with_the_deadlines_cancellation_is_seen(
    system: Any, autojump_clock: object, kind: Any
) -> None:
    svc = await system.start(kind)
    svc.tell(Stubborn(LookupError()))
    await trio.sleep(kind.handler_deadline + 5)
    assert [type(crash.cause) for crash in system.crashes] == [LookupError]
    assert system.reasons() == [DeadReason.CRASHED]
    assert await svc.ask(Count()) == 1


async def test_a_domain_error_that_comes_with_the_deadlines_cancellation_is_an_answer(
    system: Any, autojump_clock: object, kind: Any
) -> None:
    svc = await system.start(kind)
    with pytest.raises(NotFound):
        await svc.ask(Stubborn(NotFound("gone")), deadline=1000)
    assert await svc.ask(Count()) == 1
    assert system.crashes == []


async def test_an_error_that_comes_with_the_cancellation_does_not_let_the_actor_go_on(
    system: Any, autojump_clock: object
) -> None:
    cell = system.cell(Svc)
    async with trio.open_nursery() as nursery:
        await nursery.start(run_incarnation, cell)
        handled = cell.address.request(Stubborn(NotFound("gone")))
        cell.address.tell(Count())
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    with pytest.raises(NotFound):
        await handled
    assert cell.mailbox.depth == 1


async def test_a_fault_that_comes_with_the_cancellation_is_logged(
    system: Any, autojump_clock: object, logs: list[Any]
) -> None:
    cell = system.cell(Svc)
    async with trio.open_nursery() as nursery:
        await nursery.start(run_incarnation, cell)
        cell.address.tell(Stubborn(LookupError()))
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    assert [each["event"] for each in logs if "exc_info" in each] == ["actor_crashed_at_its_end"]
    assert system.reasons() == [DeadReason.CRASHED]


async def test_only_one_incarnation_runs_at_a_time(system: Any) -> None:
    await system.start(Svc)
    with pytest.raises(RuntimeError, match="runs already"):
        await run_incarnation(system.cells["svc"])


async def test_the_end_of_the_program_passes_through_and_answers_the_asker(kind: Any) -> None:
    from reeld.actors.kernel import Cell

    cell = Cell("svc", kind)
    with pytest.RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            await nursery.start(run_incarnation, cell)
            future = cell.address.request(Raise(KeyboardInterrupt()))
            await trio.sleep_forever()
    with pytest.raises(ActorCrashed):
        future.get(timeout=0)


# Starting


async def test_a_failing_start_is_a_crash_that_never_started(system: Any) -> None:
    class Failing(Svc):
        async def on_start(self) -> None:
            raise LookupError

    log: list[str] = []
    cell = system.cell(lambda: Failing(log))
    with pytest.raises(IncarnationCrashed) as crashed:
        await run_incarnation(cell)
    assert not crashed.value.started
    assert log == []
    assert cell.incarnation is None


async def test_a_failing_factory_is_a_crash_that_never_started(system: Any) -> None:
    def factory() -> Actor:
        raise LookupError

    with pytest.raises(IncarnationCrashed) as crashed:
        await run_incarnation(system.cell(factory))
    assert not crashed.value.started
    assert system.cells["svc"].last_error is not None


async def test_messages_wait_until_on_start_is_done(system: Any, autojump_clock: object) -> None:
    class Slow(Svc):
        async def on_start(self) -> None:
            await trio.sleep(10)
            self.count = 10

    cell = system.cell(Slow)
    future = cell.address.request(Count())
    assert cell.state is ActorState.STARTING
    async with trio.open_nursery() as nursery:
        begun = trio.current_time()
        await nursery.start(run_incarnation, cell)
        assert trio.current_time() - begun == 10
        assert await future == 11
        cell.request_stop("done")


async def test_the_address_can_be_handed_out_in_the_constructor(system: Any) -> None:
    seen: list[Any] = []

    class Eager(Svc):
        def __init__(self) -> None:
            super().__init__()
            seen.append((self.address, self.actor_ref, self.incarnation))

    svc = await system.start(Eager)
    svc.tell(Raise(LookupError()))
    await svc.ask(Count())
    (first, second) = seen
    assert first[0] is second[0] is svc
    assert first[1] is second[1]
    assert first[2] != second[2]


async def test_an_ended_incarnation_is_not_kept_alive(
    system: Any, autojump_clock: object, logs: list[Any]
) -> None:
    made: list[Any] = []

    class Tracked(Svc):
        def __init__(self) -> None:
            super().__init__()
            made.append(weakref.ref(self))

        async def raises(self, message: Raise) -> None:
            raise LookupError  # not the message's: the message is kept among the dead letters

    svc = await system.start(Tracked)
    svc.tell(Raise(LookupError()))
    await svc.ask(Count())
    system.crashes.clear()
    logs.clear()
    gc.collect()
    assert made[0]() is None
    assert made[1]() is not None


# Stopping


async def test_a_requested_stop_finishes_the_handler_and_leaves_the_rest(
    system: Any, autojump_clock: object, kind: Any
) -> None:
    log: list[str] = []
    cell = system.cell(lambda: kind(log))
    async with trio.open_nursery() as nursery:
        await nursery.start(run_incarnation, cell)
        handled = cell.address.request(Sleep(5))
        await trio.sleep(1)
        cell.request_stop("a person wants it")
        assert cell.state is ActorState.STOPPING
        left = cell.address.request(Count())
    assert await handled == "slept"
    assert log == ["start", "stop"]
    assert cell.mailbox.depth == 1
    async with trio.open_nursery() as nursery:
        await nursery.start(run_incarnation, cell)
        assert await left == 1
        assert system.notes.restarts == ["a person wants it"]
        cell.request_stop("done")


async def test_cancelling_answers_the_handled_message_and_still_cleans_up(
    system: Any, autojump_clock: object, kind: Any
) -> None:
    log: list[str] = []
    cell = system.cell(lambda: kind(log))
    async with trio.open_nursery() as nursery:
        await nursery.start(run_incarnation, cell)
        handled = cell.address.request(Sleep())
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    with pytest.raises(ActorStopped):
        await handled
    assert log == ["start", "stop"]
    assert system.reasons() == [DeadReason.INTERRUPTED]


async def test_on_stop_has_a_deadline_even_though_it_is_shielded(
    system: Any, autojump_clock: object
) -> None:
    class Hanging(Svc):
        on_stop_deadline = 3

        async def on_stop(self) -> None:
            await trio.sleep_forever()

    cell = system.cell(Hanging)
    async with trio.open_nursery() as nursery:
        await nursery.start(run_incarnation, cell)
        begun = trio.current_time()
        cell.request_stop("done")
    assert trio.current_time() - begun == 3


async def test_a_failing_on_stop_hides_nothing(system: Any) -> None:
    class Failing(Svc):
        async def on_stop(self) -> None:
            raise RuntimeError

    cell = system.cell(Failing)
    cell.address.tell(Raise(LookupError()))
    with pytest.raises(IncarnationCrashed) as crashed:
        await run_incarnation(cell)
    assert isinstance(crashed.value.cause, LookupError)


async def test_on_stop_runs_before_a_restart_too(system: Any, autojump_clock: object) -> None:
    log: list[str] = []
    svc = await system.start(lambda: Svc(log))
    svc.tell(Raise(LookupError()))
    await svc.ask(Count())
    assert log == ["start", "stop", "start"]


async def test_pykkas_stop_ends_the_incarnation_after_what_was_sent_before(
    system: Any, autojump_clock: object, kind: Any
) -> None:
    actors: list[Actor] = []

    def factory() -> Actor:
        actors.append(kind())
        return actors[-1]

    cell = system.cell(factory)
    async with trio.open_nursery() as nursery:
        await nursery.start(run_incarnation, cell)
        before = cell.address.request(Sleep(1))
        assert await actors[0].actor_ref.stop(block=False)
    assert await before == "slept"


async def test_pykkas_reference_reaches_a_supervised_actor(system: Any) -> None:
    refs: list[pykka.ActorRef[Any]] = []

    class Known(Svc):
        async def on_start(self) -> None:
            refs.append(self.actor_ref)

    await system.start(Known)
    assert await trio.to_thread.run_sync(lambda: refs[0].ask(Count(), timeout=5)) == 1


async def test_closing_answers_everything_that_waits_and_refuses_what_comes(system: Any) -> None:
    cell = system.cell(Svc)
    waiting = cell.address.request(Count())
    cell.address.tell(Count())
    cell.close()
    with pytest.raises(ActorStopped):
        await waiting
    with pytest.raises(ActorStopped):
        cell.address.tell(Count())
    with pytest.raises(ActorStopped):
        await cell.address.ask(Count())
    assert system.reasons() == [DeadReason.STOPPED] * 2
    assert cell.state is ActorState.STOPPED


async def test_a_parked_actor_refuses_until_it_is_unparked(system: Any) -> None:
    cell = system.cell(Svc)
    waiting = cell.address.request(Count())
    cell.park("its restart budget is used up", retry_after=300)
    for ask in (waiting, cell.address.request(Count())):
        with pytest.raises(ActorParked, match="budget") as parked:
            await ask
        assert parked.value.retry_after == 300
    with pytest.raises(ActorParked):
        cell.address.tell(Count())
    assert cell.state is ActorState.PARKED
    cell.unpark()
    async with trio.open_nursery() as nursery:
        await nursery.start(run_incarnation, cell)
        assert await cell.address.ask(Count()) == 1
        nursery.cancel_scope.cancel()


# Handling


async def test_variables_that_a_handler_sets_are_not_seen_by_the_next(
    system: Any, kind: Any
) -> None:
    svc = await system.start(kind)
    assert [await svc.ask(SetVariable()) for _ in range(3)] == ["unset"] * 3


async def test_variables_of_a_handler_that_was_cut_off_are_not_seen_either(
    system: Any, autojump_clock: object
) -> None:
    class Cut(Svc):
        async def sleeps(self, message: Sleep) -> str:
            var.set("set before the deadline")
            await trio.sleep_forever()
            raise AssertionError

    svc = await system.start(Cut)
    svc.tell(Sleep())
    assert await svc.ask(SetVariable(), deadline=1000) == "unset"


async def test_a_sequential_actor_handles_one_message_at_a_time(
    system: Any, autojump_clock: object
) -> None:
    svc = await system.start(Svc)
    begun = trio.current_time()
    futures = [svc.request(Sleep(2)) for _ in range(3)]
    for future in futures:
        await future
    assert trio.current_time() - begun == 6


async def test_a_concurrent_actor_handles_as_many_as_its_limit(
    system: Any, autojump_clock: object
) -> None:
    svc = await system.start(Many)
    begun = trio.current_time()
    futures = [svc.request(Sleep(2)) for _ in range(Many.concurrency + 1)]
    await trio.sleep(1)
    assert svc.snapshot().in_flight == Many.concurrency
    assert svc.snapshot().mailbox_depth == 1
    assert svc.snapshot().oldest_wait == 1
    for future in futures:
        await future
    assert trio.current_time() - begun == 4


async def test_control_messages_pass_a_busy_concurrent_actor(
    system: Any, autojump_clock: object
) -> None:
    svc = await system.start(Many)
    for _ in range(Many.concurrency):
        svc.tell(Sleep(50))
    assert await svc.ask(Health(), deadline=1) == "well"


async def test_a_paused_actor_answers_control_messages_only(
    system: Any, autojump_clock: object, kind: Any
) -> None:
    svc = await system.start(kind)
    system.cells["svc"].pause()
    waiting = svc.request(Count())
    assert await svc.ask(Health()) == "well"
    assert svc.snapshot().paused
    await trio.sleep(5)
    assert svc.snapshot().mailbox_depth == 1
    system.cells["svc"].resume()
    assert await waiting == 1


async def test_states_are_told_as_they_change(system: Any, autojump_clock: object) -> None:
    svc = await system.start(Svc)
    svc.tell(Raise(LookupError()))
    await svc.ask(Count())
    assert system.notes.states == ["running", "stopping", "starting", "running"]
    assert svc.state is ActorState.RUNNING
