"""What may be seen of the running tree, and done to it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from reeld.actors.kernel import ActorState, Breaker, BreakerState
from reeld.domain.errors import BreakerOpen, DeadlineExceeded, NotFound, Refused
from reeld.supervisors import (
    Backoff,
    Intensity,
    Kind,
    OnExhausted,
    RestartPolicy,
    Strategy,
    SupervisorSpec,
    TaskSpec,
)

ESCALATE: dict[str, Any] = {"on_exhausted": OnExhausted.ESCALATE}
LONG = Backoff(min=500, max=500, jitter=0)


async def idle(*, task_status: trio.TaskStatus[None]) -> None:
    task_status.started()
    await trio.sleep_forever()


def house(stage: Any, **care: Any) -> SupervisorSpec:
    core = SupervisorSpec(
        name="core",
        strategy=Strategy.REST_FOR_ONE,
        children=(
            stage.actor("db", **ESCALATE),
            stage.actor("dispatcher", **ESCALATE),
            stage.actor("scheduler", **ESCALATE),
        ),
    )
    sources = SupervisorSpec(name="sources", children=(stage.actor("tmdb", **care),))
    return SupervisorSpec(name="root", children=(core, TaskSpec(name="web", run=idle), sources))


async def test_the_tree_shows_every_child_with_its_place(
    autojump_clock: MockClock, stage: Any
) -> None:
    async with stage.play(house(stage)) as tree:
        tree.directory["tmdb"].breakers["tmdb"] = Breaker("tmdb")
        seen = stage.control.tree()
        assert (seen.name, seen.strategy) == ("root", Strategy.ONE_FOR_ONE)
        core, web, sources = seen.children
        assert core.strategy is Strategy.REST_FOR_ONE
        assert [child.name for child in core.children] == ["db", "dispatcher", "scheduler"]
        assert [core.kind, web.kind, sources.children[0].kind] == [
            Kind.SUPERVISOR,
            Kind.TASK,
            Kind.ACTOR,
        ]
        tmdb = sources.children[0]
        assert tmdb.state is ActorState.RUNNING
        assert tmdb.incarnation == str(tree.directory["tmdb"].snapshot().incarnation)
        assert tmdb.mailbox is not None
        assert tmdb.mailbox.capacity == 1000
        assert tmdb.breakers[0].state is BreakerState.CLOSED
        assert (tmdb.restarts_left, tmdb.restart_limit, tmdb.restart_window) == (3, 3, 60)


async def test_the_tree_can_be_written_as_json(autojump_clock: MockClock, stage: Any) -> None:
    async with stage.play(house(stage)) as tree:
        tree.directory["tmdb"].breakers["tmdb"] = Breaker("tmdb")
        await stage.boom("tmdb")
        text = json.dumps(dataclasses.asdict(stage.control.tree()))
        assert json.loads(text)["children"][2]["children"][0]["state"] == "backoff"


async def test_the_tree_shows_what_went_wrong_and_what_is_left(
    autojump_clock: MockClock, stage: Any
) -> None:
    async with stage.play(house(stage, backoff=LONG)):
        await stage.boom("tmdb", "the passkey is 123")
        stage.address("tmdb").tell(stage.Work(1))
        await trio.sleep(7)
        tmdb = stage.control.node("tmdb")
        assert tmdb.state is ActorState.BACKOFF
        assert tmdb.incarnation is None
        assert tmdb.last_error_reason == "RuntimeError"
        assert "passkey" not in (tmdb.last_error or "")
        assert tmdb.restarts_left == 2
        assert tmdb.mailbox.depth == 1
        assert tmdb.mailbox.oldest_wait == pytest.approx(7)
        tree = stage.control.tree()
        assert (tree.dead_letters, tree.restart_limit - tree.restarts_left) == (1, 1)


async def test_a_restart_by_a_person_finishes_the_work_at_hand_and_costs_no_budget(
    autojump_clock: MockClock, stage: Any
) -> None:
    answers = []
    async with stage.play(house(stage)):

        async def ask(message: Any) -> None:
            answers.append(await stage.answer("tmdb", message))

        stage.nursery.start_soon(ask, stage.Work(4))
        await trio.sleep(1)
        stage.nursery.start_soon(ask, stage.Which())
        node = await stage.control.restart("tmdb", "a new key")
        assert (node.state, node.restarts, node.restarts_left) == (ActorState.RUNNING, 1, 3)
        assert stage.times("started", "tmdb") == [0, 4]
        await trio.sleep(1)
    assert answers == ["done", 2]
    assert stage.ended[0][2] == "requested"


async def test_a_restart_ends_a_backoff(autojump_clock: MockClock, stage: Any) -> None:
    async with stage.play(house(stage, backoff=LONG)):
        await stage.boom("tmdb")
        assert stage.control.node("tmdb").state is ActorState.BACKOFF
        assert (await stage.control.restart("tmdb", "at once")).state is ActorState.RUNNING
        assert trio.current_time() < 1


async def test_a_restart_of_one_in_a_group_restarts_those_that_depend_on_it(
    autojump_clock: MockClock, stage: Any
) -> None:
    async with stage.play(house(stage)):
        stage.journal.clear()
        node = await stage.control.restart("dispatcher", "why not")
        await trio.sleep(0.1)
        assert node.state is ActorState.RUNNING
        assert stage.told("stopped", "started") == [
            "stopped dispatcher",
            "stopped scheduler",
            "started dispatcher",
            "started scheduler",
        ]


async def test_a_restart_ends_the_backoff_of_a_group(autojump_clock: MockClock, stage: Any) -> None:
    pair = tuple(stage.actor(name, backoff=LONG, **ESCALATE) for name in ("a", "b"))
    spec = SupervisorSpec(name="root", strategy=Strategy.ONE_FOR_ALL, children=pair)
    async with stage.play(spec):
        await stage.boom("a")
        assert [stage.control.node(name).state for name in "ab"] == [ActorState.BACKOFF] * 2
        assert (await stage.control.restart("b", "at once")).state is ActorState.RUNNING
        assert await stage.answer("a", stage.Which()) == 2
        assert trio.current_time() < 1


async def test_a_child_of_a_group_that_has_ended_can_be_started_again(
    autojump_clock: MockClock, stage: Any
) -> None:
    temporary = stage.actor("t", restart=RestartPolicy.TEMPORARY, **ESCALATE)
    spec = SupervisorSpec(name="root", strategy=Strategy.REST_FOR_ONE, children=(temporary,))
    async with stage.play(spec):
        await stage.boom("t")
        assert stage.control.node("t").state is ActorState.STOPPED
        await stage.control.restart("t", "again")
        assert await stage.answer("t", stage.Which()) == 2


async def test_a_whole_supervisor_can_be_restarted(autojump_clock: MockClock, stage: Any) -> None:
    async with stage.play(house(stage)):
        stage.journal.clear()
        await stage.control.restart("core", "why not")
        assert stage.told("stopped", "started") == [
            "stopped scheduler",
            "stopped dispatcher",
            "stopped db",
            "started db",
            "started dispatcher",
            "started scheduler",
        ]
        assert await stage.answer("db", stage.Which()) == 2


async def test_a_child_that_has_ended_can_be_started_again(
    autojump_clock: MockClock, stage: Any
) -> None:
    async with stage.play(house(stage, restart=RestartPolicy.TEMPORARY)):
        await stage.boom("tmdb")
        assert stage.control.node("tmdb").state is ActorState.STOPPED
        await stage.control.restart("tmdb", "again")
        assert await stage.answer("tmdb", stage.Which()) == 2


async def test_a_restart_that_takes_too_long_says_so_and_goes_on(
    autojump_clock: MockClock, stage: Any
) -> None:
    async with stage.play(house(stage)):
        stage.scripts["tmdb"].start_seconds = 20
        with pytest.raises(DeadlineExceeded):
            await stage.control.restart("tmdb", "slow", deadline=5)
        await trio.sleep(16)
        assert stage.control.node("tmdb").state is ActorState.RUNNING


async def test_a_parked_child_is_tried_again_at_once_with_its_whole_budget(
    autojump_clock: MockClock, stage: Any
) -> None:
    async with stage.play(house(stage, intensity=Intensity(1, 60))):
        await stage.boom("tmdb")
        await trio.sleep(1)
        await stage.boom("tmdb")
        assert stage.control.node("tmdb").parked
        node = await stage.control.unpark("tmdb")
        assert (node.state, node.restarts_left) == (ActorState.RUNNING, 1)
        assert await stage.answer("tmdb", stage.Which()) == 3
        with pytest.raises(Refused, match="not parked"):
            await stage.control.unpark("tmdb")


async def test_a_paused_actor_holds_messages_back_over_a_restart(
    autojump_clock: MockClock, stage: Any
) -> None:
    answers = []
    async with stage.play(house(stage)):
        stage.control.pause("tmdb")

        async def ask() -> None:
            answers.append(await stage.answer("tmdb", stage.Which()))

        stage.nursery.start_soon(ask)
        await trio.sleep(1)
        await stage.control.restart("tmdb", "while paused")
        await trio.sleep(5)
        assert answers == []
        assert stage.control.node("tmdb").paused
        stage.control.resume("tmdb")
        await trio.sleep(0.1)
        assert answers == [2]


async def test_a_drill_crashes_an_incarnation_like_a_fault_of_its_own(
    autojump_clock: MockClock, stage: Any
) -> None:
    answers = []
    async with stage.play(house(stage)):

        async def ask() -> None:
            answers.append(await stage.answer("tmdb", stage.Work(10)))

        stage.nursery.start_soon(ask)
        await trio.sleep(1)
        stage.control.crash("tmdb")
        await trio.sleep(1)
        node = stage.control.node("tmdb")
        assert (node.restarts, node.restarts_left) == (1, 2)
        assert node.last_error_reason == "InducedCrash"
        assert answers[0].reason == "actor_crashed"
        assert stage.ended[0][2] == "crashed"


async def test_what_does_not_run_cannot_be_crashed(autojump_clock: MockClock, stage: Any) -> None:
    async with stage.play(house(stage, backoff=LONG)):
        stage.control.crash("tmdb")
        await trio.sleep(1)
        with pytest.raises(Refused, match="does not run"):
            stage.control.crash("tmdb")


async def test_a_crashed_supervisor_is_restarted_with_its_children(
    autojump_clock: MockClock, stage: Any
) -> None:
    async with stage.play(house(stage)):
        stage.control.crash("sources")
        await trio.sleep(2)
        assert stage.control.node("sources").restarts == 1
        assert await stage.answer("tmdb", stage.Which()) == 2


async def test_breakers_are_forced_open_and_reset(autojump_clock: MockClock, stage: Any) -> None:
    async with stage.play(house(stage)) as tree:
        breaker = tree.directory["tmdb"].breakers.setdefault("tmdb", Breaker("tmdb"))
        stage.control.force_open("tmdb", "tmdb", "moving house")
        assert breaker.snapshot().reason == "moving house"
        with pytest.raises(BreakerOpen):
            async with breaker.call():
                pass
        stage.control.reset_breaker("tmdb", "tmdb")
        assert breaker.state is BreakerState.HALF_OPEN


async def test_a_breaker_is_kept_over_a_restart_of_its_actor(
    autojump_clock: MockClock, stage: Any
) -> None:
    async with stage.play(house(stage)) as tree:
        tree.directory["tmdb"].breakers["tmdb"] = Breaker("tmdb")
        stage.control.force_open("tmdb", "tmdb")
        await stage.boom("tmdb")
        await trio.sleep(1)
        assert stage.control.node("tmdb").restarts == 1
        assert stage.control.node("tmdb").breakers[0].state is BreakerState.FORCED_OPEN


async def test_a_dead_letter_is_replayed_once(autojump_clock: MockClock, stage: Any) -> None:
    async with stage.play(house(stage)):
        await stage.boom("tmdb")
        await trio.sleep(1)
        (letter,) = stage.control.dead_letters()
        assert letter.reason == "crashed"
        stage.control.replay_dead_letter(letter.id)
        await trio.sleep(1)
        assert stage.scripts["tmdb"].made == 3, "it was delivered again, and crashed again"
        with pytest.raises(NotFound):
            stage.control.replay_dead_letter(letter.id)


@pytest.mark.parametrize("act", ["pause", "resume", "crash", "node"])
async def test_what_is_not_there_is_not_found(
    autojump_clock: MockClock, stage: Any, act: str
) -> None:
    async with stage.play(house(stage)):
        with pytest.raises(NotFound, match="nobody"):
            getattr(stage.control, act)("nobody")
        with pytest.raises(NotFound, match="no breaker"):
            stage.control.reset_breaker("tmdb", "nothing")
        with pytest.raises(NotFound):
            await stage.control.restart("nobody", "why")


@pytest.mark.parametrize("act", ["pause", "resume"])
async def test_only_actors_have_a_mailbox_to_pause(
    autojump_clock: MockClock, stage: Any, act: str
) -> None:
    async with stage.play(house(stage)):
        for name in ("web", "core"):
            with pytest.raises(Refused, match="not an actor"):
                getattr(stage.control, act)(name)
