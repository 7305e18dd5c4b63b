"""Keeping children alive: each for itself, or together.

Both run until they are cancelled, which is how their supervisor begins to stop. They only decide and wait: the lives
run in another nursery, so that the children are still there to be stopped in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

import trio

from reeld.actors.kernel import ActorState
from reeld.supervisors._brood import Brood
from reeld.supervisors._child import Again, Child, Done, GiveUp, Park, Verdict
from reeld.supervisors._life import EndCause
from reeld.supervisors._pulse import Pulse
from reeld.supervisors._spec import RestartPolicy, Strategy

Fail = Callable[[Child, GiveUp], None]
"""Called when a child's supervisor must fail; cancels whoever calls it, soon."""


async def keep_apart(
    children: Sequence[Child],
    lives: trio.Nursery,
    started: Callable[[], None],
    fail: Fail,
    pulse: Pulse,
    brood: Brood | None = None,
) -> None:
    """Keep each child alive, whatever becomes of the others.

    The children start in order; one whose first attempt fails goes on trying while the next ones start.

    Args:
        children: In the order in which they start.
        lives: The nursery that their lives run in.
        started: Called when each child has started, or failed to once.
        fail: Called when a child cannot be helped, and is not to be parked.
        pulse: Answered when every child has been looked at once more.
        brood: Those that come and go.
    """
    async with trio.open_nursery() as keepers:
        for child in [each for each in children if brood is None or not brood.has(each)]:
            await keepers.start(_keep, child, lives, fail)
        started()
        if brood is not None:
            keepers.start_soon(_welcome, brood, keepers, lives, fail)
        while True:
            await pulse.asked()
            for child in tuple(children):
                await child.come_round()
            pulse.answer()


async def _welcome(brood: Brood, keepers: trio.Nursery, lives: trio.Nursery, fail: Fail) -> None:
    """Start those that come, one after the other, each acknowledged; and let those go that were dismissed."""
    while True:
        child = await brood.newcomer()
        await keepers.start(_keep_until_dismissed, brood, child, lives, fail)


async def _keep_until_dismissed(
    brood: Brood,
    child: Child,
    lives: trio.Nursery,
    fail: Fail,
    *,
    task_status: trio.TaskStatus[None],
) -> None:
    await _keep(child, lives, fail, task_status=task_status)
    brood.gone(child)


async def _keep(
    child: Child, lives: trio.Nursery, fail: Fail, *, task_status: trio.TaskStatus[None]
) -> None:
    attempted = False
    while not child.is_dismissed():
        up = await child.start(lives)
        if not attempted:
            attempted = True
            task_status.started()
        if up:
            await child.wait_for_end_or_wish()
            await child.end(EndCause.REQUESTED)
        if child.is_dismissed():
            break
        verdict = child.judge(child.how_it_ended())
        if isinstance(verdict, GiveUp):
            fail(child, verdict)
        await child.rest(verdict)
    if not attempted:
        task_status.started()
    child.finish("it is not needed any more")


async def keep_together(
    children: Sequence[Child],
    lives: trio.Nursery,
    started: Callable[[], None],
    fail: Fail,
    strategy: Strategy,
    stirred: Callable[[], trio.Event],
) -> None:
    """Keep the children alive, and restart with one that crashed those that the strategy says.

    Args:
        children: In the order in which they start.
        lives: The nursery that their lives run in.
        started: Called when every child has started.
        fail: Called when a child cannot be helped.
        strategy: One-for-all or rest-for-one.
        stirred: Returns an event that is set when anything happens to a child from now on.
    """
    group = _Group(children, lives, fail, strategy)
    acknowledged = False
    while True:
        news = stirred()
        if (child := group.wished()) is not None:
            await group.take_down(child, EndCause.REQUESTED)
        elif (child := group.ended()) is not None:
            await group.after(child)
        elif (child := group.missing()) is not None:
            await group.bring_up(child, news)
        else:
            if not acknowledged:
                acknowledged = True
                started()
            await news.wait()


class _Group:
    """Children that stand and fall together."""

    def __init__(
        self, children: Sequence[Child], lives: trio.Nursery, fail: Fail, strategy: Strategy
    ) -> None:
        self._children = children
        self._lives = lives
        self._fail = fail
        self._strategy = strategy
        self._wanted = set(children)
        self._up: set[Child] = set()
        self._not_before = float("-inf")

    def wished(self) -> Child | None:
        """Return a child that a person wishes to be restarted."""
        return next((child for child in self._children if child.wished), None)

    def ended(self) -> Child | None:
        """Return a child that should be up and is not."""
        return next((c for c in self._children if c in self._up and not c.alive), None)

    def missing(self) -> Child | None:
        """Return the first child that is wanted and not up."""
        return next((c for c in self._children if c in self._wanted and c not in self._up), None)

    async def take_down(self, child: Child, cause: EndCause) -> None:
        """Stop the child and those that fall with it, in reverse order, to be started again."""
        child.wished = False
        self._not_before = float("-inf")
        self._wanted.add(child)
        await child.end(cause)
        self._up.discard(child)
        await self._fell(child)

    async def after(self, child: Child) -> None:
        """Decide what follows from a child's end."""
        self._up.discard(child)
        await self._follow(child, child.judge(child.how_it_ended()))

    async def bring_up(self, child: Child, news: trio.Event) -> None:
        """Start a child, or wait until its time has come or something happens."""
        if trio.current_time() < self._not_before:
            with trio.move_on_at(self._not_before):
                await news.wait()
            return
        if await child.start(self._lives):
            self._up.add(child)
        else:
            await self._follow(child, child.judge(child.how_it_ended()))

    async def _follow(self, child: Child, verdict: Verdict) -> None:
        match verdict:
            case Again(wait):
                child.enter(ActorState.BACKOFF)
                self._not_before = trio.current_time() + wait
                await self._fell(child)
            case Done():
                self._wanted.discard(child)
                child.finish("it has ended")
            case GiveUp():
                child.enter(ActorState.BACKOFF)
                self._fail(child, verdict)
                await trio.sleep_forever()
            case Park():
                raise AssertionError(f"{child.name} cannot be parked in a group")
            case _:
                assert_never(verdict)

    async def _fell(self, fallen: Child) -> None:
        """Stop those that fall with a child. OTP: temporary ones are not started again."""
        for child in reversed(self._falling_with(fallen)):
            if child is fallen or child not in self._up:
                continue
            await child.end(EndCause.SIBLING)
            self._up.discard(child)
            if child.spec.restart is RestartPolicy.TEMPORARY:
                self._wanted.discard(child)
                child.finish("a sibling crashed")
            else:
                child.enter(ActorState.BACKOFF)

    def _falling_with(self, child: Child) -> Sequence[Child]:
        if self._strategy is Strategy.ONE_FOR_ALL:
            return self._children
        return self._children[self._children.index(child) :]
