"""Leaving the interpreter to the loop while a worker thread computes."""

from __future__ import annotations

import time
from typing import Final

TURN_SECONDS: Final = 0.002
PAUSE_SECONDS: Final = 0.0001
"""By itself a thread that computes leaves the interpreter to others only after 5 ms, if they ask for it."""


class Turns:
    """Pauses a worker thread for a moment whenever it has computed for a while."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()

    def pause(self) -> None:
        """Pause when it is time; to be called between two things that each take far less than a turn."""
        if time.perf_counter() - self._begun > TURN_SECONDS:
            time.sleep(PAUSE_SECONDS)
            self._begun = time.perf_counter()
