"""One client of a service at a time: made anew when its settings change, closed by whoever uses it last."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import trio


class Client(Protocol):
    """What every client can do."""

    async def aclose(self) -> None:
        """Close all connections."""


SettingsT = TypeVar("SettingsT")
ClientT = TypeVar("ClientT", bound=Client)


@dataclass(slots=True, eq=False)
class _Leased(Generic[SettingsT, ClientT]):
    settings: SettingsT
    client: ClientT
    users: int = 0
    is_retired: bool = False


class ClientLease(Generic[SettingsT, ClientT]):
    """Lends out the client that belongs to the settings in force.

    There is never a second client for the same settings: two of them would keep two paces, and make two attempts to
    log in. When the settings change, calls that have begun end with the client that they began with.

    Args:
        make: Makes a client; must not block.
    """

    def __init__(self, make: Callable[[SettingsT], ClientT]) -> None:
        self._make = make
        self._current: _Leased[SettingsT, ClientT] | None = None

    @asynccontextmanager
    async def lease(self, settings: SettingsT) -> AsyncIterator[ClientT]:
        """Use the client for these settings inside the block.

        Raises:
            ReeldError: No client can be made of these settings.
        """
        leased = self._current
        if leased is None or leased.settings != settings:
            made = _Leased(settings, self._make(settings))
            self._current, former, leased = made, leased, made
        else:
            former = None
        leased.users += 1
        try:
            if former is not None:
                await self._retire(former)
            yield leased.client
        finally:
            leased.users -= 1
            await self._close_if_done(leased)

    async def aclose(self) -> None:
        """Let the client go; it is closed at once unless it is in use."""
        former, self._current = self._current, None
        if former is not None:
            await self._retire(former)

    async def _retire(self, leased: _Leased[SettingsT, ClientT]) -> None:
        leased.is_retired = True
        await self._close_if_done(leased)

    async def _close_if_done(self, leased: _Leased[SettingsT, ClientT]) -> None:
        if leased.is_retired and not leased.users:
            leased.users = -1  # nobody closes it a second time
            with trio.CancelScope(shield=True):
                await leased.client.aclose()
