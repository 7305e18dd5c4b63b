"""The numbers of a breaker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerConfig:
    """When a breaker opens, for how long, and what it asks for before it closes again.

    The defaults are those of resilience4j (failure rate, shape of the window) scaled down to services that are
    called a few times a minute, with one probe at a time, because trackers count requests.
    """

    window: int = 20
    """How many of the latest calls are judged."""
    min_calls: int = 10
    """Fewer calls than this are never judged."""
    failure_rate: float = 0.5
    """The share of failed calls, 0 to 1, at which the breaker opens."""
    slow_seconds: float = 20.0
    """A call that takes longer is slow."""
    slow_rate: float = 0.8
    """The share of slow calls, 0 to 1, at which the breaker opens."""
    probes: int = 1
    """How many calls the half-open breaker lets through at once."""
    successes: int = 1
    """How many probes must succeed before the breaker closes."""
    probe_deadline: float = 30.0
    """Seconds that a probe may take; a longer one has failed."""
    open_seconds: float = 15.0
    """The first wait of the open breaker; it doubles each time that the breaker opens again."""
    open_seconds_cap: float = 900.0
    """The longest wait, before jitter."""
    jitter: float = 0.2
    """Up to this share of a wait is added to it at random, so that probes of many breakers spread out."""
    retry_after_cap: float = 86_400.0
    """The longest `Retry-After` that is believed: a hostile answer must not close a service for ever."""
    credentials_seconds: float = 21_600.0
    """Rejected credentials are tried once more after so many seconds: some services reject by mistake."""

    def __post_init__(self) -> None:
        if not 1 <= self.min_calls <= self.window:
            raise ValueError("min_calls must lie between 1 and window")
        if self.probes < 1 or self.successes < 1:
            raise ValueError("probes and successes must be at least 1")
        if not (0 < self.failure_rate <= 1 and 0 < self.slow_rate <= 1):
            raise ValueError("rates must lie above 0 and not above 1")
        if not 0 < self.open_seconds <= self.open_seconds_cap:
            raise ValueError("open_seconds must lie above 0 and not above open_seconds_cap")
        if self.probe_deadline <= 0 or self.jitter < 0:
            raise ValueError("probe_deadline must be positive, jitter not negative")

    def nominal_wait(self, level: int) -> float:
        """Return the wait, before jitter, of a breaker that opens for the (level + 1)th time in a row."""
        # 2**64 seconds exceed every cap; without the bound a long outage would compute huge integers.
        return min(self.open_seconds_cap, self.open_seconds * 2.0 ** min(level, 64))
