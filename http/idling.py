"""How long a connection may be idle, watched by one task for all of its requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import trio
from hypercorn.typing import SingleTask

_NEVER: Final = float("inf")


class IdleWatch(SingleTask):
    """Does something once nothing was asked for so long, or the server ends.

    Hypercorn's own begins a task after each answer and cancels it at the next request, which was a tenth of what a short
    answer costs.

    Args:
        seconds: How long.
        ending: Is set when the server ends.
    """

    def __init__(self, seconds: float, ending: Any) -> None:
        self._seconds = seconds
        self._ending = ending
        self._until = _NEVER
        self._is_watched = False
        self._is_hurried = False
        self._is_over = False
        self._scope = trio.CancelScope()
        self._wait = trio.CancelScope()

    async def restart(self, task_group: Any, action: Callable[[], Awaitable[None]]) -> None:
        """Begin to count anew."""
        self._until = trio.current_time() + self._seconds
        self._is_hurried = False
        if not self._is_watched and not self._is_over:
            self._is_watched = True
            # One that ended while a request was busy has used its scope up.
            self._scope = trio.CancelScope()
            task_group.spawn(self._watch, action)

    def hurry(self, seconds: float) -> None:
        """Allow so many seconds from now at most, as a request has begun; said again before `restart`, it changes nothing."""
        if self._is_hurried or self._until == _NEVER:
            return
        self._is_hurried = True
        self._until = min(self._until, trio.current_time() + seconds)
        self._wait.deadline = self._until

    async def stop(self) -> None:
        """Count no more, as a request came."""
        self._until = _NEVER

    def end(self) -> None:
        """Watch no more, as the connection is over."""
        self._is_over = True
        self._scope.cancel(reason="the connection is over")

    async def _watch(self, action: Callable[[], Awaitable[None]]) -> None:
        with self._scope:
            while trio.current_time() < self._until < _NEVER and not self._ending.is_set():
                with trio.move_on_at(self._until) as self._wait:
                    await self._ending.wait()
            self._is_watched = False
            # Busy, it is watched again once it is idle.
            if self._until < _NEVER:
                await action()
