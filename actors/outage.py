"""An outage of PostgreSQL is state like any other: a breaker that all callers share, and one prober."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from reeld.actors.kernel.breaker import (
    Breaker,
    BreakerConfig,
    BreakerState,
    CallOutcome,
    Verdict,
)
from reeld.domain.errors import BreakerOpen, DatabaseUnavailable

BREAKER: Final = "postgresql"

CONFIG: Final = BreakerConfig(
    # One connection that is refused is enough: a server that is up never refuses one.
    window=1,
    min_calls=1,
    failure_rate=1.0,
    # Slow is not away: the histogram of its calls tells that.
    slow_seconds=3600.0,
    probe_deadline=10.0,
    open_seconds=1.0,
    open_seconds_cap=10.0,
)

DISK_FULL: Final = "disk_full"
_OF_OUR_OWN: Final = frozenset({"database_starting", "pool_exhausted", "pool_overrun"})
"""Reasons that say nothing about the server."""
_DOUBTFUL: Final = frozenset(
    {
        DatabaseUnavailable.default_reason,
        "deadline_exceeded",
        "server_crashed",
        "server_starting",
        "server_stopping",
    }
)
"""Reasons after which somebody had better look whether it is there. One lost session is no outage."""
_PASSING: Final = frozenset({BreakerState.CLOSED, BreakerState.DISABLED})


def database_verdict(error: BaseException) -> Verdict:
    """Judge what left a probe of the database."""
    match error:
        case DatabaseUnavailable() if error.reason not in _OF_OUR_OWN:
            return Verdict(CallOutcome.FAILED, error.reason, error.sentence)
        case _:
            return Verdict(CallOutcome.NEUTRAL)


def is_away(breaker: Breaker | None) -> bool:
    """Tell whether calls of the database are refused at present."""
    return breaker is not None and breaker.state not in _PASSING


class DatabaseGate:
    """Refuses calls at once while PostgreSQL is away, and has somebody look when calls fail.

    Calls do not run through the breaker one by one: there are thousands a second, and one prober says it all.

    Args:
        breaker: Shared by all callers.
        look: Has the database probed soon; any number of times counts once.
        dismiss: Answers everybody who waits for a connection already.
        disk_is_full: Called when the server could not write for want of room.
    """

    def __init__(
        self,
        breaker: Breaker,
        *,
        look: Callable[[], None],
        dismiss: Callable[[], None],
        disk_is_full: Callable[[], None],
    ) -> None:
        self._breaker = breaker
        self._look = look
        self._dismiss = dismiss
        self._disk_is_full = disk_is_full
        breaker.on_change = self._changed

    def require_open(self) -> None:
        """Let a call through, or refuse it at once.

        Raises:
            DatabaseUnavailable: PostgreSQL is away; says when it is tried again.
        """
        try:
            self._breaker.require_closed()
        except BreakerOpen as refused:
            wait = CONFIG.open_seconds_cap if refused.retry_after is None else refused.retry_after
            raise DatabaseUnavailable(
                f"{refused.sentence} Nothing is lost: work goes on by itself when it is back.",
                retry_after=max(1.0, wait),
            ) from None

    def call_failed(self, error: DatabaseUnavailable) -> None:
        """Have the server looked at when a failed call casts a doubt on it."""
        if error.reason == DISK_FULL:
            self._disk_is_full()
        elif error.reason in _DOUBTFUL and self._breaker.state is BreakerState.CLOSED:
            self._look()

    def connecting_failed(self, sentence: str) -> None:
        """Open the breaker: the server cannot be reached."""
        self._breaker.trip(
            DatabaseUnavailable.default_reason, f"PostgreSQL cannot be reached: {sentence}."
        )
        # Also when it is open or probed already: what waits in the line would wait in vain.
        self._dismiss()

    def try_again(self) -> None:
        """Have a probe made at once instead of after the rest of the wait."""
        if self._breaker.state is BreakerState.OPEN:
            self._breaker.reset()

    def _changed(self, breaker: Breaker) -> None:
        if is_away(breaker):
            self._dismiss()
            self._look()
