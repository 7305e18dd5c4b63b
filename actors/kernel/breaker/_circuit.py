"""The state machine of a breaker: no clock, no trio, no I/O; the time is an argument."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from reeld.actors.kernel.breaker._config import BreakerConfig
from reeld.actors.kernel.breaker._verdict import CallOutcome, Verdict
from reeld.actors.kernel.breaker._window import CountWindow


class BreakerState(StrEnum):
    """The states of a breaker. The values are labels of the metric `reeld_breaker_state`."""

    CLOSED = "closed"
    """Calls go through and are judged."""
    OPEN = "open"
    """Calls are refused until a time."""
    HALF_OPEN = "half_open"
    """A few probes go through; the rest is refused."""
    FORCED_OPEN = "forced_open"
    """Calls are refused until a person acts (or, for credentials, once in six hours)."""
    DISABLED = "disabled"
    """Calls go through and are not judged."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a breaker is not closed."""

    reason: str
    sentence: str


@dataclass(slots=True, eq=False)
class Permit:
    """The right to make one call, of one generation."""

    generation: int
    started: float
    expires: float = float("inf")


@dataclass(slots=True)
class Closed:
    window: CountWindow
    since: float


@dataclass(slots=True)
class Open:
    until: float
    why: Why


@dataclass(slots=True)
class HalfOpen:
    why: Why
    suspect: bool = False
    """The credentials were rejected before: any end but a success forces the breaker open again."""
    successes: int = 0
    permits: list[Permit] = field(default_factory=list)


@dataclass(slots=True)
class ForcedOpen:
    why: Why
    probe_at: float | None = None
    """When rejected credentials are tried once more; None when a person forced it open."""


@dataclass(slots=True)
class Disabled:
    why: Why


Phase = Closed | Open | HalfOpen | ForcedOpen | Disabled


class Circuit:
    """Decides which calls go through.

    Each entry into a phase makes a new generation. A call carries the generation in which it began, so that a
    result which comes late (from before a trip, a reset or a change of settings) cannot move the present phase.

    Args:
        config: The numbers.
        on_change: Called after each change that should be told and stored, with True when the phase is a new one.
        draw: Gives a random number from 0 to 1, for the jitter.
    """

    def __init__(
        self,
        config: BreakerConfig,
        on_change: Callable[[bool], None] = lambda _entered: None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.config = config
        self.generation = 0
        self.opened_in_a_row = 0
        self.phase: Phase = Closed(CountWindow(config.window), float("-inf"))
        self._on_change = on_change
        self._draw = draw

    @property
    def state(self) -> BreakerState:
        """The state that the phase stands for."""
        match self.phase:
            case Closed():
                return BreakerState.CLOSED
            case Open():
                return BreakerState.OPEN
            case HalfOpen():
                return BreakerState.HALF_OPEN
            case ForcedOpen():
                return BreakerState.FORCED_OPEN
            case Disabled():
                return BreakerState.DISABLED
            case _:
                assert_never(self.phase)

    def advance(self, now: float) -> None:
        """Do what is due by now: waits that are over, probes that hang."""
        match self.phase:
            case Open(until, why) if now >= until:
                self.enter(HalfOpen(why))
            case ForcedOpen(why, probe_at) if probe_at is not None and now >= probe_at:
                self.enter(HalfOpen(why, suspect=True))
            case HalfOpen() as half_open if any(now >= p.expires for p in half_open.permits):
                # The probe's own deadline cancels it; one that cannot be cancelled must not hold the permit for ever.
                self._fail_probe(half_open, Why("probe_hung", "A probe did not end in time."), now)
            case _:
                pass

    def admit(self, now: float) -> Permit | None:
        """Return a permit for one call, or None when it is refused."""
        self.advance(now)
        match self.phase:
            case Closed() | Disabled():
                return Permit(self.generation, now)
            case HalfOpen() as half_open:
                return self._admit_probe(half_open, now)
            case Open() | ForcedOpen():
                return None
            case _:
                assert_never(self.phase)

    def settle(self, permit: Permit, verdict: Verdict, now: float) -> CallOutcome:
        """Give a permit back, with what the call said. Returns how it counted."""
        self.advance(now)
        phase = self.phase
        if isinstance(phase, HalfOpen) and permit in phase.permits:
            phase.permits.remove(permit)
        if permit.generation != self.generation:
            self._hold_off(verdict, now)
            return CallOutcome.LATE
        match phase:
            case Closed():
                self._judge_call(phase, permit, verdict, now)
            case HalfOpen():
                self._judge_probe(phase, permit, verdict, now)
            case Open() | ForcedOpen() | Disabled():
                pass
            case _:
                assert_never(phase)
        return verdict.outcome

    def trip(self, why: Why, now: float) -> None:
        """Open, on evidence that came from elsewhere; a phase that is not closed has its own way on."""
        self.advance(now)
        if isinstance(self.phase, Closed):
            self._forget_escalation(self.phase, now)
            self.enter(Open(now + self.open_wait(), why))

    def enter(self, phase: Phase) -> None:
        """Begin a phase, and with it a generation."""
        self.generation += 1
        self.phase = phase
        self._on_change(True)

    def open_wait(self) -> float:
        """Return how long to stay open this time, with jitter, and count the opening."""
        nominal = self.config.nominal_wait(self.opened_in_a_row)
        self.opened_in_a_row += 1
        return nominal * (1 + self._draw() * self.config.jitter)

    def closed_at(self, now: float) -> Closed:
        """Return a closed phase with an empty window."""
        return Closed(CountWindow(self.config.window), now)

    def _admit_probe(self, half_open: HalfOpen, now: float) -> Permit | None:
        limit = 1 if half_open.suspect else self.config.probes
        if len(half_open.permits) >= limit:
            return None
        permit = Permit(self.generation, now, now + self.config.probe_deadline)
        half_open.permits.append(permit)
        if half_open.suspect:
            # Stored before its end is known: a daemon that dies in this probe must not make another one at once.
            self._on_change(False)
        return permit

    def _judge_call(self, closed: Closed, permit: Permit, verdict: Verdict, now: float) -> None:
        why = Why(verdict.reason, verdict.sentence)
        match verdict.outcome:
            case CallOutcome.CREDENTIALS:
                self._reject(why, now)
            case CallOutcome.OK | CallOutcome.FAILED:
                self._forget_escalation(closed, now)
                failed = verdict.outcome is CallOutcome.FAILED
                closed.window.record(failed=failed, slow=self._is_slow(permit, now))
                if verdict.retry_after is not None:
                    self.enter(Open(now + self._believable(verdict.retry_after), why))
                elif (trip := self._reason_to_trip(closed.window, why)) is not None:
                    self.enter(Open(now + self.open_wait(), trip))
            case _:
                pass

    def _judge_probe(
        self, half_open: HalfOpen, permit: Permit, verdict: Verdict, now: float
    ) -> None:
        why = Why(verdict.reason, verdict.sentence)
        match verdict.outcome:
            case CallOutcome.CREDENTIALS:
                self._reject(why, now)
            case CallOutcome.OK if self._is_slow(permit, now):
                self._fail_probe(half_open, Why("slow_call", "It answers, but too slowly."), now)
            case CallOutcome.OK:
                self._pass_probe(half_open, now)
            case CallOutcome.FAILED if verdict.retry_after is not None and not half_open.suspect:
                self.enter(Open(now + self._believable(verdict.retry_after), why))
            case CallOutcome.FAILED:
                self._fail_probe(half_open, why, now)
            case _ if half_open.suspect:
                # The one try of these six hours is used up, whatever became of it: it may have reached the service.
                self._reject(half_open.why, now)
            case _:
                pass

    def _pass_probe(self, half_open: HalfOpen, now: float) -> None:
        half_open.suspect = False
        half_open.successes += 1
        if half_open.successes >= self.config.successes:
            self.enter(self.closed_at(now))

    def _fail_probe(self, half_open: HalfOpen, why: Why, now: float) -> None:
        if half_open.suspect:
            self._reject(half_open.why, now)
        else:
            self.enter(Open(now + self.open_wait(), why))

    def _reject(self, why: Why, now: float) -> None:
        self.enter(ForcedOpen(why, now + self.config.credentials_seconds))

    def _hold_off(self, verdict: Verdict, now: float) -> None:
        """Honour a late `Retry-After`: it speaks of the service's present, not of a phase of ours."""
        if verdict.retry_after is None:
            return
        until = now + self._believable(verdict.retry_after)
        match self.phase:
            case Open() as still_open if still_open.until < until:
                still_open.until = until
                self._on_change(False)
            case Closed() | HalfOpen(suspect=False):
                self.enter(Open(until, Why(verdict.reason, verdict.sentence)))
            case _:
                pass

    def _believable(self, retry_after: float) -> float:
        return min(retry_after, self.config.retry_after_cap)

    def _is_slow(self, permit: Permit, now: float) -> bool:
        return now - permit.started > self.config.slow_seconds

    def _forget_escalation(self, closed: Closed, now: float) -> None:
        # A service that fails again right after a good probe has not recovered: only a closed time as long as the
        # last wait is quiet enough to begin with short waits again.
        if self.opened_in_a_row:
            quiet = self.config.nominal_wait(self.opened_in_a_row - 1)
            if now - closed.since >= quiet:
                self.opened_in_a_row = 0

    def _reason_to_trip(self, window: CountWindow, last: Why) -> Why | None:
        calls = len(window)
        if calls < self.config.min_calls:
            return None
        if window.failures >= self.config.failure_rate * calls:
            sentence = f"{window.failures} of the last {calls} calls failed. {last.sentence}"
            return Why(last.reason or "failure_rate", sentence.strip())
        if window.slow >= self.config.slow_rate * calls:
            return Why("slow_call", f"{window.slow} of the last {calls} calls were too slow.")
        return None
