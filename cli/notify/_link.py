"""What ties a daemon to its service manager: the report of its life and the watchdog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final

import psycopg
import trio

from reeld.cli.notify._heartbeat import Heartbeat
from reeld.cli.notify._report import ServiceReport
from reeld.cli.notify._socket import Notifier
from reeld.cli.notify._status import one_line, status_line
from reeld.cli.notify._watchdog import Watchdog, watchdog_seconds
from reeld.domain.errors import ReeldError
from reeld.http.surface import Readiness, Surface
from reeld.storage.repositories import downloads
from reeld.supervisors import Supervisor
from reeld.telemetry import Metrics

COUNT_SECONDS: Final = 1.0
"""How long the status line waits for the number of downloads; without it the line says less."""


def tell_failure(environ: Mapping[str, str], sentence: str) -> None:
    """Leave the sentence where `systemctl status` shows it after the end. Does not wait."""
    with suppress(BlockingIOError):
        Notifier.from_environ(environ).try_to_tell(f"STATUS={one_line(f'failed: {sentence}')}")


class ServiceLink:
    """A daemon's tie to its service manager; silent when nothing in the environment names one.

    Args:
        environ: Where `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` may stand.
        readiness: Whether the daemon can do its work.
        metrics: Counts the beats.
    """

    def __init__(
        self, environ: Mapping[str, str], readiness: Callable[[], Readiness], metrics: Metrics
    ) -> None:
        self._notifier = Notifier.from_environ(environ)
        self._watchdog = watchdog_seconds(environ)
        self._readiness = readiness
        self._metrics = metrics
        self._report = ServiceReport(self._notifier, self._line)
        self._surface: Surface | None = None
        self._heartbeat: Heartbeat | None = None
        self._is_ready = trio.Event()

    @property
    def heartbeat_age(self) -> float | None:
        """Seconds since the root supervisor last came round; None while nobody can expect it to."""
        return self._heartbeat.age if self._heartbeat is not None else None

    def running(self) -> AbstractAsyncContextManager[None]:
        """Keep the manager informed for the length of the block."""
        return self._report.running()

    def reloading(self) -> AbstractAsyncContextManager[None]:
        """Say that the settings are read again for the length of the block."""
        return self._report.reloading()

    async def ready(self) -> None:
        """Say that the daemon does its work; from now on the watchdog is fed."""
        await self._report.ready()
        self._is_ready.set()

    async def stopping(self) -> None:
        """Say that the daemon stops."""
        await self._report.stopping()

    async def attend(self, root: Supervisor, surface: Surface, stop_asked: trio.Event) -> None:
        """Feed the watchdog from `ready` on, until the daemon is asked to stop; then say so.

        The manager's own stop timeout takes over then: it stops to watch when a unit begins to stop.
        """
        self._surface = surface
        self._heartbeat = Heartbeat(root.come_round)
        watchdog = Watchdog(self._notifier, self._watchdog, self._heartbeat.beat, self._metrics)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._heartbeat.run)
            nursery.start_soon(self._feed, watchdog)
            await stop_asked.wait()
            nursery.cancel_scope.cancel(reason="the daemon stops")
        await self.stopping()

    async def _feed(self, watchdog: Watchdog) -> None:
        await self._is_ready.wait()
        await watchdog.run()

    async def _line(self) -> str:
        tree = self._surface.control.tree() if self._surface else None
        downloads_now = await self._downloads()
        return status_line(
            self._readiness(), tree, downloads_now, reloaded=self._report.settings_are_good
        )

    async def _downloads(self) -> int | None:
        if self._surface is None or not self._readiness().is_ready:
            return None
        with trio.move_on_after(COUNT_SECONDS):
            try:
                return await downloads.count(self._surface.database)
            except (ReeldError, psycopg.Error):
                return None
        return None
