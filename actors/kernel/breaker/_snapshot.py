"""A breaker as views show it."""

from __future__ import annotations

from dataclasses import dataclass

from reeld.actors.kernel.breaker._circuit import (
    BreakerState,
    Circuit,
    Closed,
    ForcedOpen,
    HalfOpen,
    Open,
    Phase,
)
from reeld.actors.kernel.breaker._window import CountWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSnapshot:
    """A breaker at one moment, made of plain values."""

    name: str
    state: BreakerState
    since: float
    """Unix time at which it entered this state."""
    reason: str
    """Why it is not closed, machine-readable; empty when closed."""
    sentence: str
    """Why it is not closed, and what to do, for a person; empty when closed."""
    retry_in: float | None
    """Seconds until it lets a probe through; None when it lets calls through or waits for a person."""
    calls: int
    """Calls in the window."""
    failure_rate: float | None
    """Share of failed calls, 0 to 1; None while there are too few calls to judge."""
    slow_rate: float | None
    """Share of slow calls, 0 to 1; None while there are too few calls to judge."""
    probes_in_flight: int
    opened_in_a_row: int
    """How often it opened without a quiet time between: each time the wait doubles."""


def snapshot_of(name: str, circuit: Circuit, now: float, since: float) -> BreakerSnapshot:
    """Return how a circuit is at a moment.

    Args:
        name: The breaker's.
        circuit: The circuit.
        now: Monotonic seconds.
        since: Unix seconds at which the phase began.
    """
    phase = circuit.phase
    window = phase.window if isinstance(phase, Closed) else CountWindow(1)
    judged = len(window) >= circuit.config.min_calls
    return BreakerSnapshot(
        name=name,
        state=circuit.state,
        since=since,
        reason="" if isinstance(phase, Closed) else phase.why.reason,
        sentence="" if isinstance(phase, Closed) else phase.why.sentence,
        retry_in=_retry_in(phase, now),
        calls=len(window),
        failure_rate=window.failures / len(window) if judged else None,
        slow_rate=window.slow / len(window) if judged else None,
        probes_in_flight=len(phase.permits) if isinstance(phase, HalfOpen) else 0,
        opened_in_a_row=circuit.opened_in_a_row,
    )


def _retry_in(phase: Phase, now: float) -> float | None:
    match phase:
        case Open(until):
            return max(0.0, until - now)
        case ForcedOpen(probe_at=float(probe_at)):
            return max(0.0, probe_at - now)
        case HalfOpen(permits=[*permits]) if permits:
            return max(0.0, min(permit.expires for permit in permits) - now)
        case _:
            return None
