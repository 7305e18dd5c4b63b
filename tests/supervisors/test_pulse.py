"""A supervisor proves that it still looks after its children."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from reeld.supervisors import Strategy, Supervisor, SupervisorSpec
from reeld.supervisors._child import Child


def tree_of(stage: Any) -> SupervisorSpec:
    return SupervisorSpec(
        name="root",
        children=(
            stage.actor("one"),
            SupervisorSpec(
                name="group",
                strategy=Strategy.REST_FOR_ONE,
                children=(stage.actor("two", on_exhausted="escalate"),),
            ),
        ),
    )


async def comes_round(tree: Supervisor, seconds: float = 10) -> bool:
    with trio.move_on_after(seconds):
        await tree.come_round()
        return True
    return False


async def test_a_supervisor_that_waits_for_its_children_answers_at_once(
    stage: Any, autojump_clock: trio.testing.MockClock
) -> None:
    async with stage.play(tree_of(stage)) as tree:
        before = trio.current_time()
        for _ in range(3):
            assert await comes_round(tree)
        assert trio.current_time() == before


async def test_many_who_ask_at_once_are_all_answered(
    stage: Any, autojump_clock: trio.testing.MockClock
) -> None:
    async with stage.play(tree_of(stage)) as tree, trio.open_nursery() as nursery:
        with trio.fail_after(10):
            for _ in range(20):
                nursery.start_soon(tree.come_round)


async def test_a_supervisor_with_a_child_that_starts_stops_or_rests_answers(
    stage: Any, autojump_clock: trio.testing.MockClock
) -> None:
    spec = SupervisorSpec(
        name="root",
        children=(
            stage.actor("slow", script={"start_seconds": 20, "stop_seconds": 10}),
            stage.actor("broken", script={"failing_starts": {0}}),
        ),
    )
    async with stage.play(spec) as tree, trio.open_nursery() as nursery:
        nursery.start_soon(stage.control.restart, "slow", "a test")
        for _ in range(40):
            assert await comes_round(tree)
            await trio.sleep(1)
        assert tree.find("broken").restarts > 1
        assert tree.find("slow").restarts == 1


async def test_nobody_answers_before_all_children_have_started(
    stage: Any, autojump_clock: trio.testing.MockClock
) -> None:
    spec = SupervisorSpec(
        name="root", children=(stage.actor("slow", script={"start_seconds": 20}),)
    )
    tree = stage.plant(spec)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tree.run)
        assert not await comes_round(tree, 10)
        assert await comes_round(tree, 11)
        tree.stop()


async def test_a_supervisor_that_no_longer_looks_after_a_child_does_not_answer(
    stage: Any, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Child.wait_for_end_or_wish

    async def get_stuck(child: Child) -> None:
        if child.name == "group":
            await trio.sleep_forever()
        await look(child)

    monkeypatch.setattr(Child, "wait_for_end_or_wish", get_stuck)
    async with stage.play(tree_of(stage)) as tree:
        assert not await comes_round(tree, 1000)


async def test_a_supervisor_that_stops_does_not_answer(
    stage: Any, autojump_clock: trio.testing.MockClock
) -> None:
    spec = SupervisorSpec(name="root", children=(stage.actor("slow", script={"stop_seconds": 10}),))
    async with stage.play(spec) as tree:
        tree.stop()
        assert not await comes_round(tree, 5)
