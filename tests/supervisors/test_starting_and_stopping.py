"""Order, acknowledgements and deadlines of starting and stopping."""

from __future__ import annotations

import contextvars
from typing import Any
from uuid import UUID

import pytest
import trio
from trio.testing import MockClock

from reeld.actors.kernel import ActorState, ActorStopped
from reeld.supervisors import Escalated, Intensity, OnExhausted, Strategy, SupervisorSpec, TaskSpec

STRATEGIES = [Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE]
ESCALATE: dict[str, Any] = {"on_exhausted": OnExhausted.ESCALATE}


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_children_start_in_order_each_acknowledged_before_the_next(
    autojump_clock: MockClock, stage: Any, strategy: Strategy
) -> None:
    actors = tuple(
        stage.actor(name, script={"start_seconds": seconds}, **ESCALATE)
        for name, seconds in (("a", 3), ("b", 1), ("c", 2))
    )
    async with stage.play(SupervisorSpec(name="root", strategy=strategy, children=actors)):
        assert [(at, name) for at, _, name in stage.journal] == [(3, "a"), (4, "b"), (6, "c")]
        assert trio.current_time() - autojump_clock.current_time() == 0


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_children_stop_in_reverse_order_one_after_the_other(
    autojump_clock: MockClock, stage: Any, strategy: Strategy
) -> None:
    actors = tuple(stage.actor(n, script={"stop_seconds": 2}, **ESCALATE) for n in "abc")
    async with stage.play(SupervisorSpec(name="root", strategy=strategy, children=actors)):
        pass
    assert stage.told("stopping", "stopped") == [
        "stopping c",
        "stopped c",
        "stopping b",
        "stopped b",
        "stopping a",
        "stopped a",
    ]


async def test_a_handler_may_finish_before_its_actor_stops(
    autojump_clock: MockClock, stage: Any
) -> None:
    answers = []
    async with stage.play(SupervisorSpec(name="root", children=(stage.actor("a"),))):

        async def ask() -> None:
            answers.append(await stage.answer("a", stage.Work(5)))

        stage.nursery.start_soon(ask)
        await trio.sleep(1)
    assert answers == ["done"]


async def test_a_child_that_overruns_its_stop_deadline_is_cancelled_and_the_next_one_stops(
    autojump_clock: MockClock, stage: Any
) -> None:
    answers = []
    actors = (stage.actor("a"), stage.actor("b", stop_deadline=4))
    async with stage.play(SupervisorSpec(name="root", children=actors)):

        async def ask() -> None:
            answers.append(await stage.answer("b", stage.Work(29)))

        stage.nursery.start_soon(ask)
        await trio.sleep(1)
    assert isinstance(answers[0], ActorStopped)
    assert stage.times("stopped", "b") == [5], "on_stop must run although it was cancelled"
    assert stage.times("stopped", "a") == [5]


async def test_a_start_that_takes_too_long_is_a_failed_attempt(
    autojump_clock: MockClock, stage: Any
) -> None:
    slow = stage.actor("slow", script={"start_seconds": 50}, start_deadline=5)
    async with stage.play(SupervisorSpec(name="root", children=(slow, stage.actor("b")))):
        assert stage.times("started", "b") == [5], "the next child waited for more than one attempt"
        stage.scripts["slow"].start_seconds = 0
        await trio.sleep(1)
        node = stage.control.node("slow")
        assert node.state is ActorState.RUNNING
        assert node.restarts == 1
        assert node.last_error_reason == "StartTimedOut"
        assert "StartTimedOut" in (stage.address("slow").snapshot().last_error or "")
        assert node.restarts_left == 2


async def test_a_stop_interrupts_a_start_that_hangs(autojump_clock: MockClock, stage: Any) -> None:
    actors = (stage.actor("a"), stage.actor("b", script={"start_seconds": 10_000}))
    tree = stage.plant(SupervisorSpec(name="root", children=actors))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tree.run)
        await trio.sleep(2)
        tree.stop()
    assert trio.current_time() < 3
    assert stage.told("stopped") == ["stopped a"]


async def test_a_supervisor_that_is_still_starting_stops_in_order_too(
    autojump_clock: MockClock, stage: Any
) -> None:
    actors = (
        stage.actor("a", script={"stop_seconds": 0}),
        stage.actor("b", script={"stop_seconds": 1}),
        stage.actor("c", script={"start_seconds": 10_000}),
    )
    inner = SupervisorSpec(name="inner", children=actors)
    tree = stage.plant(SupervisorSpec(name="root", children=(inner,)))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tree.run)
        await trio.sleep(2)
        tree.stop()
    assert stage.told("stopped") == ["stopped b", "stopped a"]


async def test_rows_are_given_back_even_when_the_interpreter_is_to_end(
    autojump_clock: MockClock, stage: Any
) -> None:
    given_back = []

    async def give_back(name: str, incarnation: UUID, cause: str) -> None:
        await trio.sleep(1)
        given_back.append(name)

    async def leave(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await trio.sleep(1)
        raise SystemExit(3)

    spec = SupervisorSpec(
        name="root", children=(stage.actor("a"), TaskSpec(name="leave", run=leave))
    )
    tree = stage.plant(spec, incarnation_ended=give_back)
    with pytest.raises(BaseExceptionGroup) as caught:
        await tree.run()
    assert caught.group_contains(SystemExit)
    assert given_back == ["a"]


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_cancelling_the_root_stops_the_children_in_order_first(
    autojump_clock: MockClock, stage: Any, strategy: Strategy
) -> None:
    inner = SupervisorSpec(
        name="inner",
        strategy=strategy,
        children=tuple(stage.actor(n, script={"stop_seconds": 1}, **ESCALATE) for n in "bc"),
    )
    spec = SupervisorSpec(name="root", children=(stage.actor("a"), inner, stage.actor("d")))
    tree = stage.plant(spec)
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            await nursery.start(tree.run)
            scope.cancel(reason="ctrl-c")
    assert scope.cancelled_caught
    assert stage.told("stopped") == ["stopped d", "stopped c", "stopped b", "stopped a"]


async def test_a_stopped_tree_answers_that_it_has_stopped(
    autojump_clock: MockClock, stage: Any
) -> None:
    async with stage.play(SupervisorSpec(name="root", children=(stage.actor("a"),))):
        pass
    assert isinstance(await stage.answer("a", stage.Which()), ActorStopped)


async def test_an_actor_that_has_stopped_refuses_while_earlier_ones_still_run(
    autojump_clock: MockClock, stage: Any
) -> None:
    actors = (stage.actor("a", script={"stop_seconds": 4}), stage.actor("b"))
    answers = []
    async with stage.play(SupervisorSpec(name="root", children=actors)) as tree:
        tree.stop()
        await trio.sleep(1)
        answers.append(await stage.answer("b", stage.Which()))
        assert trio.current_time() < 2
    assert isinstance(answers[0], ActorStopped)


async def test_an_actor_does_not_inherit_the_context_of_whoever_started_the_tree(
    autojump_clock: MockClock, stage: Any
) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("span", default="none")
    seen = []

    async def look(*, task_status: trio.TaskStatus[None]) -> None:
        seen.append(variable.get())
        task_status.started()
        await trio.sleep_forever()

    variable.set("an ended span")
    task = TaskSpec(name="task", run=look)
    async with stage.play(SupervisorSpec(name="root", children=(task,))):
        pass
    assert seen == ["none"]


async def test_the_root_raises_when_the_first_start_of_a_core_child_cannot_be_helped(
    autojump_clock: MockClock, stage: Any
) -> None:
    broken = stage.actor(
        "b", script={"failing_starts": {0}}, intensity=Intensity(2, 60), **ESCALATE
    )
    tree = stage.plant(SupervisorSpec(name="root", children=(stage.actor("a"), broken)))
    with pytest.raises(Escalated) as escalated:
        await tree.run()
    assert (escalated.value.supervisor, escalated.value.child) == ("root", "b")
    assert stage.told("failed") == ["failed b"] * 3
    assert stage.told("stopped") == ["stopped a"]


async def test_names_are_unique_in_the_tree(stage: Any) -> None:
    inner = SupervisorSpec(name="inner", children=(stage.actor("a"),))
    with pytest.raises(ValueError, match="unique"):
        SupervisorSpec(name="root", children=(stage.actor("a"), inner))


async def test_a_group_cannot_park_one_of_its_children(stage: Any) -> None:
    with pytest.raises(ValueError, match="cannot be parked"):
        SupervisorSpec(name="g", strategy=Strategy.ONE_FOR_ALL, children=(stage.actor("a"),))


async def test_deadlines_that_make_no_sense_are_refused(stage: Any) -> None:
    with pytest.raises(ValueError, match="positive"):
        stage.actor("a", start_deadline=0)
