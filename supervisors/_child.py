"""A child of a supervisor over all its lives: its budget, its waits, and what is known about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

import structlog
import trio

from reeld.actors.kernel import ActorState, describe_fault
from reeld.domain.errors import ReeldError
from reeld.supervisors._backoff import CrashStreak
from reeld.supervisors._errors import Escalated
from reeld.supervisors._intensity import RestartBudget
from reeld.supervisors._kit import Kit
from reeld.supervisors._life import End, EndCause, Life
from reeld.supervisors._spec import Child as Spec
from reeld.supervisors._spec import OnExhausted, RestartPolicy, start_deadline_of, stop_deadline_of
from reeld.supervisors._units import Unit

log = structlog.get_logger("reeld.supervisors")

_ON_THE_WAY = (ActorState.STARTING, ActorState.STOPPING)

LOUD_AFTER = 2
"""So many crashes in a row are warnings, more are errors: one that a restart mends wakes nobody."""


@dataclass(frozen=True, slots=True)
class Again:
    """Start it again after some seconds."""

    wait: float


@dataclass(frozen=True, slots=True)
class Park:
    """Let it rest for some seconds, then try once more."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """Do not start it again."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Fail, and let the supervisor above decide."""

    final: bool


Verdict = Again | Park | Done | GiveUp


@dataclass(frozen=True, slots=True)
class Trouble:
    """What ended a life last, as views show it."""

    reason: str
    sentence: str
    at: float


class Child:
    """A child over all its lives.

    Args:
        spec: What it is and how it is looked after.
        unit: What lives.
        kit: What the tree shares.
        stirred: Called whenever something happened that its supervisor may have to act on.
    """

    def __init__(self, spec: Spec, unit: Unit, kit: Kit, stirred: Callable[[], None]) -> None:
        self.spec = spec
        self.unit = unit
        self.state = ActorState.STARTING
        self.since = time.time()
        self.lives = 0
        self.trouble: Trouble | None = None
        self.life: Life | None = None
        self.wished = False
        """A person wishes a restart."""
        self._dismissed = False
        self.budget = RestartBudget(spec.intensity)
        self._streak = CrashStreak(spec.backoff, kit.draw)
        self._kit = kit
        self._stirred = stirred
        self._stir = trio.Event()
        self._moved = trio.Event()
        self._rounds = 0

    @property
    def name(self) -> str:
        """Its name, unique in the tree."""
        return self.spec.name

    @property
    def restarts(self) -> int:
        """How many of its lives followed another one."""
        return max(0, self.lives - 1)

    @property
    def alive(self) -> bool:
        """Whether a life runs, acknowledged or not."""
        return self.life is not None and not self.life.over.is_set()

    async def start(self, nursery: trio.Nursery) -> bool:
        """Begin a life in the nursery. Returns whether it started; if not, it is over."""
        self.unit.reopen()
        self.wished = False
        self.lives += 1
        self.enter(ActorState.STARTING)
        self.life = Life(self.name, self.unit, self._kit, self.stir)
        started = await self.life.begin(nursery, start_deadline_of(self.spec))
        if started:
            self.enter(ActorState.RUNNING)
        return started

    async def end(self, cause: EndCause) -> None:
        """End the life that runs, if one does, and wait until it is over."""
        if self.life is None or self.life.over.is_set():
            return
        self.enter(ActorState.STOPPING)
        deadline = stop_deadline_of(self.spec)
        if not await self.life.end(cause, deadline):
            log.warning("child_cancelled", child=self.name, cause=cause.value, deadline=deadline)

    def how_it_ended(self) -> End:
        """Return how the latest life ended."""
        assert self.life is not None, "it has not lived yet"
        return self.life.how()

    def judge(self, end: End) -> Verdict:
        """Decide what comes after a life, and spend from the budgets."""
        if end.fault is not None:
            self.trouble = _trouble_of(end.fault)
        match end.cause:
            case EndCause.REQUESTED | EndCause.SIBLING | EndCause.SHUTDOWN:
                return Again(0.0)
            case EndCause.EXIT if self.spec.restart is not RestartPolicy.PERMANENT:
                return Done()
            case EndCause.EXIT | EndCause.CRASHED | EndCause.START_FAILED:
                verdict: Verdict = self._spend(end)
            case _:
                assert_never(end.cause)
        self._report(end, verdict)
        return verdict

    async def rest(self, verdict: Verdict) -> None:
        """Wait until it is to be started again: when the wait is over, or a person wishes it."""
        match verdict:
            case Again(wait):
                self.enter(ActorState.BACKOFF)
                await self.wait_for_wish(wait)
            case Park(seconds):
                self.unit.park("it crashed too often", seconds)
                self.enter(ActorState.PARKED)
                await self.wait_for_wish(seconds)
            case Done():
                self.finish("it has ended")
                await self.wait_for_wish(float("inf"))
            case GiveUp():
                # What waits in its mailbox stays: the supervisor above may start all of this again.
                self.enter(ActorState.BACKOFF)
                await trio.sleep_forever()
            case _:
                assert_never(verdict)

    def finish(self, reason: str) -> None:
        """Refuse what is sent from now on."""
        self.unit.close(reason)
        self.enter(ActorState.STOPPED)

    def renew(self) -> None:
        """Give it all its budget back, and short waits."""
        self.budget.clear()
        self._streak.clear()

    def wish(self) -> None:
        """Wish a restart; it costs no budget, and gives a child that rests all its budget back."""
        if not self.alive:
            self.renew()
        self.wished = True
        self.stir()

    def dismiss(self) -> None:
        """Have it end for good, in order and within its deadline; whoever looks after it lets it go then."""
        self._dismissed = True
        self.stir()

    def is_dismissed(self) -> bool:
        """Tell whether it is to end for good while its supervisor goes on."""
        return self._dismissed

    async def wait_for_end_or_wish(self) -> None:
        """Wait until the life is over, a person wishes a restart, or it is dismissed."""
        while self.alive and not (self.wished or self._dismissed):
            await self._wait_stir()

    async def wait_for_wish(self, seconds: float) -> None:
        """Wait so long at most for a person to wish a restart, or for its dismissal."""
        with trio.move_on_after(seconds):
            while not (self.wished or self._dismissed):
                await self._wait_stir()

    async def come_round(self) -> None:
        """Wait until whoever looks after it has looked at it once more.

        Returns at once while it starts or stops: those steps have deadlines of their own.
        """
        rounds = self._rounds
        self.stir()
        await self.wait_until(
            lambda: self._rounds > rounds or self.state in _ON_THE_WAY or self._dismissed
        )

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is true of this child."""
        while not condition():
            await self._moved.wait()

    def stir(self) -> None:
        """Wake whoever waits for something to happen to this child."""
        self._stir.set()
        self._stir = trio.Event()
        self._stirred()

    def enter(self, state: ActorState) -> None:
        """Move on, and tell whoever waits for it."""
        if state is not self.state:
            self.state = state
            self.since = time.time()
        self.unit.enter(state)
        self._move()

    async def _wait_stir(self) -> None:
        self._rounds += 1
        self._move()
        await self._stir.wait()

    def _move(self) -> None:
        self._moved.set()
        self._moved = trio.Event()

    def _spend(self, end: End) -> Verdict:
        now = trio.current_time()
        wait = self._streak.crash(ran=end.ran)
        if isinstance(end.fault, Escalated) and end.fault.final:
            return GiveUp(final=True)
        if self.spec.restart is RestartPolicy.TEMPORARY:
            return Done()
        if not self._kit.budget.spend(now):
            return GiveUp(final=True)
        if self.budget.spend(now):
            return Again(wait)
        if self.spec.on_exhausted is OnExhausted.PARK:
            return Park(self.spec.park_retry)
        return GiveUp(final=False)

    def _report(self, end: End, verdict: Verdict) -> None:
        loud = self._streak.crashes > LOUD_AFTER or not isinstance(verdict, Again)
        (log.error if loud else log.warning)(
            "child_ended",
            child=self.name,
            cause=end.cause.value,
            then=type(verdict).__name__.lower(),
            wait=round(verdict.wait, 3) if isinstance(verdict, Again) else None,
            in_a_row=self._streak.crashes,
            exc_info=end.fault,
        )


def _trouble_of(fault: BaseException) -> Trouble:
    if isinstance(fault, ReeldError):
        return Trouble(fault.reason, fault.sentence, time.time())
    return Trouble(type(fault).__name__, describe_fault(fault), time.time())
