"""Between the phases of a circuit, in monotonic time, and what is stored of them, in wall-clock time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import assert_never

from reeld.actors.kernel.breaker._circuit import (
    BreakerState,
    Circuit,
    Closed,
    Disabled,
    ForcedOpen,
    HalfOpen,
    Open,
    Phase,
    Why,
)
from reeld.actors.kernel.breaker._config import BreakerConfig
from reeld.actors.kernel.breaker._stored import StoredBreaker
from reeld.actors.kernel.breaker._window import CountWindow


def stored_state(
    name: str, circuit: Circuit, settings_mark: str, now: float, wall_now: float, since: float
) -> StoredBreaker:
    """Return what to store of a circuit.

    Args:
        name: The breaker's.
        circuit: Whose phase is stored.
        settings_mark: The settings in force.
        now: Monotonic seconds.
        wall_now: Unix seconds at the same moment.
        since: Unix seconds at which the phase began.
    """
    state, retry_at, why = _essence(circuit, now)
    return StoredBreaker(
        name=name,
        state=state.value,
        opened_in_a_row=circuit.opened_in_a_row,
        retry_at=None if retry_at is None else _wall(wall_now + max(0.0, retry_at - now)),
        reason=why.reason,
        sentence=why.sentence,
        changed_at=_wall(since),
        settings_mark=settings_mark,
    )


def _essence(circuit: Circuit, now: float) -> tuple[BreakerState, float | None, Why]:
    match circuit.phase:
        case Closed():
            return BreakerState.CLOSED, None, Why("", "")
        case Open(until, why):
            return BreakerState.OPEN, until, why
        case HalfOpen(why, suspect=True, permits=permits):
            # Stored as what it becomes when the daemon dies in the probe: the try of these six hours is used up.
            wait = circuit.config.credentials_seconds if permits else 0.0
            return BreakerState.FORCED_OPEN, now + wait, why
        case HalfOpen(why):
            return BreakerState.HALF_OPEN, None, why
        case ForcedOpen(why, probe_at):
            return BreakerState.FORCED_OPEN, probe_at, why
        case Disabled(why):
            return BreakerState.DISABLED, None, why
        case _:
            assert_never(circuit.phase)


def phase_of(
    stored: StoredBreaker, config: BreakerConfig, settings_mark: str, now: float, wall_now: float
) -> Phase:
    """Return the phase in which a restarted daemon goes on.

    Waits go on until the stored time. Whatever else was not closed, or is not understood, is probed first.
    """
    why = Why(stored.reason, stored.sentence)
    same_settings = stored.settings_mark == settings_mark
    match stored.state:
        case BreakerState.CLOSED.value:
            age = max(0.0, wall_now - stored.changed_at.timestamp())
            return Closed(CountWindow(config.window), now - age)
        case BreakerState.DISABLED.value:
            return Disabled(why)
        case BreakerState.FORCED_OPEN.value if stored.retry_at is None:
            return ForcedOpen(why)
        case BreakerState.FORCED_OPEN.value if same_settings:
            longest = config.credentials_seconds
            return ForcedOpen(why, now + _remaining(stored, wall_now, longest))
        case BreakerState.OPEN.value if same_settings:
            longest = max(config.retry_after_cap, config.open_seconds_cap * (1 + config.jitter))
            wait = _remaining(stored, wall_now, longest)
            return Open(now + wait, why) if wait > 0 else HalfOpen(why)
        case _:
            return HalfOpen(why)


def _remaining(stored: StoredBreaker, wall_now: float, longest: float) -> float:
    # The wall clock may have been set back meanwhile: no wait gets longer than it can have been.
    until = wall_now if stored.retry_at is None else stored.retry_at.timestamp()
    return min(max(0.0, until - wall_now), longest)


def _wall(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, UTC)
