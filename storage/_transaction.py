"""Transactions and server-side cursors that survive a cancelled scope, and the fence in front of every write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psycopg
import trio
from psycopg import errors, generators
from psycopg.pq import ConnStatus, ExecStatus

from reeld.storage.errors import LeadershipLost

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from psycopg.abc import PQGen

    from reeld.storage.connection import TrioConnection

FENCE_LOCK: Final = 0x7265656C_64000001
"""The advisory lock between writers (shared) and a process that takes over the lead (exclusive)."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Lets a transaction begin only while this process leads.

    BEGIN, the shared lock and the look at the epoch travel in one round trip. They have to be three statements: each
    takes a snapshot of its own, and the epoch must be read after the lock was granted. A process that takes over holds
    the lock exclusively while it raises the epoch: so every transaction of the old epoch has ended by then, and none
    begins after.

    Attributes:
        epoch: The epoch in which this process leads.
    """

    epoch: int

    def begin(self) -> bytes:
        """Return the statements that open a fenced transaction."""
        return (
            b"BEGIN; SELECT pg_advisory_xact_lock_shared(%d); SELECT epoch FROM leader" % FENCE_LOCK
        )

    def check(self, answer: bytes | None) -> None:
        """Compare the epoch that the server answered.

        Raises:
            LeadershipLost: It is another one.
        """
        if answer is None or int(answer) != self.epoch:
            raise LeadershipLost(self.epoch)


class TrioServerCursor(psycopg.AsyncServerCursor[Any]):
    """A server-side cursor that counts as closed even when its scope was cancelled; the transaction's end closes it."""

    async def close(self) -> None:
        """Close the cursor on the server, unless the scope is cancelled."""
        try:
            await super().close()
        finally:
            self._close()


class TrioTransaction(psycopg.AsyncTransaction):
    """A transaction block whose end is never cancelled half-way.

    trio delivers a cancellation again at every checkpoint, so psycopg's own clean-up could never roll back. Here COMMIT
    and ROLLBACK are shielded for a bounded time. A block whose scope is cancelled already is rolled back, not committed.
    """

    _conn: TrioConnection

    def __init__(
        self,
        connection: TrioConnection,
        savepoint_name: str | None = None,
        force_rollback: bool = False,
        fence: Fence | None = None,
    ) -> None:
        super().__init__(connection, savepoint_name, force_rollback)
        self._fence = fence

    async def __aenter__(self) -> Self:
        await trio.lowlevel.checkpoint_if_cancelled()
        self._check_enter()
        try:
            async with self._conn.lock:
                await self._conn.wait(self._enter_gen())
        except BaseException as error:
            await self._undo_enter(error)
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> bool:
        if self.pgconn.status != ConnStatus.OK:
            self.status = self.Status.FAILED
            return False
        if exc_val is None:
            try:
                await trio.lowlevel.checkpoint_if_cancelled()
            except BaseException as cancelled:
                await self._conn.finish(self._exit_gen(type(cancelled), cancelled, None))
                raise
        return await self._conn.finish(self._exit_gen(exc_type, exc_val, exc_tb))

    async def _undo_enter(self, error: BaseException) -> None:
        # Nobody calls __aexit__ after a failed __aenter__.
        if self._stack_index < 0:
            return
        if self.pgconn.status == ConnStatus.OK:
            await self._conn.finish(self._exit_gen(type(error), error, None))
        else:
            self.status = self.Status.FAILED

    def _enter_gen(self) -> PQGen[None]:
        if self._fence is None:
            yield from super()._enter_gen()
            return
        self.status = self.Status.ACTIVE
        self._push_savepoint()
        self.pgconn.send_query(self._fence.begin())
        results: list[Any] = yield from generators.execute(self.pgconn)
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise errors.error_from_result(result, encoding=self.pgconn._encoding)
        self._fence.check(results[-1].get_value(0, 0) if results[-1].ntuples else None)
