"""Everybody who follows events over a socket: how many there may be, and who is sent away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog
import trio

from reeld.domain.errors import DatabaseUnavailable, Unavailable
from reeld.http.events.subscription import Ending

log = structlog.get_logger("reeld.http")

MOST: Final = 512
STUCK_SECONDS: Final = 10.0
"""How long a client may take none of what it is sent."""
LOOK_SECONDS: Final = 1.0
KNOWN_SECONDS: Final = 5.0
"""How often it is looked whether keys still hold; access itself remembers them a while."""
FAREWELL_SECONDS: Final = 1.0
"""How long clients have to take leave before their connections are cut."""
RETRY_SECONDS: Final = 5.0


class Client(Protocol):
    """One socket."""

    @property
    def sending_since(self) -> float | None:
        """Since when it takes what it is sent, in trio's seconds; None while it is sent nothing."""

    def end(self, ending: Ending) -> None:
        """Tell it nothing more, and close it with the code that says why."""

    def hang_up(self) -> None:
        """Cut its connection."""

    def is_known(self) -> Awaitable[bool]:
        """Find out whether its key or session still holds."""
        ...


class Clients:
    """The clients that are connected.

    Args:
        note: Told how many there are, whenever that changes.
        dropped: Told why each one was sent away.
    """

    def __init__(
        self,
        note: Callable[[int], None] = lambda _: None,
        dropped: Callable[[Ending], None] = lambda _: None,
        *,
        most: int = MOST,
    ) -> None:
        self._note = note
        self._dropped = dropped
        self._most = most
        self._all: set[Client] = set()
        self._empty = trio.Event()

    def __len__(self) -> int:
        return len(self._all)

    def require_room(self) -> None:
        """Raise `Unavailable` when there are as many as there may be."""
        if len(self._all) >= self._most:
            raise Unavailable(
                f"{self._most} clients follow events already. Close some, or try again later.",
                reason="too_many_clients",
                retry_after=RETRY_SECONDS,
            )

    def add(self, client: Client) -> None:
        """Look after a client."""
        self._all.add(client)
        self._note(len(self._all))

    def remove(self, client: Client) -> None:
        """It is gone."""
        self._all.discard(client)
        self._note(len(self._all))
        if not self._all:
            self._empty.set()

    def note_dropped(self, ending: Ending) -> None:
        """Count one that was sent away."""
        self._dropped(ending)

    async def run(self) -> None:
        """Send those away that take nothing or whose key is gone, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._cut_off_the_stuck)
            nursery.start_soon(self._turn_out_the_unknown)

    def end_all(self, ending: Ending) -> None:
        """Have all of them closed; returns at once."""
        for client in tuple(self._all):
            client.end(ending)

    async def leave(self, ending: Ending) -> None:
        """Close all; within `FAREWELL_SECONDS`, then they are cut off."""
        self.end_all(ending)
        self._empty = trio.Event()
        if self._all:
            with trio.move_on_after(FAREWELL_SECONDS):
                await self._empty.wait()
        for client in tuple(self._all):
            client.hang_up()

    async def _cut_off_the_stuck(self) -> None:
        while True:
            await trio.sleep(LOOK_SECONDS)
            long_ago = trio.current_time() - STUCK_SECONDS
            for client in tuple(self._all):
                since = client.sending_since
                if since is not None and since < long_ago:
                    client.end(Ending.STUCK)
                    client.hang_up()

    async def _turn_out_the_unknown(self) -> None:
        while True:
            await trio.sleep(KNOWN_SECONDS)
            for client in tuple(self._all):
                try:
                    if not await client.is_known():
                        client.end(Ending.KEY_GONE)
                except DatabaseUnavailable as error:
                    log.debug("keys_not_looked_at", reason=error.reason)
                    break
