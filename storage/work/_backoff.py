"""How long failed work waits before its next attempt."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling waits with jitter and a cap.

    Attributes:
        first: Seconds after the first failed attempt.
        cap: The longest wait in seconds, before jitter.
        jitter: The share by which a wait is lengthened or shortened at random, so that work that failed together
            does not come back together.
    """

    first: float = 2.0
    cap: float = 6 * 3600.0
    jitter: float = 0.2

    def seconds(self, attempt: int) -> float:
        """Return the wait after a failed attempt, counted from 1."""
        # 2**64 seconds are far above any cap, and larger exponents would overflow a float.
        wait = min(self.cap, self.first * 2.0 ** min(max(attempt, 1) - 1, 64))
        return wait * random.uniform(1 - self.jitter, 1 + self.jitter)
