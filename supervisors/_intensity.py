"""How many restarts are tolerated: OTP's intensity, exactly."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Intensity:
    """A budget of restarts.

    Attributes:
        restarts: Restarts tolerated in any window of `seconds`: the burst. 0 tolerates none.
        seconds: The width of the window: with `restarts` it gives the sustained rate.
    """

    restarts: int
    seconds: float

    def __post_init__(self) -> None:
        if self.restarts < 0 or not self.seconds > 0:
            raise ValueError("restarts must not be negative, seconds must be positive")


class RestartBudget:
    """Counts restarts in a sliding window, as `supervisor.erl` does in `add_restart`.

    The restart that is asked for counts itself, one exactly as old as the window is wide still counts, and a failed
    attempt to start counts like a crash. Time is monotonic seconds.
    """

    __slots__ = ("_times", "intensity")

    def __init__(self, intensity: Intensity) -> None:
        self.intensity = intensity
        self._times: deque[float] = deque()

    def spend(self, now: float) -> bool:
        """Count a restart. Returns whether it is within the budget."""
        self._forget(now)
        self._times.append(now)
        if len(self._times) <= self.intensity.restarts:
            return True
        # One more than is tolerated decides; keeping more would let a crash loop fill the memory.
        self._times.popleft()
        return False

    def left(self, now: float) -> int:
        """Return how many restarts are tolerated at this moment."""
        self._forget(now)
        return max(0, self.intensity.restarts - len(self._times))

    def clear(self) -> None:
        """Forget every restart: a person, or a long rest, gives a new start."""
        self._times.clear()

    def _forget(self, now: float) -> None:
        while self._times and self._times[0] < now - self.intensity.seconds:
            self._times.popleft()
