"""The lock that makes statements of one connection take turns."""

from __future__ import annotations

import trio


class StatementLock:
    """A fair lock that costs no turn of the loop when it is free.

    `trio.Lock` yields to the other tasks on every acquisition. A statement waits for the server anyway, so that would
    only double the turns a statement takes. And a free lock can be taken in a cancelled scope: that is what lets
    psycopg's own clean-up code run there. Another task may release it: an abandoned generator of psycopg is closed by
    the task of trio that collects them.
    """

    __slots__ = ("_owner", "_turns")

    def __init__(self) -> None:
        self._turns = trio.Semaphore(1, max_value=1)
        self._owner: trio.lowlevel.Task | None = None

    async def __aenter__(self) -> None:
        task = trio.lowlevel.current_task()
        try:
            self._turns.acquire_nowait()
        except trio.WouldBlock:
            if self._owner is task:
                raise RuntimeError(
                    "This task is in the middle of a statement on this connection: use another connection."
                ) from None
            await self._turns.acquire()
        self._owner = task

    async def __aexit__(self, *_: object) -> None:
        self._owner = None
        self._turns.release()

    def locked(self) -> bool:
        """Tell whether a statement is under way."""
        return self._turns.value == 0
