"""How often a service may be called, as views show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LimitView:
    """A rate limit at one moment.

    Attributes:
        per_second: How many calls may be made in the long run.
        gap: Seconds that lie between two calls at least.
        burst: So many calls may come at once.
        factor: The part of the configured pace that is in force: 1 is all of it.
        seconds_left: How long it is slowed down; None when it is not, or until the daemon stops.
        wait: Seconds until the next call may be made.
    """

    name: str
    per_second: float
    gap: float
    burst: float
    factor: float
    seconds_left: float | None
    wait: float
