"""Notifications, from a connection that is known to work."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from uuid import uuid4

import psycopg
import structlog
import trio
from psycopg import errors, generators, sql

from reeld.domain.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reeld.storage.connection import TrioConnection

log = structlog.get_logger("reeld.storage")

PING_SECONDS: Final = 15.0
"""After so long a silence the listener notifies itself: only a round trip proves that notifications still come."""

ANSWER_SECONDS: Final = 5.0
RECONNECT_MIN_SECONDS: Final = 0.2
RECONNECT_MAX_SECONDS: Final = 10.0
MAX_BACKLOG: Final = 10_000
"""Notifications kept for a slow reader. They are hints: when more come, the oldest go and a gap is told."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What a channel said.

    Attributes:
        channel: The channel; empty for a gap.
        payload: What came with it.
        gap: Nothing was heard for a while: notifications may have been lost. Look at the rows.
    """

    channel: str
    payload: str
    gap: bool = False


class _Open(Protocol):
    async def __call__(self, *, deadline: float) -> TrioConnection: ...


class Listener:
    """An endless iterator of notifications: `async for note in listener`.

    The first item is a gap, and so is the first after each reconnection: what was said before the connection listened
    was heard by nobody. A connection that is gone, or that answers but delivers nothing any more (a pooler, a
    middlebox), is replaced, with a jittered backoff of 0.2 to 10 s.

    Args:
        connect: Opens a connection within a deadline.
        channels: What to listen to.
        ping: Seconds of silence before the connection is tested.
    """

    def __init__(
        self, connect: _Open, channels: Sequence[str], *, ping: float = PING_SECONDS
    ) -> None:
        self._connect = connect
        self._own = f"reeld_ping_{uuid4().hex}"
        self._channels = (*channels, self._own)
        self._ping = ping
        self._heard: deque[Notification] = deque(maxlen=MAX_BACKLOG)
        self._overrun = False
        self._pinged = False
        self._is_away = False
        self._connection: TrioConnection | None = None
        self._backoff = RECONNECT_MIN_SECONDS

    def __aiter__(self) -> Listener:
        return self

    async def __anext__(self) -> Notification:
        """Wait for the next notification. It never ends, and raises nothing but a cancellation."""
        while True:
            if self._overrun:
                self._overrun = False
                return Notification("", "", gap=True)
            if self._heard:
                return self._heard.popleft()
            try:
                await self._hear()
            except (psycopg.Error, OSError, DatabaseUnavailable) as error:
                await self._lose(error)

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _hear(self) -> None:
        if self._connection is None or self._connection.closed:
            await self._subscribe()
            return
        connection = self._connection
        try:
            # What comes is handed to `_note`, here and during every other statement.
            await connection.wait(
                generators.notifies(connection.pgconn),
                timeout=ANSWER_SECONDS if self._pinged else self._ping,
            )
        except errors._WaitTimeout:
            if self._pinged:
                raise errors.OperationalError("no notification arrives any more") from None
            self._pinged = True
            await connection.execute("SELECT pg_notify(%s, '')", (self._own,))

    async def _subscribe(self) -> None:
        connection = await self._connect(deadline=ANSWER_SECONDS)
        try:
            connection.add_notify_handler(self._note)
            for channel in self._channels:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        except BaseException:
            await connection.close()
            raise
        if self._is_away:
            log.info("listener_connected")
        self._connection = connection
        self._is_away = self._pinged = False
        self._backoff = RECONNECT_MIN_SECONDS
        self._overrun = True

    def _note(self, note: psycopg.Notify) -> None:
        self._pinged = False
        if note.channel == self._own:
            return
        if len(self._heard) == MAX_BACKLOG:
            self._overrun = True
        self._heard.append(Notification(note.channel, note.payload))

    async def _lose(self, error: Exception) -> None:
        # An outage is told once, however long it lasts.
        (log.debug if self._is_away else log.warning)("listener_disconnected", error=str(error))
        self._is_away = True
        await self.close()
        await trio.sleep(self._backoff * random.uniform(0.5, 1.0))
        self._backoff = min(self._backoff * 2, RECONNECT_MAX_SECONDS)
