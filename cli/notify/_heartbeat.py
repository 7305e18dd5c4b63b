"""The heartbeat: when the root supervisor last came round. Liveness and the watchdog look at the same one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import trio

BEAT_SECONDS: Final = 5.0


class Heartbeat:
    """Remembers when the root supervisor last came round.

    Args:
        come_round: Returns when the root supervisor has looked at each of its children once more.
    """

    def __init__(self, come_round: Callable[[], Awaitable[None]]) -> None:
        self._come_round = come_round
        self._beat_at: float | None = None

    @property
    def age(self) -> float | None:
        """Seconds since the last beat; None while nobody can expect one: before all have started, and at the end."""
        return None if self._beat_at is None else trio.current_time() - self._beat_at

    async def beat(self) -> None:
        """Wait until the root supervisor has come round. The caller brings a deadline."""
        await self._come_round()
        self._beat_at = trio.current_time()

    async def run(self) -> None:
        """Beat until cancelled, which ends the expectation too."""
        try:
            while True:
                await self.beat()
                await trio.sleep(BEAT_SECONDS)
        finally:
            self._beat_at = None
