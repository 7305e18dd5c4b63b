"""Where reeld is in its life, told to the service manager as it changes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import Enum, auto
from typing import Final

import trio

from reeld.cli.notify._socket import Notifier

LOOK_SECONDS: Final = 2.0
"""How often the status line is made anew; it is sent when it says something else."""

EXTENSION_SECONDS: Final = 60
"""How much longer a start may take, said again with each look: a loop that hangs is ended after so long."""

Line = Callable[[], Awaitable[str]]


class _Phase(Enum):
    STARTING = auto()
    READY = auto()
    STOPPING = auto()


class ServiceReport:
    """Tells the service manager how the daemon is. All of it is silent when there is none.

    Args:
        notifier: Speaks to it.
        line: Makes the status line; may look into the database, within a deadline.
    """

    def __init__(self, notifier: Notifier, line: Line) -> None:
        self._notifier = notifier
        self._line = line
        self._phase = _Phase.STARTING
        self._said = ""
        self._reloads = 0
        self.settings_are_good = True
        """Whether the latest reload put the settings in force."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the status line fresh for the length of the block, and extend the start until `ready`."""
        if not self._notifier.is_active:
            yield
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_telling)
            try:
                yield
            finally:
                nursery.cancel_scope.cancel(reason="the daemon ends")

    async def ready(self) -> None:
        """Say that the daemon does its work. Says nothing once it stops."""
        if self._phase is _Phase.STARTING:
            self._phase = _Phase.READY
            await self._tell("READY=1")

    async def stopping(self) -> None:
        """Say once that the daemon stops; not cancellable, done within two seconds."""
        if self._phase is not _Phase.STOPPING:
            self._phase = _Phase.STOPPING
            with trio.CancelScope(shield=True):
                await self._notifier.tell(
                    "STOPPING=1", "STATUS=stopping: what was begun is finished first"
                )

    @asynccontextmanager
    async def reloading(self) -> AsyncIterator[None]:
        """Say that the settings are read again for the length of the block, however it ends.

        Both fields go in one datagram: a manager that asked for the reload (`Type=notify-reload`) compares the time in
        it with that of its signal. Before the daemon is ready, and while it stops, there is nothing to say.
        """
        if self._phase is not _Phase.READY:
            with self._noting_faults():
                yield
            return
        self._reloads += 1
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        await self._notifier.tell(
            "RELOADING=1", f"MONOTONIC_USEC={now}", "STATUS=reloading the settings"
        )
        self._said = ""
        try:
            with self._noting_faults():
                yield
        finally:
            self._reloads -= 1
            # A caller that went away must not leave the unit reloading for ever.
            with trio.CancelScope(shield=True):
                await self._tell_reloaded()

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            self.settings_are_good = False
            raise
        self.settings_are_good = True

    async def _tell_reloaded(self) -> None:
        if self._reloads == 0 and self._phase is _Phase.READY:
            await self._tell("READY=1")

    async def _keep_telling(self) -> None:
        while True:
            match self._phase:
                case _Phase.STARTING:
                    await self._tell(f"EXTEND_TIMEOUT_USEC={EXTENSION_SECONDS * 1_000_000}")
                case _Phase.READY if self._reloads == 0:
                    await self._tell()
                case _:
                    pass
            await trio.sleep(LOOK_SECONDS)

    async def _tell(self, *fields: str) -> None:
        before = (self._phase, self._reloads)
        line = await self._line()
        if (self._phase, self._reloads) != before:
            return  # somebody else says something newer
        if line != self._said:
            self._said = line
            fields = (*fields, f"STATUS={line}")
        if fields:
            await self._notifier.tell(*fields)
