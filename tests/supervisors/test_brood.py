"""Children that come and go while their supervisor runs."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from reeld.actors.kernel import ActorState
from reeld.domain.errors import NotFound
from reeld.supervisors import Backoff, Brood, ChildSpec, Strategy, SupervisorSpec, Wanted
from reeld.supervisors._spec import Care

CARE = Care(start_deadline=5, stop_deadline=3, backoff=Backoff(min=1, max=1, jitter=0))


@pytest.fixture
def brood() -> Brood:
    return Brood(CARE)


def tree(stage: Any, brood: Brood) -> SupervisorSpec:
    below = SupervisorSpec(name="many", children=(), brood=brood)
    return SupervisorSpec(name="root", children=(stage.actor("one"), below))


@pytest.fixture
def wanted(stage: Any) -> Any:
    def make(*names: str, version: str = "1", **script: Any) -> dict[str, Wanted]:
        for name in names:
            if name not in stage.scripts:
                stage.actor(name, script=script)
        return {name: Wanted(version, stage.scripts[name].make) for name in names}

    return make


async def states(stage: Any) -> dict[str, ActorState]:
    await trio.sleep(10)
    return {node.name: node.state for node in stage.control.node("many").children}


async def test_children_come_acknowledged_one_after_the_other_and_go_in_order(
    autojump_clock: MockClock, stage: Any, brood: Brood, wanted: Any
) -> None:
    async with stage.play(tree(stage, brood)):
        stage.journal.clear()
        brood.keep(wanted("a", "b", start_seconds=1.0, stop_seconds=1.0))
        assert set(await states(stage)) == {"a", "b"}
        started = [stage.times("started", name) for name in "ab"]
        assert started == [[pytest.approx(1, abs=0.1)], [pytest.approx(2, abs=0.1)]]
        brood.keep(wanted("b"))
        assert await states(stage) == {"b": ActorState.RUNNING}
        assert stage.told("stopping", "stopped") == ["stopping a", "stopped a"]
        with pytest.raises(NotFound):
            stage.address("a")
        assert await stage.answer("b", stage.Which()) == 1
    assert stage.told("stopped") == ["stopped a", "stopped b", "stopped one"]


async def test_all_that_are_there_get_their_time_when_the_tree_stops(
    autojump_clock: MockClock, stage: Any, brood: Brood, wanted: Any
) -> None:
    async with stage.play(tree(stage, brood)):
        brood.keep(wanted("a", "b"))
        await states(stage)
        begun = trio.current_time()
        for name in "ab":
            stage.address(name).tell(stage.Work(2))
        await trio.sleep(0.1)
    assert trio.current_time() - begun >= 2
    assert stage.told("stopped") == ["stopped b", "stopped a", "stopped one"]


async def test_one_that_does_not_stop_is_cancelled_at_its_deadline(
    autojump_clock: MockClock, stage: Any, brood: Brood, wanted: Any
) -> None:
    async with stage.play(tree(stage, brood)):
        brood.keep(wanted("a"))
        await states(stage)
        stage.address("a").tell(stage.Work(1000))
        brood.keep({})
        assert await states(stage) == {}
        assert stage.told("stopped") == ["stopped a"]


async def test_a_change_restarts_that_one_child_and_costs_no_budget(
    autojump_clock: MockClock, stage: Any, brood: Brood, wanted: Any
) -> None:
    async with stage.play(tree(stage, brood)):
        brood.keep(wanted("a", "b"))
        await states(stage)
        before = stage.control.node("a").restarts_left
        brood.keep(wanted("a", version="2") | wanted("b"))
        await states(stage)
        assert await stage.answer("a", stage.Which()) == 2
        assert await stage.answer("b", stage.Which()) == 1
        assert stage.control.node("a").restarts_left == before


async def test_one_that_crashes_too_often_is_parked_alone_and_can_go_all_the_same(
    autojump_clock: MockClock, stage: Any, brood: Brood, wanted: Any
) -> None:
    async with stage.play(tree(stage, brood)):
        brood.keep(wanted("a", "b"))
        await states(stage)
        for _ in range(4):
            await stage.boom("a")
            await trio.sleep(2)
        assert stage.control.node("a").state is ActorState.PARKED
        assert await stage.answer("b", stage.Which()) == 1
        brood.keep(wanted("b"))
        assert await states(stage) == {"b": ActorState.RUNNING}


async def test_one_that_is_wanted_again_while_it_stops_comes_when_it_has(
    autojump_clock: MockClock, stage: Any, brood: Brood, wanted: Any
) -> None:
    async with stage.play(tree(stage, brood)):
        brood.keep(wanted("a", stop_seconds=1.0))
        await states(stage)
        brood.keep({})
        brood.keep(wanted("a"))
        assert await states(stage) == {}
        brood.keep(wanted("a"))
        assert await states(stage) == {"a": ActorState.RUNNING}
        assert await stage.answer("a", stage.Which()) == 2


async def test_those_that_are_there_come_back_with_their_supervisor(
    autojump_clock: MockClock, stage: Any, brood: Brood, wanted: Any
) -> None:
    async with stage.play(tree(stage, brood)):
        brood.keep(wanted("a"))
        await states(stage)
        await stage.control.restart("many", "a person wishes it")
        assert await states(stage) == {"a": ActorState.RUNNING}
        assert await stage.answer("a", stage.Which()) == 2
        brood.keep({})
        assert await states(stage) == {}


async def test_the_root_comes_round_while_children_come_and_go(
    autojump_clock: MockClock, stage: Any, brood: Brood, wanted: Any
) -> None:
    async with stage.play(tree(stage, brood)) as root:
        for n in range(20):
            brood.keep(wanted(f"a{n}"))
            with trio.fail_after(20):
                await root.come_round()
                await root.find("many").unit.come_round()


def test_children_that_stand_together_cannot_come_and_go() -> None:
    with pytest.raises(ValueError, match="come and go"):
        SupervisorSpec(name="x", strategy=Strategy.ONE_FOR_ALL, children=(), brood=Brood())


async def test_a_name_that_is_taken_is_refused(
    autojump_clock: MockClock, stage: Any, brood: Brood, wanted: Any
) -> None:
    async with stage.play(tree(stage, brood)):
        with pytest.raises(ValueError, match="already"):
            brood.keep({"one": Wanted("1", stage.scripts["one"].make)})
    assert isinstance(stage.actor("x"), ChildSpec)
