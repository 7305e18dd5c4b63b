"""The supervised child that keeps live events going."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from reeld.http.events.clients import Clients
from reeld.http.events.feed import RowFeed
from reeld.http.events.hub import Hub
from reeld.http.events.states import States
from reeld.http.events.subscription import Ending
from reeld.storage.events import Events

BEGIN_SECONDS: Final = 3.0


class LiveEvents:
    """Reads events for the hub and looks after its clients until it is told to stop; then it can be run again.

    Stopped before the web server, it takes leave of every client with a reason, so that none holds the server up.

    Args:
        database_is_ready: Waits for the schema.
    """

    def __init__(
        self,
        hub: Hub,
        clients: Clients,
        feed: RowFeed,
        states: States,
        events: Events,
        database_is_ready: Callable[[], Awaitable[object]],
    ) -> None:
        self.hub = hub
        self.clients = clients
        self.states = states
        self.events = events
        self._feed = feed
        self._database_is_ready = database_is_ready
        self._stop = trio.Event()
        self._begun = trio.Event()

    async def lets_in(self) -> bool:
        """Whether clients may come in; while the daemon begins, waits `BEGIN_SECONDS` for that."""
        if not self._stop.is_set():
            with trio.move_on_after(BEGIN_SECONDS):
                await self._begun.wait()
        return self.hub.is_open

    def stop(self) -> None:
        """Take leave of the clients; `run` then returns within two seconds."""
        self._stop.set()

    async def run(self, *, task_status: trio.TaskStatus[object] = trio.TASK_STATUS_IGNORED) -> None:
        """Tell events until `stop`, or until cancelled, which cuts the clients off."""
        self._stop = trio.Event()
        self._begun = trio.Event()
        task_status.started()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tell)
                await self._stop.wait()
                self.hub.is_open = False
                self.hub.end_all(Ending.SHUTDOWN)
                await self.clients.leave(Ending.SHUTDOWN)
                nursery.cancel_scope.cancel(reason="live events stop")
        finally:
            self.hub.is_open = False
            self.hub.end_all(Ending.FAULT)
            self.clients.end_all(Ending.FAULT)

    async def _tell(self) -> None:
        await self._database_is_ready()
        await self._feed.start()
        self.hub.is_open = not self._stop.is_set()
        self._begun.set()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.hub.run)
            nursery.start_soon(self._feed.run)
            nursery.start_soon(self.states.run)
            nursery.start_soon(self.clients.run)
