"""The lock that makes statements of one connection take turns."""

from __future__ import annotations

import trio


class StatementLock:
    """A fair lock that costs no turn of the loop when it is free.

    `trio.Lock` yields to the other tasks on every acquisition. A statement waits for the server anyway, so that would
    only double the turns a statement takes. And a free lock can be taken in a cancelled scope: that is what lets
    psycopg's own clean-up code run there.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = trio.Lock()

    async def __aenter__(self) -> None:
        try:
            self._lock.acquire_nowait()
        except trio.WouldBlock:
            await self._lock.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()

    def locked(self) -> bool:
        """Tell whether a statement is under way."""
        return self._lock.locked()
