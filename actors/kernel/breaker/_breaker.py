"""A circuit breaker in trio's time."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import structlog
import trio

from reeld.actors.kernel.breaker._circuit import (
    BreakerState,
    Circuit,
    Closed,
    Disabled,
    ForcedOpen,
    HalfOpen,
    Open,
    Permit,
    Why,
)
from reeld.actors.kernel.breaker._config import BreakerConfig
from reeld.actors.kernel.breaker._memory import phase_of, stored_state
from reeld.actors.kernel.breaker._snapshot import BreakerSnapshot, snapshot_of
from reeld.actors.kernel.breaker._stored import StoredBreaker
from reeld.actors.kernel.breaker._verdict import (
    OK,
    CallOutcome,
    Verdict,
    service_verdict,
)
from reeld.domain.errors import BreakerOpen, DeadlineExceeded, ServiceError

log = structlog.get_logger("reeld.actors")

_LETTING_ALL_THROUGH = frozenset({BreakerState.CLOSED, BreakerState.DISABLED})


class BreakerObserver(Protocol):
    """Is told what breakers do. Its methods must neither block nor raise."""

    def breaker_call(self, name: str, outcome: str) -> None:
        """A call ended, or was not permitted: one of `CallOutcome`."""

    def breaker_transition(self, name: str, to: str) -> None:
        """The breaker entered a state: one of `BreakerState`."""

    def breaker_alarm(self, name: str, reason: str, sentence: str) -> None:
        """A person has to act: the service rejected its credentials."""


class Breaker:
    """Refuses calls to a service that is down, and finds out by single probes when it is up again.

    It belongs to an actor's address, so that it outlives incarnations, and its backoff state outlives the daemon
    (see `BreakerKeeper`). All methods are for the trio thread.

    Args:
        name: The name in views, metrics and the database: `hdbits`, `rss:example.org`.
        config: When to open, and for how long.
        observer: Is told of calls and transitions.
        judge: Says what an error that leaves a call means.
        settings_mark: Which settings the calls are made with; see `settings_mark`.
        clock: Monotonic seconds.
        wall_clock: Unix seconds.
        draw: Random numbers from 0 to 1, for the jitter.
    """

    def __init__(
        self,
        name: str,
        config: BreakerConfig | None = None,
        *,
        observer: BreakerObserver | None = None,
        judge: Callable[[BaseException], Verdict] = service_verdict,
        settings_mark: str = "",
        clock: Callable[[], float] = trio.current_time,
        wall_clock: Callable[[], float] = time.time,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.label = name
        """What people call the service, where that is another name."""
        self.revision = 0
        """Grows with each change that is worth storing."""
        self.on_change: Callable[[Breaker], None] | None = None
        """Called, without waiting, when `revision` has grown."""
        self._circuit = Circuit(config or BreakerConfig(), self._changed, draw)
        self._observer = observer
        self._judge = judge
        self._settings_mark = settings_mark
        self._clock = clock
        self._wall_clock = wall_clock
        self._since = wall_clock()

    @property
    def state(self) -> BreakerState:
        """The state at this moment."""
        self._circuit.advance(self._clock())
        return self._circuit.state

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Make one call to the service inside this block.

        What leaves the block is judged and goes on to the caller. A cancelled call says nothing about the service
        and gives its permit back. A probe has a deadline of its own; an ordinary call brings one along.

        Raises:
            BreakerOpen: The breaker refuses the call; nothing was sent.
            DeadlineExceeded: The call was a probe and took longer than `probe_deadline`.
        """
        permit = self._admit()
        try:
            with trio.CancelScope(deadline=permit.expires) as scope:
                yield
            if scope.cancelled_caught:
                raise DeadlineExceeded(f"{self.label} did not answer the probe in time.")
        except BaseException as error:
            self._settle(permit, self._judge(error))
            self._mark_outage(error)
            raise
        else:
            self._settle(permit, OK)

    def require_closed(self) -> None:
        """Refuse unless ordinary calls go through; nothing is judged, and no probe is let through.

        For a service that is called so often that each call cannot be watched: whoever watches it uses `call` and
        `trip`.

        Raises:
            BreakerOpen: The breaker refuses the call.
        """
        if self.state not in _LETTING_ALL_THROUGH:
            self._tell_call(CallOutcome.NOT_PERMITTED)
            raise self._refusal()

    def trip(self, reason: str, sentence: str) -> None:
        """Open because of what was seen outside of any call; does nothing unless it is closed."""
        self._circuit.trip(Why(reason, sentence), self._clock())

    def force_open(self, reason: str, sentence: str = "A person stopped the calls.") -> None:
        """Refuse calls until `reset`, also across restarts."""
        self._circuit.enter(ForcedOpen(Why(reason, sentence)))

    def disable(self) -> None:
        """Let every call through and judge none, until `reset`, also across restarts."""
        self._circuit.enter(Disabled(Why("disabled", "A person switched this breaker off.")))

    def reset(self) -> None:
        """Begin anew: whatever the breaker has seen is forgotten, and the next call is a probe.

        It does not close at once, because a person may be wrong about the service.
        """
        self._probe_anew(Why("reset", "A person reset this breaker: the next call is a probe."))

    def settings_changed(self, mark: str = "") -> None:
        """Say that the URL or the credentials of the service were changed.

        What was learned with the former settings is forgotten; a breaker that a person holds open or has disabled
        stays so. Results of calls that began with the former settings are late.
        """
        self._settings_mark = mark
        match self._circuit.phase:
            case Closed():
                self._circuit.opened_in_a_row = 0
                self._circuit.enter(self._circuit.closed_at(self._clock()))
            case Open() | HalfOpen() | ForcedOpen(probe_at=float()):
                self._probe_anew(
                    Why("settings_changed", "The settings were changed: the next call is a probe.")
                )
            case _:
                self._changed(entered=False)

    def distrust(self) -> None:
        """Begin half-open, because what the breaker knew before the restart cannot be read."""
        why = Why("unknown_past", "Its stored state cannot be read: the next call is a probe.")
        self._circuit.enter(HalfOpen(why))

    def restore(self, stored: StoredBreaker) -> None:
        """Go on from what an earlier daemon stored: never closed when it was not."""
        now = self._clock()
        phase = phase_of(stored, self._circuit.config, self._settings_mark, now, self._wall_clock())
        self._circuit.opened_in_a_row = max(0, stored.opened_in_a_row)
        self._circuit.enter(phase)
        if self._circuit.state.value == stored.state:
            self._since = min(stored.changed_at.timestamp(), self._wall_clock())

    def stored(self) -> StoredBreaker:
        """Return what a restarted daemon must know."""
        now = self._clock()
        self._circuit.advance(now)
        return stored_state(
            self.name, self._circuit, self._settings_mark, now, self._wall_clock(), self._since
        )

    def snapshot(self) -> BreakerSnapshot:
        """Return how the breaker is at this moment."""
        now = self._clock()
        self._circuit.advance(now)
        return snapshot_of(self.name, self._circuit, now, self._since)

    def _probe_anew(self, why: Why) -> None:
        self._circuit.opened_in_a_row = 0
        self._circuit.enter(HalfOpen(why))

    def _admit(self) -> Permit:
        permit = self._circuit.admit(self._clock())
        if permit is None:
            self._tell_call(CallOutcome.NOT_PERMITTED)
            raise self._refusal()
        return permit

    def _settle(self, permit: Permit, verdict: Verdict) -> None:
        self._tell_call(self._circuit.settle(permit, verdict, self._clock()))

    def _mark_outage(self, error: BaseException) -> None:
        """Tell whoever handles a failure of the service that it is no single one."""
        if not isinstance(error, ServiceError | DeadlineExceeded):
            return
        seen = self.snapshot()
        if seen.state not in _LETTING_ALL_THROUGH:
            error.outage_seconds = seen.retry_in or 0.0

    def _refusal(self) -> BreakerOpen:
        seen = self.snapshot()
        if seen.state == BreakerState.HALF_OPEN.value:
            sentence = f"{self.label} is being probed after a failure. {seen.sentence}"
            return BreakerOpen(sentence, reason="breaker_probing", retry_after=seen.retry_in)
        sentence = f"{self.label} is not called at present. {seen.sentence}"
        return BreakerOpen(sentence, reason=f"breaker_{seen.state}", retry_after=seen.retry_in)

    def _tell_call(self, outcome: CallOutcome) -> None:
        if self._observer is not None:
            self._observer.breaker_call(self.name, outcome)

    def _changed(self, entered: bool) -> None:
        self.revision += 1
        if entered:
            self._since = self._wall_clock()
            self._tell_transition()
        if self.on_change is not None:
            self.on_change(self)

    def _tell_transition(self) -> None:
        phase, to = self._circuit.phase, self._circuit.state
        why = Why("", "") if isinstance(phase, Closed) else phase.why
        rejected = isinstance(phase, ForcedOpen) and phase.probe_at is not None
        tell = log.error if rejected else log.warning if to is BreakerState.OPEN else log.info
        tell(
            "breaker_changed",
            breaker=self.name,
            to=to.value,
            reason=why.reason,
            sentence=why.sentence,
        )
        if self._observer is not None:
            self._observer.breaker_transition(self.name, to)
            if rejected:
                self._observer.breaker_alarm(self.name, why.reason, why.sentence)
