"""Messages that an actor tells itself later."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import structlog
import trio

from reeld.domain.errors import Unavailable
from reeld.domain.messages import Message

if TYPE_CHECKING:
    from reeld.actors.kernel._address import Address

log = structlog.get_logger("reeld.actors")

Spawn = Callable[..., None]


class Timers:
    """The keyed timers of one incarnation.

    Args:
        address: Whom to tell.
        spawn: Starts a task that ends with the incarnation.
    """

    def __init__(self, address: Address, spawn: Spawn) -> None:
        self._address = address
        self._spawn = spawn
        self._scopes: dict[str, trio.CancelScope] = {}

    def every(
        self, key: str, seconds: float, message: Message[Any], *, first: float | None, jitter: float
    ) -> None:
        """See `Actor.every`."""
        if seconds <= 0:
            raise ValueError(f"timer {key}: {seconds} seconds is no pause")

        async def tick() -> None:
            await trio.sleep(_varied(seconds, jitter) if first is None else first)
            while True:
                self._tell(key, message)
                await trio.sleep(_varied(seconds, jitter))

        self._start(key, tick)

    def after(self, key: str, seconds: float, message: Message[Any]) -> None:
        """See `Actor.after`."""

        async def ring() -> None:
            await trio.sleep(max(seconds, 0))
            self._tell(key, message)

        self._start(key, ring)

    def cancel(self, key: str) -> None:
        """See `Actor.cancel_timer`."""
        scope = self._scopes.pop(key, None)
        if scope is not None:
            scope.cancel(reason=f"timer {key} cancelled")

    def _start(self, key: str, run: Callable[[], Awaitable[None]]) -> None:
        self.cancel(key)
        scope = self._scopes[key] = trio.CancelScope()

        async def timed() -> None:
            with scope:
                await run()
            if self._scopes.get(key) is scope:
                del self._scopes[key]

        self._spawn(timed)

    def _tell(self, key: str, message: Message[Any]) -> None:
        try:
            self._address.tell(message)
        except Unavailable as error:
            log.warning("timer_skipped", actor=self._address.name, timer=key, reason=error.reason)


def _varied(seconds: float, jitter: float) -> float:
    return seconds * (1 + random.uniform(-jitter, jitter))
