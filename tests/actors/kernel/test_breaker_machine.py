"""The breaker against a model that is slow and plain: any order of calls, ends, waits, people and restarts."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import trio
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from trio.testing import MockClock, wait_all_tasks_blocked

from reeld.actors.kernel.breaker import Breaker, BreakerConfig, StoredBreaker
from reeld.domain.errors import BreakerOpen, CredentialsRejected, NotFound, RateLimited, ServiceDown

CONFIG = BreakerConfig(
    window=6,
    min_calls=3,
    failure_rate=0.5,
    slow_seconds=5,
    slow_rate=0.8,
    probes=2,
    successes=2,
    probe_deadline=8,
    open_seconds=10,
    open_seconds_cap=35,
    jitter=0,
    retry_after_cap=100,
    credentials_seconds=200,
)
ENDS: dict[str, Exception | None] = {
    "ok": None,
    "not found": NotFound("No."),
    "down": ServiceDown("Down.", service="s"),
    "limited": RateLimited("Slow down.", service="s", retry_after=17),
    "limited long": RateLimited("Slow down.", service="s", retry_after=1e9),
    "rejected": CredentialsRejected("Wrong.", service="s"),
    "bug": ValueError("A bug."),
    "cancelled": None,
}


class Loop:
    """A trio run in another thread, in virtual time, that does one thing after the other."""

    def __init__(self) -> None:
        self.clock = MockClock()
        self._ready = threading.Event()
        self._thread = threading.Thread(
            target=trio.run, args=(self._main,), kwargs={"clock": self.clock}
        )
        self._thread.start()
        self._ready.wait(10)

    async def _main(self) -> None:
        self.token = trio.lowlevel.current_trio_token()
        self._over = trio.Event()
        async with trio.open_nursery() as self.nursery:
            self._ready.set()
            await self._over.wait()
            self.nursery.cancel_scope.cancel()

    def do(self, act: Callable[[], Awaitable[Any] | Any]) -> Any:
        async def settled() -> Any:
            result = act()
            if isinstance(result, Awaitable):
                result = await result
            await wait_all_tasks_blocked()
            return result

        return trio.from_thread.run(settled, trio_token=self.token)

    def close(self) -> None:
        trio.from_thread.run_sync(self._over.set, trio_token=self.token)
        self._thread.join(10)


@dataclass(eq=False)
class Flight:
    """A call on its way, in the breaker and in the model."""

    generation: int
    began: float
    end: str | None = None
    ended: trio.Event = field(default_factory=trio.Event)
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    admitted: bool | None = None
    done: bool = False


@dataclass
class Model:
    """What the breaker should be, told in lists."""

    state: str = "closed"
    generation: int = 0
    window: list[tuple[bool, bool]] = field(default_factory=list)
    until: float | None = None
    level: int = 0
    since: float = float("-inf")
    suspect: bool = False
    good: int = 0
    flights: list[Flight] = field(default_factory=list)

    def enter(
        self, state: str, now: float, *, until: float | None = None, suspect: bool = False
    ) -> None:
        self.state, self.until, self.suspect, self.since = state, until, suspect, now
        self.window, self.good = [], 0
        self.generation += 1

    def probes(self) -> list[Flight]:
        return [f for f in self.flights if f.generation == self.generation]

    def open(self, now: float) -> None:
        wait = min(35, 10 * 2**self.level)
        self.level += 1
        self.enter("open", now, until=now + wait)

    def fail(self, now: float) -> None:
        if self.suspect:
            self.enter("forced_open", now, until=now + 200)
        else:
            self.open(now)

    def pass_time(self, now: float) -> None:
        if self.until is not None and now >= self.until:
            self.enter("half_open", now, suspect=self.state == "forced_open")

    def admits(self) -> bool:
        if self.state == "half_open":
            return len(self.probes()) < (1 if self.suspect else 2)
        return self.state in {"closed", "disabled"}

    def end(self, flight: Flight, end: str, now: float) -> None:
        self.flights.remove(flight)
        retry_after = {"limited": 17, "limited long": 100}.get(end)
        if flight.generation != self.generation:
            self.hold_off(retry_after, now)
        elif self.state == "closed":
            self.judge_call(end, now - flight.began > 5, retry_after, now)
        elif self.state == "half_open":
            self.judge_probe(end, now - flight.began > 5, retry_after, now)

    def hold_off(self, retry_after: float | None, now: float) -> None:
        if retry_after is None:
            return
        if self.state == "open":
            assert self.until is not None
            self.until = max(self.until, now + retry_after)
        elif self.state == "closed" or (self.state == "half_open" and not self.suspect):
            self.enter("open", now, until=now + retry_after)

    def judge_call(self, end: str, slow: bool, retry_after: float | None, now: float) -> None:
        if end == "rejected":
            self.enter("forced_open", now, until=now + 200)
        if end in {"bug", "cancelled", "rejected"}:
            return
        if self.level and now - self.since >= min(35, 10 * 2 ** (self.level - 1)):
            self.level = 0
        self.window = [*self.window, (end not in {"ok", "not found"}, slow)][-6:]
        calls, failed = len(self.window), sum(f for f, _ in self.window)
        if retry_after is not None:
            self.enter("open", now, until=now + retry_after)
        elif calls >= 3 and (
            failed / calls >= 0.5 or sum(s for _, s in self.window) / calls >= 0.8
        ):
            self.open(now)

    def judge_probe(self, end: str, slow: bool, retry_after: float | None, now: float) -> None:
        if end == "rejected" or (end in {"bug", "cancelled"} and self.suspect):
            self.enter("forced_open", now, until=now + 200)
        elif end in {"bug", "cancelled"}:
            return
        elif end in {"ok", "not found"} and not slow:
            self.suspect = False
            self.good += 1
            if self.good == 2:
                self.enter("closed", now)
        elif retry_after is not None and not self.suspect:
            self.enter("open", now, until=now + retry_after)
        else:
            self.fail(now)


class BreakerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = Loop()
        self.model = Model()
        self.breaker = self.born()

    def teardown(self) -> None:
        self.loop.close()

    def born(self) -> Breaker:
        return Breaker(
            "b", CONFIG, wall_clock=lambda: self.loop.clock.current_time(), draw=lambda: 0.0
        )

    @property
    def now(self) -> float:
        return self.loop.clock.current_time()

    async def fly(self, flight: Flight) -> None:
        try:
            with flight.scope:
                async with self.breaker.call():
                    flight.admitted = True
                    await flight.ended.wait()
                    error = ENDS[flight.end or "ok"]
                    if error is not None:
                        raise error
        except BreakerOpen:
            flight.admitted = False
        except Exception:
            pass
        flight.done = True

    @initialize()
    def start(self) -> None:
        assert self.loop.do(lambda: self.breaker.state.value) == "closed"

    @rule()
    def begin(self) -> None:
        expected = self.model.admits()
        flight = Flight(self.model.generation, self.now)
        self.loop.do(lambda: self.loop.nursery.start_soon(self.fly, flight))
        assert flight.admitted is expected
        if expected:
            self.model.flights.append(flight)

    @precondition(lambda self: self.model.flights)
    @rule(which=st.integers(0, 9), end=st.sampled_from(sorted(ENDS)))
    def finish(self, which: int, end: str) -> None:
        flight = self.model.flights[which % len(self.model.flights)]
        flight.end = end
        self.loop.do(flight.scope.cancel if end == "cancelled" else flight.ended.set)
        assert flight.done
        self.model.end(flight, end, self.now)

    @rule(ends=st.lists(st.sampled_from(sorted(ENDS)), min_size=2, max_size=4))
    def make_calls_one_after_the_other(self, ends: list[str]) -> None:
        for end in ends:
            before = len(self.model.flights)
            self.begin()
            if len(self.model.flights) > before:
                self.finish(before, end)
            self.it_is_what_the_model_says()

    @rule(seconds=st.sampled_from([1, 4, 6, 11, 25]))
    def wait(self, seconds: int) -> None:
        # Second by second, so that deadlines and waits come due in their order, as they do in real time.
        for _ in range(seconds):
            self.loop.do(lambda: self.loop.clock.jump(1))
            self.model.pass_time(self.now)
            self.time_out_probes()

    @precondition(lambda self: self.model.until is not None)
    @rule()
    def wait_until_it_is_due(self) -> None:
        assert self.model.until is not None
        self.wait(max(1, int(self.model.until - self.now)))

    def time_out_probes(self) -> None:
        for flight in list(self.model.flights):
            if flight.done:
                assert self.now - flight.began == 8, "only a probe at its deadline ends by itself"
                self.model.flights.remove(flight)
                if flight.generation == self.model.generation:
                    self.model.fail(self.now)

    @rule(act=st.sampled_from(["force_open", "disable", "reset", "reset", "settings", "settings"]))
    def a_person_acts(self, act: str) -> None:
        match act:
            case "force_open":
                self.breaker.force_open("maintenance")
                self.model.enter("forced_open", self.now)
            case "disable":
                self.breaker.disable()
                self.model.enter("disabled", self.now)
            case "reset":
                self.breaker.reset()
                self.model.level = 0
                self.model.enter("half_open", self.now)
            case _:
                self.change_settings()

    def change_settings(self) -> None:
        self.loop.do(self.breaker.settings_changed)
        person = self.model.state == "forced_open" and self.model.until is None
        if self.model.state != "disabled" and not person:
            self.model.level = 0
            closed = self.model.state == "closed"
            self.model.enter("closed" if closed else "half_open", self.now)

    @precondition(lambda self: not self.model.flights)
    @rule(seconds=st.sampled_from([0.0, 3.0, 30.0, 300.0]))
    def restart_the_daemon(self, seconds: float) -> None:
        stored: StoredBreaker = self.loop.do(self.breaker.stored)
        before = self.loop.do(lambda: self.breaker.state.value)
        self.loop.do(lambda: self.loop.clock.jump(seconds))
        self.breaker = self.born()
        self.loop.do(lambda: self.breaker.restore(stored))
        after = self.loop.do(lambda: self.breaker.state.value)
        assert (after == "closed") == (before == "closed")
        self.model.pass_time(self.now)
        if self.model.state == "half_open":
            self.model.good = 0
        self.model.window = []

    @invariant()
    def it_is_what_the_model_says(self) -> None:
        seen = self.loop.do(self.breaker.snapshot)
        assert seen.state == self.model.state
        assert seen.opened_in_a_row == self.model.level
        if self.model.state == "half_open":
            assert seen.probes_in_flight == len(self.model.probes())
            assert seen.probes_in_flight <= (1 if self.model.suspect else 2)
        if self.model.until is not None:
            assert seen.retry_in == self.model.until - self.now
        if self.model.state == "closed":
            assert seen.calls == len(self.model.window)


BreakerMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestBreakerMachine = BreakerMachine.TestCase
