"""The latest calls, counted."""

from __future__ import annotations

from collections import deque


class CountWindow:
    """Keeps the latest calls and their sums; recording costs the same however long the window is."""

    __slots__ = ("_calls", "failures", "slow")

    def __init__(self, size: int) -> None:
        self._calls: deque[tuple[bool, bool]] = deque(maxlen=size)
        self.failures = 0
        self.slow = 0

    def __len__(self) -> int:
        return len(self._calls)

    def record(self, *, failed: bool, slow: bool) -> None:
        """Add one call; the oldest falls out of a full window."""
        if len(self._calls) == self._calls.maxlen:
            old_failed, old_slow = self._calls[0]
            self.failures -= old_failed
            self.slow -= old_slow
        self._calls.append((failed, slow))
        self.failures += failed
        self.slow += slow
