"""A bounded pool of connections that never hands back a dirty one."""

from __future__ import annotations

import math
import random
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import psycopg
import structlog
import trio

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage._beside import beside
from reeld.storage._loans import DeadlineWatch, PoolStats, forget_borrower, has_news, is_clean
from reeld.storage._translation import what_was_said
from reeld.storage.observer import NullObserver, PoolError

__all__ = ["Pool", "PoolStats"]

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from reeld.storage.connection import TrioConnection
    from reeld.storage.observer import Observer

log = structlog.get_logger("reeld.storage")

BACKOFF_MIN_SECONDS: Final = 0.2
BACKOFF_MAX_SECONDS: Final = 10.0
MAX_LIFETIME_SECONDS: Final = 3600.0
"""A connection is replaced after about an hour: its server process gives back what it has hoarded by then."""
MAX_WAITERS: Final = 1000
"""More tasks than this waiting for a connection is a fault of its own: the next one is told so at once."""


@dataclass(eq=False, slots=True)
class _Waiter:
    granted: trio.Event = field(default_factory=trio.Event)
    connection: TrioConnection | None = None
    is_dismissed: bool = False


class Pool:
    """Lends connections, opens them when they are wanted and closes them when they are no good any more.

    Whoever waits is served in order. One task opens connections, one after the other, with a jittered backoff of 0.2 to
    10 s while the server is away: so an outage costs one attempt at a time, however many wait. A connection that is not
    idle, in autocommit and outside a pipeline when it comes back is closed, not lent again.

    Use `Pool.open`. Borrow with `async with pool.lend(deadline=5.0) as connection`.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[TrioConnection]],
        *,
        size: int,
        max_lifetime: float,
        observer: Observer,
    ) -> None:
        self._connect = connect
        self._max_size = size
        self._max_lifetime = max_lifetime
        self._observer = observer
        self.on_outage: Callable[[str], None] | None = None
        """Called when a connection could not be opened, with what was said."""
        self._idle: list[TrioConnection] = []
        self._expires: dict[TrioConnection, float] = {}
        self._watch = DeadlineWatch(self._expires)
        self._waiters: deque[_Waiter] = deque()
        self._wanted = trio.Event()
        self._closed = False
        self._available = True
        self._last_error: str | None = None
        self._wait_seconds = 0.0
        self._checkouts = self._opened = self._discarded = self._errors = 0

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        connect: Callable[[], Awaitable[TrioConnection]],
        *,
        size: int = 8,
        max_lifetime: float = MAX_LIFETIME_SECONDS,
        observer: Observer | None = None,
    ) -> AsyncIterator[Pool]:
        """Keep a pool for the length of the block. It opens no connection before one is wanted.

        Args:
            connect: Opens one connection in autocommit mode, within a deadline of its own.
            size: The most connections at once.
            max_lifetime: Seconds after which a connection is replaced, give or take a tenth.
            observer: Is told whether the server can be reached.
        """
        pool = cls(
            connect, size=size, max_lifetime=max_lifetime, observer=observer or NullObserver()
        )
        async with beside(pool._open_connections, pool._watch.run):
            try:
                yield pool
            finally:
                pool._close()

    @asynccontextmanager
    async def lend(self, *, deadline: float = 5.0) -> AsyncIterator[TrioConnection]:
        """Lend a connection for the length of the block.

        Args:
            deadline: Seconds to wait for one; the block itself may take longer.

        Raises:
            DatabaseUnavailable: None became free, or none could be opened, in time.
        """
        connection = await self.checkout(deadline=deadline)
        try:
            yield connection
        finally:
            self.give_back(connection)

    async def checkout(self, *, deadline: float) -> TrioConnection:
        """Take a connection; give it back with `give_back`, whatever happens.

        Args:
            deadline: Seconds to wait for one.

        Raises:
            DatabaseUnavailable: As for `lend`.
        """
        connection = self.take_idle()
        if connection is not None:
            return connection
        with trio.move_on_after(deadline):
            return await self.wait_for_one()
        raise self.timed_out(deadline)

    async def checkout_until(self, until: float) -> TrioConnection:
        """Take a connection and give it the same deadline: statements on it are interrupted then.

        Args:
            until: The deadline, on trio's clock.

        Raises:
            DatabaseUnavailable: As for `lend`.
        """
        connection = await self.checkout(deadline=until - trio.current_time())
        self._watch.set_deadline(connection, until)
        return connection

    def take_idle(self, until: float = math.inf) -> TrioConnection | None:
        """Take an idle connection if there is one, without waiting.

        Args:
            until: When what it does is interrupted, on trio's clock.
        """
        while self._idle:
            connection = self._idle.pop()
            is_fit = self._is_fit(connection)
            if is_fit and not has_news(connection):
                self._checkouts += 1
                self._watch.set_deadline(connection, until)
                return connection
            if is_fit:
                self._observer.pool_failed(PoolError.LOST)
            self._drop(connection)
        return None

    async def wait_for_one(self) -> TrioConnection:
        """Wait in line for a connection; the caller brings the deadline.

        Raises:
            DatabaseUnavailable: The pool is closed, or too many wait already.
        """
        if self._closed:
            raise DatabaseUnavailable(
                "The connections to PostgreSQL are closed: reeld is stopping."
            )
        if len(self._waiters) >= MAX_WAITERS:
            raise DatabaseUnavailable(
                f"{MAX_WAITERS} tasks wait for a database connection already.",
                reason="pool_overrun",
            )
        waiter = _Waiter()
        self._waiters.append(waiter)
        self._wanted.set()
        started = trio.current_time()
        try:
            await waiter.granted.wait()
        except BaseException:
            if waiter.connection is not None:
                self._hand_on(waiter.connection)
            raise
        finally:
            self._wait_seconds += trio.current_time() - started
            if waiter in self._waiters:
                self._waiters.remove(waiter)
        if waiter.is_dismissed:
            raise self._unreachable()
        if waiter.connection is None:
            raise DatabaseUnavailable(
                "The connections to PostgreSQL were closed: reeld is stopping."
            )
        self._checkouts += 1
        return waiter.connection

    def give_back(self, connection: TrioConnection) -> None:
        """Take a connection back; one that is dirty or too old is closed. Never waits."""
        if not self._closed and self._is_fit(connection) and is_clean(connection):
            forget_borrower(connection)
            self._hand_on(connection)
            return
        if not self._closed and connection.broken:
            self._observer.pool_failed(PoolError.LOST)
        self._drop(connection)

    def timed_out(self, seconds: float) -> DatabaseUnavailable:
        """Return the error that says why nobody got a connection within `seconds`."""
        self._errors += 1
        self._observer.pool_failed(PoolError.TIMEOUT)
        if self._available:
            return DatabaseUnavailable(
                f"All {self._max_size} database connections were busy for {seconds:g} seconds.",
                reason="pool_exhausted",
            )
        return self._unreachable()

    def dismiss(self) -> None:
        """Answer everybody who waits now: the server is away, and somebody else finds out when it is back."""
        while self._waiters:
            waiter = self._waiters.popleft()
            waiter.is_dismissed = True
            waiter.granted.set()

    def _unreachable(self) -> DatabaseUnavailable:
        said = f": {self._last_error}" if self._last_error else ""
        return DatabaseUnavailable(
            f"PostgreSQL cannot be reached{said}. reeld keeps trying; check that it runs.",
            retry_after=BACKOFF_MAX_SECONDS,
        )

    def stats(self) -> PoolStats:
        """Return what the pool is doing."""
        size, idle = len(self._expires), len(self._idle)
        return PoolStats(
            max_size=self._max_size,
            size=size,
            idle=idle,
            in_use=size - idle,
            waiting=len(self._waiters),
            available=self._available,
            wait_seconds=self._wait_seconds,
            checkouts=self._checkouts,
            opened=self._opened,
            discarded=self._discarded,
            errors=self._errors,
            last_error=self._last_error,
        )

    async def _open_connections(self) -> None:
        backoff = BACKOFF_MIN_SECONDS
        while True:
            await self._wanted.wait()
            if not self._waiters or len(self._expires) >= self._max_size:
                # Nobody asks any more: whoever asks next does not wait out what others have run into.
                backoff = BACKOFF_MIN_SECONDS if not self._waiters else backoff
                self._wanted = trio.Event()
                continue
            try:
                connection = await self._connect()
            except (psycopg.Error, OSError, DatabaseUnavailable) as error:
                self._note_outage(error)
                await trio.sleep(backoff * random.uniform(0.5, 1.0))
                backoff = min(backoff * 2, BACKOFF_MAX_SECONDS)
            else:
                backoff = BACKOFF_MIN_SECONDS
                self._admit(connection)

    def _admit(self, connection: TrioConnection) -> None:
        if not self._available:
            log.info("database_reached")
        self._available, self._last_error = True, None
        self._observer.availability_changed(True)
        self._opened += 1
        lifetime = self._max_lifetime * random.uniform(0.9, 1.1)
        self._expires[connection] = trio.current_time() + lifetime
        self._hand_on(connection)

    def _note_outage(self, error: Exception) -> None:
        self._errors += 1
        self._observer.pool_failed(PoolError.CONNECT)
        self._last_error = what_was_said(error)
        if self._available:
            log.warning("database_unreachable", error=self._last_error)
        self._available = False
        self._observer.availability_changed(False)
        if self.on_outage is not None:
            self.on_outage(self._last_error)

    def _hand_on(self, connection: TrioConnection) -> None:
        if self._closed:
            self._drop(connection)
        elif self._waiters:
            waiter = self._waiters.popleft()
            waiter.connection = connection
            waiter.granted.set()
        else:
            self._idle.append(connection)

    def _drop(self, connection: TrioConnection) -> None:
        connection.discard()
        if self._expires.pop(connection, None) is not None:
            self._discarded += 1
        self._wanted.set()

    def _is_fit(self, connection: TrioConnection) -> bool:
        return self._expires.get(connection, 0.0) > trio.current_time()

    def _close(self) -> None:
        self._closed = True
        while self._idle:
            self._drop(self._idle.pop())
        while self._waiters:
            self._waiters.popleft().granted.set()
