"""A token bucket with a minimum gap: pure arithmetic on times that are given to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How often we may call.

    Attributes:
        per_second: Tokens that grow back each second.
        burst: Tokens that the bucket holds: so many calls may come at once. At least 1.
        gap: Seconds that lie between two calls at least.
    """

    per_second: float
    burst: float = 1.0
    gap: float = 0.0

    def __post_init__(self) -> None:
        if self.per_second <= 0 or self.burst < 1 or self.gap < 0:
            raise ValueError(
                "a pace needs a positive rate, a burst of at least 1 and no negative gap"
            )

    def slowed(self, factor: float) -> Pace:
        """Return a pace of that part of this one: 0.5 is half as often. The burst stays."""
        return Pace(self.per_second * factor, self.burst, self.gap / factor)

    @classmethod
    def per_hour(cls, calls: int, *, gap: float = 0.0) -> Pace:
        """Return a pace that makes at most `calls` calls in any hour, wherever the hour starts.

        Half may come at once and half grows back within the hour: a full bucket and its refill are the whole.
        """
        half = max(calls / 2, 1.0)
        return cls(per_second=max(calls - half, 0.5) / 3600.0, burst=half, gap=gap)

    @classmethod
    def spread(cls, calls: int) -> Pace:
        """Return a pace that makes at most `calls` calls in any hour, but no more than a sixth of them at once.

        Nearly all of them can be made hour by hour, and not only half as with `per_hour`.
        """
        burst = max(calls / 6, 1.0)
        return cls(per_second=max(calls - burst, 1.0) / 3600.0, burst=burst)


@dataclass(slots=True)
class Bucket:
    """The tokens that are left. All times are seconds on one clock, which the caller chooses."""

    pace: Pace
    tokens: float
    counted_at: float
    next_allowed_at: float
    asked_until: float = 0.0
    """So long the other side asked for silence, which no pace shortens."""

    @classmethod
    def full(cls, pace: Pace, now: float) -> Bucket:
        """Return a bucket from which nothing was taken yet."""
        return cls(pace, pace.burst, now, now)

    def wait(self, now: float) -> float:
        """Return the seconds until one call may be made; 0 when it may be made now."""
        lacking = 1.0 - self._tokens_at(now)
        refill = lacking / self.pace.per_second if lacking > 1e-9 else 0.0
        return max(self.next_allowed_at - now, refill, 0.0)

    def take(self, now: float) -> None:
        """Account for one call made now."""
        self.tokens = max(self._tokens_at(now) - 1.0, 0.0)
        self.counted_at = now
        self.next_allowed_at = max(self.next_allowed_at, now + self.pace.gap)

    def settle(self, now: float, pace: Pace) -> None:
        """Go on at another pace: what the old one had to wait for is waited for no longer than with the new one."""
        self.tokens, self.counted_at, self.pace = self._tokens_at(now), now, pace
        self.next_allowed_at = max(min(self.next_allowed_at, now + pace.gap), self.asked_until)

    def hold_off(self, until: float) -> None:
        """Allow no call before `until`, because the other side asked for it."""
        self.asked_until = max(self.asked_until, until)
        self.next_allowed_at = max(self.next_allowed_at, until)

    def space(self, now: float) -> None:
        """Count the gap to the next call from now."""
        self.next_allowed_at = max(self.next_allowed_at, now + self.pace.gap)

    def heed(self, other: Bucket, now: float) -> None:
        """Allow no more than what another bucket of the same pace allows."""
        self.tokens = min(self._tokens_at(now), other._tokens_at(now))
        self.counted_at = now
        self.hold_off(other.next_allowed_at)

    def _tokens_at(self, now: float) -> float:
        grown = max(now - self.counted_at, 0.0) * self.pace.per_second
        return min(self.tokens + grown, self.pace.burst)
