"""The service manager's watchdog: fed only while the loop runs and the root supervisor looks after its children."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping

import structlog
import trio

from reeld.cli.notify._socket import Notifier
from reeld.telemetry import Metrics

log = structlog.get_logger("reeld.cli")


def watchdog_seconds(environ: Mapping[str, str], pid: int | None = None) -> float | None:
    """Return the seconds without a beat after which the manager ends this process; None when it does not watch.

    As sd_watchdog_enabled(3): `WATCHDOG_PID`, where it is set, must be this process.
    """
    watched = environ.get("WATCHDOG_PID") or str(os.getpid() if pid is None else pid)
    limit = environ.get("WATCHDOG_USEC", "")
    if watched != str(os.getpid() if pid is None else pid) or not limit.isascii():
        return None
    return int(limit) / 1e6 if limit.isdigit() and int(limit) > 0 else None


class Watchdog:
    """Feeds the watchdog, twice in the time that it allows.

    Args:
        notifier: Where the beats go.
        seconds: What the watchdog allows; None when nobody watches.
        come_round: Returns when the root supervisor has looked at each of its children once more.
        metrics: Counts the beats.
    """

    def __init__(
        self,
        notifier: Notifier,
        seconds: float | None,
        come_round: Callable[[], Awaitable[None]],
        metrics: Metrics,
    ) -> None:
        self._notifier = notifier
        self._seconds = seconds
        self._come_round = come_round
        self._metrics = metrics

    async def run(self) -> None:
        """Feed it until cancelled; returns at once when nobody watches.

        A beat is withheld when the round trip takes longer than the time between two beats. The next one is tried all
        the same: what was only slow is forgiven by a manager that waits for two beats.
        """
        if self._seconds is None or not self._notifier.is_active:
            return
        between = self._seconds / 2
        due = trio.current_time()
        while True:
            await self._beat(between)
            # From now on, not in a row with what was missed: a burst of late beats says nothing.
            due = max(due + between, trio.current_time())
            await trio.sleep_until(due)

    async def _beat(self, deadline: float) -> None:
        with trio.move_on_after(deadline) as scope:
            await self._come_round()
        if scope.cancelled_caught:
            log.error("watchdog_beat_withheld", waited=deadline)
        elif await self._notifier.tell("WATCHDOG=1"):
            self._metrics.add("reeld_watchdog_beats_total")
