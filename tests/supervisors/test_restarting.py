"""Restarts: who, when, how often, and what survives them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from reeld.actors.kernel import ActorCrashed, ActorState, ActorStopped
from reeld.domain.errors import ActorParked
from reeld.supervisors import (
    Backoff,
    Escalated,
    Intensity,
    OnExhausted,
    RestartPolicy,
    Strategy,
    SupervisorSpec,
)

ESCALATE: dict[str, Any] = {"on_exhausted": OnExhausted.ESCALATE}
ONE_SECOND = Backoff(min=1, max=8, jitter=0)


def group(strategy: Strategy, *children: Any) -> SupervisorSpec:
    return SupervisorSpec(name="root", strategy=strategy, children=children)


@pytest.mark.parametrize(
    ("strategy", "stopped", "started"),
    [
        (Strategy.ONE_FOR_ONE, [], ["b"]),
        (Strategy.ONE_FOR_ALL, ["d", "c", "a"], ["a", "b", "c", "d"]),
        (Strategy.REST_FOR_ONE, ["d", "c"], ["b", "c", "d"]),
    ],
)
async def test_a_strategy_says_who_is_restarted_with_a_crashed_child(
    autojump_clock: MockClock,
    stage: Any,
    strategy: Strategy,
    stopped: list[str],
    started: list[str],
) -> None:
    actors = [stage.actor(n, backoff=ONE_SECOND, **ESCALATE) for n in "abcd"]
    async with stage.play(group(strategy, *actors)):
        stage.journal.clear()
        await stage.boom("b")
        await trio.sleep(5)
        assert stage.told("stopped") == ["stopped b", *(f"stopped {n}" for n in stopped)]
        assert stage.told("started") == [f"started {n}" for n in started]
        assert [stage.control.node(n).state for n in "abcd"] == [ActorState.RUNNING] * 4


async def test_an_incarnation_that_its_supervisor_stopped_for_a_sibling_ends_with_that_cause(
    autojump_clock: MockClock, stage: Any
) -> None:
    actors = [stage.actor(n, **ESCALATE) for n in "ab"]
    async with stage.play(group(Strategy.ONE_FOR_ALL, *actors)):
        await stage.boom("a")
        await trio.sleep(1)
        assert [(n, c) for n, _, c in stage.ended] == [("a", "crashed"), ("b", "sibling")]


async def test_the_waits_before_restarts_double_up_to_the_cap_with_jitter_on_top(
    autojump_clock: MockClock, stage: Any
) -> None:
    actor = stage.actor(
        "a",
        script={"lives_seconds": 0},
        backoff=Backoff(min=1, max=4, jitter=0.5),
        intensity=Intensity(5, 1000),
    )
    async with stage.play(group(Strategy.ONE_FOR_ONE, actor), draw=lambda: 1.0):
        await trio.sleep(60)
    starts = stage.times("started", "a")
    assert [b - a for a, b in pairwise(starts)] == [1.5, 3, 6, 6, 6]


async def test_a_child_that_ran_quietly_begins_with_short_waits_again(
    autojump_clock: MockClock, stage: Any
) -> None:
    async with stage.play(group(Strategy.ONE_FOR_ONE, stage.actor("a", backoff=ONE_SECOND))):
        for quiet in (1, 1, 10):
            await trio.sleep(quiet)
            await stage.boom("a")
            await trio.sleep(3)
        await trio.sleep(3)
    starts = stage.times("started", "a")
    assert [round(s, 1) for s in starts] == [0, 2, 7, 19]


async def test_the_intensity_is_exact_at_the_boundary(
    autojump_clock: MockClock, stage: Any
) -> None:
    care = {"intensity": Intensity(1, 10), "backoff": Backoff(min=0.5, max=0.5, jitter=0)}
    inside, outside = stage.actor("inside", **care), stage.actor("outside", **care)
    async with stage.play(group(Strategy.ONE_FOR_ONE, inside, outside)):
        stage.control.crash("inside")
        stage.control.crash("outside")
        await trio.sleep(10)
        stage.control.crash("inside")
        await trio.sleep(0.1)
        stage.control.crash("outside")
        await trio.sleep(1)
        assert stage.control.node("inside").state is ActorState.PARKED
        assert stage.control.node("outside").state is ActorState.RUNNING


async def test_failed_starts_spend_the_budget_like_crashes(
    autojump_clock: MockClock, stage: Any
) -> None:
    actor = stage.actor("a", script={"failing_starts": {2, 3, 4}})
    async with stage.play(group(Strategy.ONE_FOR_ONE, actor)):
        assert stage.control.node("a").restarts_left == 3
        await stage.boom("a")
        await trio.sleep(5)
        assert stage.told("failed") == ["failed a"] * 3
        assert stage.control.node("a").state is ActorState.PARKED
        assert stage.control.node("a").restarts_left == 0


async def test_each_child_has_a_budget_of_its_own(autojump_clock: MockClock, stage: Any) -> None:
    bad, good = stage.actor("bad", script={"lives_seconds": 0}), stage.actor("good")
    async with stage.play(group(Strategy.ONE_FOR_ONE, bad, good)):
        await trio.sleep(30)
        assert stage.control.node("bad").state is ActorState.PARKED
        assert stage.control.node("good").restarts_left == 3
        await stage.boom("good")
        await trio.sleep(1)
        assert await stage.answer("good", stage.Which()) == 2


async def test_a_slow_start_of_one_does_not_hold_up_the_restart_of_another(
    autojump_clock: MockClock, stage: Any
) -> None:
    async with stage.play(group(Strategy.ONE_FOR_ONE, stage.actor("slow"), stage.actor("quick"))):
        stage.scripts["slow"].start_seconds = 25
        await stage.boom("slow")
        await stage.boom("quick")
        await trio.sleep(1)
        assert stage.control.node("quick").state is ActorState.RUNNING
        assert stage.control.node("slow").state is ActorState.STARTING


# Parking


async def test_a_parked_actor_answers_that_it_rests_and_a_slow_timer_tries_it_again(
    autojump_clock: MockClock, stage: Any
) -> None:
    actor = stage.actor("a", script={"lives_seconds": 0}, park_retry=300)
    async with stage.play(group(Strategy.ONE_FOR_ONE, actor)):
        await trio.sleep(100)
        parked = await stage.answer("a", stage.Which())
        assert isinstance(parked, ActorParked)
        assert parked.retry_after == 300
        assert stage.control.tree().parked == ("a",)
        assert stage.control.node("a").parked
        made = stage.scripts["a"].made
        stage.scripts["a"].lives_seconds = None
        await trio.sleep(195)
        assert stage.scripts["a"].made == made
        await trio.sleep(10)
        assert await stage.answer("a", stage.Which()) == made + 1
        assert stage.control.tree().parked == ()


async def test_a_parked_child_that_crashes_again_is_parked_again(
    autojump_clock: MockClock, stage: Any
) -> None:
    actor = stage.actor("a", script={"lives_seconds": 0}, intensity=Intensity(0, 60))
    async with stage.play(group(Strategy.ONE_FOR_ONE, actor)):
        await trio.sleep(1000)
        assert stage.times("started", "a") == [0, 300, 600, 900]
        assert stage.control.node("a").state is ActorState.PARKED


async def test_parking_does_not_touch_the_others(autojump_clock: MockClock, stage: Any) -> None:
    bad = stage.actor("bad", script={"lives_seconds": 0})
    async with stage.play(group(Strategy.ONE_FOR_ONE, bad, stage.actor("good"))):
        await trio.sleep(1000)
        assert await stage.answer("good", stage.Which()) == 1


# Escalation


async def test_a_core_child_that_uses_its_budget_up_brings_the_root_down_in_order(
    autojump_clock: MockClock, stage: Any
) -> None:
    core = SupervisorSpec(
        name="core",
        strategy=Strategy.REST_FOR_ONE,
        intensity=Intensity(0, 60),
        children=(stage.actor("db", **ESCALATE), stage.actor("dispatcher", **ESCALATE)),
    )
    leaves = SupervisorSpec(name="sources", children=(stage.actor("tmdb"),))
    tree = stage.plant(SupervisorSpec(name="root", children=(core, leaves)))
    failures = []

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        try:
            await tree.run(task_status=task_status)
        except Escalated as escalated:
            failures.append(escalated)

    async with trio.open_nursery() as nursery:
        await nursery.start(run)
        stage.scripts["db"].lives_seconds = 0
        await stage.boom("db")
        await trio.sleep(30)
        assert failures, "the root went on"
        assert failures[0].supervisor == "root"
        assert failures[0].child == "core"
    assert stage.told("stopped")[-1] == "stopped tmdb"
    assert isinstance(await stage.answer("tmdb", stage.Which()), ActorStopped)
    assert isinstance(await stage.answer("db", stage.Which()), ActorStopped)


async def test_a_supervisor_that_fails_is_restarted_by_the_one_above_with_new_budgets(
    autojump_clock: MockClock, stage: Any
) -> None:
    inner = SupervisorSpec(
        name="inner",
        intensity=Intensity(1, 60),
        children=(
            stage.actor("a", intensity=Intensity(1, 60), **ESCALATE),
            stage.actor("b"),
        ),
    )
    async with stage.play(SupervisorSpec(name="root", children=(inner,))):
        await stage.boom("a")
        await trio.sleep(1)
        stage.journal.clear()
        stage.address("b").tell(stage.Work(0.5))
        await stage.boom("a")
        await trio.sleep(2)
        assert stage.told("started") == ["started a", "started b"]
        assert await stage.answer("a", stage.Which()) == 3
        assert stage.control.node("a").restarts_left == 1
        assert stage.control.node("inner").restarts == 1
        assert stage.control.node("inner").restarts_left == 0


async def test_messages_wait_while_the_supervisor_itself_waits_to_be_restarted(
    autojump_clock: MockClock, stage: Any
) -> None:
    inner = SupervisorSpec(
        name="inner",
        backoff=Backoff(min=10, max=10, jitter=0),
        children=(stage.actor("a", intensity=Intensity(0, 60), **ESCALATE), stage.actor("b")),
    )
    async with stage.play(SupervisorSpec(name="root", children=(inner,))):
        await stage.boom("a")
        states = [stage.address(name).state for name in ("a", "b")]
        assert states == [ActorState.BACKOFF] * 2
        assert await stage.answer("b", stage.Which()) == 2
        assert 10 <= trio.current_time() < 11


async def test_a_parked_supervisor_parks_its_actors_until_it_is_tried_again(
    autojump_clock: MockClock, stage: Any
) -> None:
    inner = SupervisorSpec(
        name="inner",
        intensity=Intensity(0, 60),
        on_exhausted=OnExhausted.PARK,
        children=(stage.actor("a", intensity=Intensity(0, 60), **ESCALATE), stage.actor("b")),
    )
    async with stage.play(SupervisorSpec(name="root", children=(inner,))):
        await stage.boom("a")
        assert isinstance(await stage.answer("b", stage.Which()), ActorParked)
        assert stage.control.tree().parked == ("a", "b")
        stage.scripts["a"].start_seconds = 5
        await trio.sleep(301)
        assert await stage.answer("b", stage.Which()) == 2, "it must wait while a starts"


async def test_the_budget_of_the_whole_tree_holds_for_temporary_supervisors_too(
    autojump_clock: MockClock, stage: Any
) -> None:
    inner = SupervisorSpec(
        name="inner",
        restart=RestartPolicy.TEMPORARY,
        children=(stage.actor("a", script={"lives_seconds": 1}),),
    )
    tree = stage.plant(SupervisorSpec(name="root", children=(inner,)), intensity=Intensity(1, 60))
    with pytest.raises(Escalated) as escalated:
        await tree.run()
    assert escalated.value.final


async def test_restarts_before_the_root_gives_up_are_the_product_of_the_levels(
    autojump_clock: MockClock, stage: Any
) -> None:
    quick = Backoff(min=0.1, max=0.1, jitter=0)
    actor = stage.actor(
        "a", script={"lives_seconds": 0}, intensity=Intensity(2, 60), backoff=quick, **ESCALATE
    )
    inner = SupervisorSpec(
        name="inner", children=(actor,), intensity=Intensity(1, 60), backoff=quick
    )
    tree = stage.plant(SupervisorSpec(name="root", children=(inner,)))
    with pytest.raises(Escalated):
        await tree.run()
    assert len(stage.times("started", "a")) == (2 + 1) * (1 + 1)


async def test_the_budget_of_the_whole_tree_ends_it_although_each_child_has_some_left(
    autojump_clock: MockClock, stage: Any
) -> None:
    inner = SupervisorSpec(
        name="inner",
        intensity=Intensity(100, 60),
        children=tuple(stage.actor(n, script={"lives_seconds": 1}) for n in "abcd"),
    )
    tree = stage.plant(SupervisorSpec(name="root", children=(inner,)), intensity=Intensity(5, 60))
    with pytest.raises(Escalated) as escalated:
        await tree.run()
    assert escalated.value.final
    # Four restarts after the first second; the fifth was waiting when the sixth was too many.
    assert sum(script.made for script in stage.scripts.values()) == 4 + 4


# What ends without being restarted


@pytest.mark.parametrize(
    ("policy", "after_crash", "after_exit"),
    [
        (RestartPolicy.PERMANENT, True, True),
        (RestartPolicy.TRANSIENT, True, False),
        (RestartPolicy.TEMPORARY, False, False),
    ],
)
@pytest.mark.parametrize("strategy", list(Strategy))
async def test_a_policy_says_after_which_end_a_child_is_restarted(
    autojump_clock: MockClock,
    stage: Any,
    strategy: Strategy,
    policy: RestartPolicy,
    after_crash: bool,
    after_exit: bool,
) -> None:
    crashing = stage.actor("crashing", restart=policy, **ESCALATE)
    ending = stage.actor("ending", restart=policy, **ESCALATE)
    for spec, name, again in (
        (crashing, "crashing", after_crash),
        (ending, "ending", after_exit),
    ):
        async with stage.play(group(strategy, spec)) as tree:
            if name == "crashing":
                await stage.boom(name)
            else:
                tree.find(name).unit.cell.request_stop("exit")
            await trio.sleep(2)
            assert stage.control.node(name).state is (
                ActorState.RUNNING if again else ActorState.STOPPED
            )
            answer = await stage.answer(name, stage.Which())
            assert answer == 2 if again else isinstance(answer, ActorStopped)


async def test_a_temporary_child_is_not_restarted_by_the_death_of_a_sibling(
    autojump_clock: MockClock, stage: Any
) -> None:
    actors = [
        stage.actor("a", **ESCALATE),
        stage.actor("t", restart=RestartPolicy.TEMPORARY, **ESCALATE),
        stage.actor("c", **ESCALATE),
    ]
    async with stage.play(group(Strategy.ONE_FOR_ALL, *actors)):
        await stage.boom("a")
        await trio.sleep(2)
        states = [stage.control.node(n).state for n in "atc"]
        assert states == [ActorState.RUNNING, ActorState.STOPPED, ActorState.RUNNING]


async def test_the_end_of_a_temporary_child_does_not_restart_its_siblings(
    autojump_clock: MockClock, stage: Any
) -> None:
    actors = [
        stage.actor("t", restart=RestartPolicy.TEMPORARY, **ESCALATE),
        stage.actor("b", **ESCALATE),
    ]
    async with stage.play(group(Strategy.ONE_FOR_ALL, *actors)):
        await stage.boom("t")
        await trio.sleep(2)
        assert await stage.answer("b", stage.Which()) == 1


# Failed starts in a group


async def test_rest_for_one_tries_a_failed_start_again_and_leaves_those_before_it_alone(
    autojump_clock: MockClock, stage: Any
) -> None:
    actors = [
        stage.actor("a", **ESCALATE),
        stage.actor("b", script={"failing_starts": {1, 2}}, backoff=ONE_SECOND, **ESCALATE),
        stage.actor("c", **ESCALATE),
    ]
    async with stage.play(group(Strategy.REST_FOR_ONE, *actors)):
        assert stage.times("started", "a") == [0]
        assert stage.times("failed", "b") == [0, 1]
        assert stage.times("started", "b") == [3]
        assert stage.times("started", "c") == [3]


async def test_one_for_all_begins_anew_after_a_failed_start(
    autojump_clock: MockClock, stage: Any
) -> None:
    actors = [
        stage.actor("a", **ESCALATE),
        stage.actor("b", script={"failing_starts": {1}}, backoff=ONE_SECOND, **ESCALATE),
    ]
    async with stage.play(group(Strategy.ONE_FOR_ALL, *actors)):
        assert stage.times("started", "a") == [0, 1]
        assert stage.times("started", "b") == [1]


# Stopping meanwhile


@pytest.mark.parametrize("strategy", list(Strategy))
async def test_a_stop_during_a_backoff_does_not_wait_for_it(
    autojump_clock: MockClock, stage: Any, strategy: Strategy
) -> None:
    care = {"backoff": Backoff(min=500, max=500, jitter=0), **ESCALATE}
    async with stage.play(group(strategy, stage.actor("a", **care), stage.actor("b", **care))):
        await stage.boom("a")
        await trio.sleep(1)
        began = trio.current_time()
    assert trio.current_time() == began
    assert stage.scripts["a"].made == 1


async def test_a_stop_while_a_child_is_parked_does_not_wait_for_it(
    autojump_clock: MockClock, stage: Any
) -> None:
    actor = stage.actor("a", intensity=Intensity(0, 60))
    async with stage.play(group(Strategy.ONE_FOR_ONE, actor)):
        await stage.boom("a")
        began = trio.current_time()
    assert trio.current_time() == began


# What survives


async def test_messages_that_wait_are_answered_by_the_next_incarnation(
    autojump_clock: MockClock, stage: Any
) -> None:
    answers: list[tuple[int, Any]] = []
    async with stage.play(group(Strategy.ONE_FOR_ONE, stage.actor("a", backoff=ONE_SECOND))):

        async def ask(number: int) -> None:
            answers.append((number, await stage.answer("a", stage.Which())))

        stage.address("a").tell(stage.Work(1))
        await trio.sleep(0.1)
        stage.address("a").tell(stage.Boom())
        for number in range(3):
            stage.nursery.start_soon(ask, number)
            await trio.sleep(0.1)
        await trio.sleep(0.8)
        assert stage.control.node("a").state is ActorState.BACKOFF
        assert stage.control.node("a").mailbox.depth == 3
        await trio.sleep(2)
    assert sorted(answers) == [(0, 2), (1, 2), (2, 2)]


async def test_the_siblings_and_askers_of_a_crashed_incarnation_are_answered(
    autojump_clock: MockClock, stage: Any
) -> None:
    answers: dict[str, Any] = {}
    actor = stage.actor("a", script={"concurrency": 3})
    async with stage.play(group(Strategy.ONE_FOR_ONE, actor)):

        async def ask(key: str, message: Any) -> None:
            answers[key] = await stage.answer("a", message)

        stage.nursery.start_soon(ask, "sibling", stage.Work(20))
        await trio.sleep(1)
        stage.nursery.start_soon(ask, "poison", stage.Boom())
        await trio.sleep(5)
        assert isinstance(answers["sibling"], ActorCrashed)
        assert isinstance(answers["poison"], ActorCrashed)
        reasons = sorted(letter.reason for letter in stage.control.dead_letters())
        assert reasons == ["crashed", "interrupted"]
        assert stage.scripts["a"].made == 2, "the poison message was delivered again"


async def test_the_rows_of_each_incarnation_are_given_back_before_the_next_one_starts(
    autojump_clock: MockClock, stage: Any
) -> None:
    order: list[str] = []

    async def give_back(name: str, incarnation: Any, cause: str) -> None:
        await trio.sleep(2)
        order.append(f"{cause} {incarnation}")

    actor = stage.actor("a", backoff=ONE_SECOND)
    async with stage.play(group(Strategy.ONE_FOR_ONE, actor), incarnation_ended=give_back):
        first = stage.control.node("a").incarnation
        await stage.boom("a")
        await trio.sleep(10)
        second = stage.control.node("a").incarnation
        assert stage.times("started", "a") == [0, 3]
        assert first != second
    assert order == [f"crashed {first}", f"shutdown {second}"]


async def test_a_failed_start_is_told_too(autojump_clock: MockClock, stage: Any) -> None:
    actor = stage.actor("a", script={"failing_starts": {1}})
    async with stage.play(group(Strategy.ONE_FOR_ONE, actor)):
        await trio.sleep(1)
        assert [cause for _, _, cause in stage.ended] == ["start_failed"]


@pytest.mark.parametrize("seconds", [0, 10_000])
async def test_giving_rows_back_may_fail_or_hang_without_harm(
    autojump_clock: MockClock, stage: Any, seconds: float
) -> None:
    async def broken(name: str, incarnation: Any, cause: str) -> None:
        await trio.sleep(seconds)
        raise OSError("the database is away")

    async with stage.play(
        group(Strategy.ONE_FOR_ONE, stage.actor("a")), incarnation_ended=broken, hook_deadline=5
    ):
        await stage.boom("a")
        await trio.sleep(6)
        assert await stage.answer("a", stage.Which()) == 2


async def test_the_first_crashes_are_warnings_and_only_later_ones_errors(
    autojump_clock: MockClock, stage: Any, logged: list[dict[str, Any]]
) -> None:
    actor = stage.actor("a", script={"lives_seconds": 0})
    async with stage.play(group(Strategy.ONE_FOR_ONE, actor)):
        await trio.sleep(20)
    levels = [e["log_level"] for e in logged if e["event"] == "child_ended"]
    assert levels == ["warning", "warning", "error", "error"]


async def test_the_observer_hears_of_restarts_with_their_cause_and_of_escalations(
    autojump_clock: MockClock, stage: Any
) -> None:
    from reeld.actors.kernel import NullObserver

    heard: list[tuple[str, ...]] = []

    class Ear(NullObserver):
        def restarted(self, actor: str, cause: str) -> None:
            heard.append(("restarted", actor, cause))

        def escalated(self, supervisor: str) -> None:
            heard.append(("escalated", supervisor))

    actor = stage.actor("a", intensity=Intensity(1, 60), **ESCALATE)
    stage.scripts["a"].lives_seconds = 1
    tree = stage.plant(group(Strategy.ONE_FOR_ONE, actor), observer=Ear())
    with pytest.raises(Escalated):
        await tree.run()
    assert heard == [("restarted", "a", "RuntimeError"), ("escalated", "root")]
