"""One watchdog for every deadline of a trio run.

A `trio.CancelScope` with a deadline costs 5 to 6 µs a message. Nearly all deadlines are called off
long before they are due, so they are only written down here, in a heap, and one task sleeps until the
earliest.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from math import inf
from typing import Any, TypeAlias

import trio

Alarm: TypeAlias = list[Any]
"""`[when, number, what to call]`: a list, because heapq compares lists without calling Python."""

_PRUNE_AT = 64

_of_this_run: trio.lowlevel.RunVar[Deadlines] = trio.lowlevel.RunVar("reeld_deadlines")


class Deadlines:
    """Calls functions when their time comes, unless they were called off. Loop thread only."""

    def __init__(self) -> None:
        self._heap: list[Alarm] = []
        self._number = count()
        self._called_off = 0
        self._wake_at = inf
        self._sleep = trio.CancelScope()

    @classmethod
    def of_this_run(cls) -> Deadlines:
        """Return the watchdog of the trio run this is called in; the first call starts it."""
        try:
            return _of_this_run.get()
        except LookupError:
            deadlines = cls()
            _of_this_run.set(deadlines)
            trio.lowlevel.spawn_system_task(deadlines._watch, name="reeld deadlines")
            return deadlines

    def arm(self, at: float, fire: Callable[[], object]) -> Alarm:
        """Have `fire` called at `at` (the loop's time). It must not raise: that would end the run."""
        alarm = [at, next(self._number), fire]
        heapq.heappush(self._heap, alarm)
        if at < self._wake_at:
            self._wake_at = self._sleep.deadline = at
        return alarm

    def disarm(self, alarm: Alarm) -> None:
        """Call it off; harmless when it has fired."""
        if alarm[2] is not None:
            alarm[2] = None
            self._called_off += 1
            if self._called_off > _PRUNE_AT and self._called_off * 2 > len(self._heap):
                self._prune()

    def _prune(self) -> None:
        # The sleep stays as it is: waking once for nothing is cheaper than moving it every time.
        self._heap = [alarm for alarm in self._heap if alarm[2] is not None]
        heapq.heapify(self._heap)
        self._called_off = 0

    async def _watch(self) -> None:
        while True:
            self._fire_due()
            self._wake_at = self._heap[0][0] if self._heap else inf
            with trio.CancelScope(deadline=self._wake_at) as self._sleep:
                await trio.sleep_forever()

    def _fire_due(self) -> None:
        now = trio.current_time()
        while self._heap and (self._heap[0][2] is None or self._heap[0][0] <= now):
            fire = heapq.heappop(self._heap)[2]
            if fire is None:
                self._called_off -= 1
            else:
                fire()
