"""The proof that a process lives: a lock that PostgreSQL drops when the process is gone."""

from __future__ import annotations

import hashlib
import os
import socket
from typing import Final
from uuid import UUID

import psycopg
import structlog
import trio

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage._rows import Connection, execute, fetch_one
from reeld.storage.database import Database
from reeld.storage.work._backoff import Backoff

BEAT_SECONDS: Final = 5.0
"""How often the session is asked whether it still holds its lock, and the lease is renewed."""

LEASE_SECONDS: Final = 3 * BEAT_SECONDS

_RECONNECT: Final = Backoff(first=0.2, cap=10.0)

_REGISTER: Final = """
INSERT INTO work_owner (owner, lock_key, locks, host, pid, lease_until)
VALUES (%(owner)s, %(key)s, %(locks)s, %(host)s, %(pid)s, now() + make_interval(secs => %(lease)s))
ON CONFLICT (owner) DO UPDATE SET locks = excluded.locks, lease_until = excluded.lease_until
"""

# Owners that are gone and have no rows left to be taken back.
_FORGET: Final = """
DELETE FROM work_owner o
WHERE o.lease_until < now() - interval '1 hour'
  AND NOT EXISTS (SELECT FROM work w WHERE w.state = 'running' AND w.owner = o.owner)
"""

_HOLDS: Final = """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid = pg_backend_pid()
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND ((classid::bigint << 32) | objid::bigint) = %s)
"""

log = structlog.get_logger("reeld.storage")


class Presence:
    """Shows every other process that this one is alive, so that its claimed work is left alone.

    It holds one session advisory lock of a key made from the process's UUID. PostgreSQL drops the lock with the
    session, so nobody has to compare clocks. Behind a pooler that hands sessions around, where the lock would belong
    to nobody, a lease is renewed instead.

    Args:
        database: The database; one connection outside its pool is kept open.
        owner: The UUID of this process: made at its start, never used again.
    """

    def __init__(self, database: Database, owner: UUID) -> None:
        self.owner = owner
        self._database = database
        self._key = lock_key(owner)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold the lock until cancelled, reconnecting for as long as it takes.

        Reports that it is started as soon as the lock is held for the first time. Claim no work before.
        """
        announced = False
        failures = 0
        while True:
            try:
                async with self._database.dedicated() as conn:
                    await self._register(conn)
                    failures = 0
                    if not announced:
                        announced = True
                        task_status.started()
                    await self._stay(conn)
            except (psycopg.Error, DatabaseUnavailable) as error:
                failures += 1
                log.warning("presence_lost", owner=str(self.owner), error=type(error).__name__)
            await trio.sleep(_RECONNECT.seconds(failures))

    async def _stay(self, conn: Connection) -> None:
        """Take lock and lease again and again; only an error or a cancellation ends it."""
        while True:
            await trio.sleep(BEAT_SECONDS)
            await self._register(conn)

    async def _register(self, conn: Connection) -> None:
        params = {
            "owner": self.owner,
            "key": self._key,
            "locks": await self._holds_lock(conn),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "lease": LEASE_SECONDS,
        }
        await execute(conn, _REGISTER, params)
        await execute(conn, _FORGET)

    async def _holds_lock(self, conn: Connection) -> bool:
        """Take the lock unless this very session has it; tell whether later statements still see it."""
        for take in (False, True):
            if take:
                await fetch_one(conn, "SELECT pg_try_advisory_lock(%s)", (self._key,))
            row = await fetch_one(conn, _HOLDS, (self._key,))
            if row is not None and row[0]:
                return True
        return False


def lock_key(owner: UUID) -> int:
    """Return the advisory lock's key of a process: 64 bits with a sign, as PostgreSQL wants it."""
    digest = hashlib.blake2b(b"reeld work owner" + owner.bytes, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
