"""Rows of the outbox as frames: notifications are the hint, looking at the rows is the truth."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog
import trio

from reeld.domain.errors import DatabaseUnavailable
from reeld.http.events.frames import frame_of
from reeld.http.events.hub import Hub
from reeld.storage import Database
from reeld.storage.errors import LeadershipLost
from reeld.storage.events import CHANNEL, Events

log = structlog.get_logger("reeld.http")

POLL_SECONDS: Final = 2.0
"""How long a lost notification may hold an event up."""
AWAY_SECONDS: Final = 0.5
BATCH: Final = 500


class RowFeed:
    """Publishes every event that is committed after `start`, in the order of commits.

    Args:
        observe_lag: Told, in seconds, how old an event's row was when it was published.
    """

    def __init__(
        self, database: Database, hub: Hub, observe_lag: Callable[[float], None] = lambda _: None
    ) -> None:
        self._database = database
        self._events = Events(database)
        self._hub = hub
        self._observe_lag = observe_lag
        self._hint = trio.Event()

    async def start(self) -> None:
        """Find out which event was the last one; waits for as long as the database is away."""
        while True:
            try:
                _, self._hub.head = await self._events.window()
            except (DatabaseUnavailable, LeadershipLost) as error:
                log.debug("events_postponed", reason=error.reason)
                await trio.sleep(AWAY_SECONDS)
            else:
                return

    async def run(self) -> None:
        """Publish until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen)
            while True:
                try:
                    await self.look()
                except (DatabaseUnavailable, LeadershipLost) as error:
                    log.debug("events_postponed", reason=error.reason)
                    await trio.sleep(AWAY_SECONDS)
                with trio.move_on_after(POLL_SECONDS):
                    await self._hint.wait()
                self._hint = trio.Event()

    async def look(self) -> None:
        """Publish what was committed since the last look."""
        while rows := await self._events.read_from(self._hub.head, BATCH):
            now = time.time()
            for row in rows:
                self._hub.head = row.id
                self._hub.publish(frame_of(row))
                self._observe_lag(max(now - row.at.timestamp(), 0.0))

    async def _listen(self) -> None:
        async with self._database.listen(CHANNEL) as listener:
            async for _ in listener:
                self._hint.set()
