"""The one process that may act: it holds the leader row, whose epoch fences every write."""

from __future__ import annotations

import os
import random
import socket
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import psycopg
import structlog
import trio

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage._beside import beside
from reeld.storage._transaction import FENCE_LOCK
from reeld.storage._translation import unavailable
from reeld.storage.errors import LeadershipHeld, LeadershipLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from reeld.storage.connection import TrioConnection
    from reeld.storage.database import Database

log = structlog.get_logger("reeld.storage")

LEASE_SECONDS: Final = 30.0
"""How long a leader that its server cannot tell to be gone (its machine vanished) keeps others out."""

SESSION_SECONDS: Final = 5.0
RELEASE_SECONDS: Final = 5.0
TAKE_OVER_SECONDS: Final = 20.0
"""How long to wait for the last transactions of the former epoch."""

RECONNECT_MIN_SECONDS: Final = 0.2
RECONNECT_MAX_SECONDS: Final = 10.0

# The session lock of a holder that lives is in pg_locks; the server drops it with the session, without any clock.
_READ: Final = """
SELECT epoch, holder, host, pid, acquired_at, extract(epoch FROM lease_until - now())::float8,
    EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND objsubid = 1
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND ((classid::bigint << 32) | objid::bigint) = lock_key)
FROM leader FOR UPDATE
"""

_TAKE: Final = """
UPDATE leader SET epoch = epoch + 1, holder = %(holder)s, host = %(host)s, pid = %(pid)s, lock_key = %(key)s,
    acquired_at = now(), lease_until = now() + make_interval(secs => %(lease)s)
RETURNING epoch
"""

_RENEW: Final = """
UPDATE leader SET lock_key = %(key)s, lease_until = now() + make_interval(secs => %(lease)s)
WHERE epoch = %(epoch)s AND holder = %(holder)s
"""

# The epoch grows here too, so that nothing this process still does slips through.
_RELEASE: Final = """
UPDATE leader SET epoch = epoch + 1, holder = NULL, lock_key = NULL, lease_until = now()
WHERE epoch = %(epoch)s AND holder = %(holder)s
"""


class Leader:
    """Takes the lead over a database, keeps it, and gives it back.

    Args:
        database: The database; one connection outside its pool is kept open. Its transactions are fenced by the epoch
            from `acquire` on.
        sole_owner: No other process can be working on this database, because this one holds the lock of its embedded
            data directory: whoever the row names is gone.
        lease: Seconds of the lease.
    """

    def __init__(
        self, database: Database, *, sole_owner: bool = False, lease: float = LEASE_SECONDS
    ) -> None:
        self._database = database
        self._sole_owner = sole_owner
        self._identity: dict[str, Any] = {
            "holder": uuid4(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "key": random.SystemRandom().getrandbits(63),
            "lease": lease,
        }
        self._renew_seconds = lease / 3
        self._session: TrioConnection | None = None
        self._epoch: int | None = None

    @property
    def epoch(self) -> int | None:
        """The epoch in which this process leads; None while it does not."""
        return self._epoch

    async def is_possible(self) -> bool:
        """Tell whether the schema knows of leaders: it does not in a database that is new.

        Raises:
            DatabaseUnavailable: The server cannot be reached.
        """
        async with self._database.dedicated(deadline=SESSION_SECONDS) as session:
            found = await session.execute("SELECT to_regclass('leader') IS NOT NULL")
            return (await found.fetchone()) == (True,)

    @asynccontextmanager
    async def leading(self) -> AsyncIterator[int]:
        """Lead for the length of the block, which gets the epoch.

        Raises:
            LeadershipLost: Another one took over; the block was cancelled.
            LeadershipHeld, DatabaseUnavailable: See `acquire`.
        """
        epoch = await self.acquire()
        try:
            async with beside(self.keep):
                yield epoch
        finally:
            await self.release()

    async def acquire(self) -> int:
        """Take the lead and return the new epoch.

        At once when the former leader gave it back or is gone; the server knows, because it drops the lock of a session
        that ended. When the server cannot know (the leader's machine vanished), once its lease ends.

        Raises:
            LeadershipHeld: Another daemon leads. Nothing was changed.
            DatabaseUnavailable: The server cannot be reached, or the former leader's last transaction does not end.
        """
        session = await self._open_session()
        try:
            epoch = await self._take(session)
        except psycopg.Error as error:
            await session.close()
            raise unavailable(error) or error from error
        except BaseException:
            await session.close()
            raise
        self._session, self._epoch = session, epoch
        self._database.fence(epoch)
        log.info("leadership_taken", epoch=epoch)
        return epoch

    async def keep(self) -> None:
        """Keep the lead until cancelled. An outage of the server is waited out, and the lead confirmed afterwards.

        Raises:
            LeadershipLost: Another process took over.
        """
        backoff = RECONNECT_MIN_SECONDS
        is_away = False
        while True:
            try:
                await self._stay()
                backoff = RECONNECT_MIN_SECONDS
                if is_away:
                    log.info("leader_session_back", epoch=self._epoch)
                is_away = False
            except (psycopg.Error, OSError, DatabaseUnavailable) as error:
                # An outage is told once, however long it lasts.
                (log.debug if is_away else log.warning)("leader_session_lost", error=str(error))
                is_away = True
                await trio.sleep(backoff * random.uniform(0.5, 1.0))
                backoff = min(backoff * 2, RECONNECT_MAX_SECONDS)

    async def release(self) -> None:
        """Give the lead back, not cancellable, within `RELEASE_SECONDS`. Later transactions are fenced off."""
        epoch, self._epoch = self._epoch, None
        session, self._session = self._session, None
        if session is None or epoch is None:
            return
        with trio.move_on_after(RELEASE_SECONDS, shield=True):
            try:
                await session.execute(_RELEASE, {**self._identity, "epoch": epoch})
                log.info("leadership_released", epoch=epoch)
            except psycopg.Error as error:
                # The session ends below, and that says the same.
                log.info("leadership_not_released", epoch=epoch, error=str(error))
        await session.close()

    async def _open_session(self) -> TrioConnection:
        session = await self._database.open_connection(deadline=SESSION_SECONDS)
        try:
            await session.execute("SELECT pg_advisory_lock(%(key)s)", self._identity)
        except BaseException:
            await session.close()
            raise
        return session

    async def _take(self, session: TrioConnection) -> int:
        session.statement_seconds = TAKE_OVER_SECONDS
        async with session.transaction():
            await session.execute(f"SET LOCAL lock_timeout = '{TAKE_OVER_SECONDS:g}s'")
            row = await (await session.execute(_READ)).fetchone()
            if row is None:
                raise DatabaseUnavailable("The leader row is missing: restore a backup.")
            _, holder, host, pid, since, lease_seconds, alive = row
            if holder is not None and alive and lease_seconds > 0 and not self._sole_owner:
                raise LeadershipHeld(host=host, pid=pid, since=since, lease_seconds=lease_seconds)
            # Waits until every transaction of the former epoch has ended, and lets none begin meanwhile.
            await session.execute("SELECT pg_advisory_xact_lock(%s)", (FENCE_LOCK,))
            taken = await (await session.execute(_TAKE, self._identity)).fetchone()
            assert taken is not None
            epoch: int = taken[0]
        session.statement_seconds = SESSION_SECONDS
        return epoch

    async def _stay(self) -> None:
        """Renew the lease once, after waiting for its time; a session that ends is noticed at once."""
        if self._session is None or self._session.closed:
            self._session = await self._open_session()
        else:
            async with aclosing(self._session.notifies(timeout=self._renew_seconds)) as notes:
                async for _ in notes:
                    pass
        parameters = {**self._identity, "epoch": self._epoch}
        if (await self._session.execute(_RENEW, parameters)).rowcount != 1:
            raise await self._lost()

    async def _lost(self) -> LeadershipLost:
        epoch, self._epoch = self._epoch or 0, None
        if self._session is not None:
            await self._session.close()
        log.error("leadership_lost", epoch=epoch)
        return LeadershipLost(epoch)
