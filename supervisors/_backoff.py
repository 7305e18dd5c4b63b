"""How long to wait before a restart: Pekko's backoff, exactly."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from `min` to `max`, each with jitter.

    Attributes:
        min: The first wait, in seconds.
        max: The longest wait before jitter, in seconds.
        jitter: Up to this share of the wait is added at random, after the cap.
        reset_after: A child that ran this many seconds begins with short waits again; (min + max) / 2 by default.
    """

    min: float = 0.2
    max: float = 30.0
    jitter: float = 0.2
    reset_after: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.min <= self.max or self.jitter < 0:
            raise ValueError("min must lie above 0 and not above max, jitter must not be negative")

    @property
    def quiet(self) -> float:
        """Seconds without a crash after which the waits begin anew."""
        return (self.min + self.max) / 2 if self.reset_after is None else self.reset_after

    def wait(self, crashes: int, draw: float) -> float:
        """Return the wait after so many earlier crashes in a row: min(max, min * 2**n) * (1 + draw * jitter).

        Args:
            crashes: Crashes in a row before this one.
            draw: A random number from 0 to 1.
        """
        # Beyond 2**64 the cap decides anyway, and the power would not fit a float for ever.
        doubled = self.min * 2.0 ** min(crashes, 64)
        return min(self.max, doubled) * (1 + draw * self.jitter)


class CrashStreak:
    """Counts crashes in a row, and says how long to wait after each.

    Args:
        backoff: The waits.
        draw: Random numbers from 0 to 1.
    """

    __slots__ = ("_draw", "backoff", "crashes")

    def __init__(self, backoff: Backoff, draw: Callable[[], float] = random.random) -> None:
        self.backoff = backoff
        self.crashes = 0
        self._draw = draw

    def crash(self, *, ran: float) -> float:
        """Count a crash. Returns the seconds to wait before the restart.

        Args:
            ran: Seconds that the incarnation ran; 0 for a failed start.
        """
        if ran >= self.backoff.quiet:
            self.crashes = 0
        wait = self.backoff.wait(self.crashes, self._draw())
        self.crashes += 1
        return wait

    def clear(self) -> None:
        """Begin with short waits again."""
        self.crashes = 0
