"""A task that sleeps until somebody, on whatever thread, wakes it."""

from __future__ import annotations

import contextlib
from threading import get_ident

import trio
from trio.lowlevel import (
    Abort,
    Task,
    current_task,
    current_trio_token,
    reschedule,
    wait_task_rescheduled,
)


class Sleeper:
    """Wakes one trio task from any thread. Make it on the loop the task runs on.

    A `trio.Event` costs three times as much and cannot be set from another thread. The thread's
    identity tells the loop apart from other threads: asking trio for its token raises elsewhere.
    """

    __slots__ = ("_task", "_thread", "_token")

    def __init__(self) -> None:
        self._task: Task | None = None
        self._thread = get_ident()
        self._token = current_trio_token()

    async def sleep(self) -> None:
        """Sleep until `wake`; waking may be spurious. A cancelled sleep leaves nothing behind."""
        self._task = current_task()
        await wait_task_rescheduled(self._abort)

    def wake(self) -> None:
        """Wake the task if it sleeps; else do nothing."""
        if get_ident() == self._thread:
            self._resume()
            return
        # Once the loop has ended nobody sleeps there any more.
        with contextlib.suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._resume, idempotent=True)

    def _resume(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            reschedule(task)

    def _abort(self, _raise_cancel: object) -> Abort:
        self._task = None
        return Abort.SUCCEEDED
