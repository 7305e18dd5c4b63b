"""psycopg's asynchronous connection, on trio."""

from __future__ import annotations

import math
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import psycopg
import trio
from psycopg import errors, generators
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus, TransactionStatus
from psycopg.rows import tuple_row
from psycopg.types.json import set_json_loads

from reeld.storage._connecting import connection_parameters, first_that_answers
from reeld.storage._locking import StatementLock
from reeld.storage._statement import StatementCache
from reeld.storage._tracing import statement_span
from reeld.storage._transaction import TrioServerCursor, TrioTransaction
from reeld.storage._waiting import wait_for, wait_for_connection
from reeld.storage.errors import StatementTimedOut
from reeld.storage.observer import StageLeft

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping
    from typing import Self

    from psycopg.abc import AdaptContext, ConnParam, Params, PQGen, QueryNoTemplate
    from psycopg.pq.abc import PGresult
    from psycopg.rows import AsyncRowFactory

    from reeld.storage._statement import StatementCache
from reeld.storage._transaction import Fence

T = TypeVar("T")

COPYING: Final = (int(ExecStatus.COPY_IN), int(ExecStatus.COPY_OUT), int(ExecStatus.COPY_BOTH))

CANCEL_SECONDS: Final = 2.0
"""How long a cancelled statement may take to end on the server before its connection is given up."""

FINISH_SECONDS: Final = 5.0
"""How long COMMIT and ROLLBACK may take once they are under way: cancelling those would leave the outcome unknown."""


# Several times as fast as the standard library, which a page of rows with documents in them shows.
set_json_loads(msgspec.json.decode)


class TrioConnection(psycopg.AsyncConnection[Any]):
    """A connection to PostgreSQL whose methods are trio coroutines.

    It is psycopg's `AsyncConnection`, with all it offers: cursors, transactions and savepoints, `executemany`, COPY,
    `notifies()` and pipeline mode. Tasks may share it: statements take turns.

    Cancellation: a cancelled statement is cancelled on the server too. When that does not succeed within
    `CANCEL_SECONDS`, or leaves the connection in the middle of something, the connection is closed, so that an open
    connection is always usable. A COMMIT or ROLLBACK under way is finished, not cancelled, within `FINISH_SECONDS`.

    Attributes:
        statement_seconds: The deadline of each statement in seconds; None leaves it to the caller's cancel scope.
        overdue_at: When the pool that lent the connection interrupts what it does; on trio's clock.
        statements: Statements that were run through `Database`, kept for the next time.
        stages_left: What is told once the transaction under way has committed.
        place: What spans say of where it leads; None before somebody asked.
    """

    statement_seconds: float | None = None
    overdue_at: float = math.inf
    place: Mapping[str, str | int] | None = None
    _overdue: bool = False

    def __init__(
        self, pgconn: psycopg.pq.abc.PGconn, row_factory: AsyncRowFactory[Any] = tuple_row
    ) -> None:
        super().__init__(pgconn, row_factory)
        # psycopg made an asyncio lock, which would look for an asyncio loop as soon as two tasks meet at it.
        self.lock = StatementLock()  # type: ignore[assignment]
        self.server_cursor_factory = TrioServerCursor
        self.statements = StatementCache()
        self.stages_left: list[StageLeft] = []

    @classmethod
    async def connect(  # type: ignore[override]
        cls,
        conninfo: str = "",
        *,
        autocommit: bool = True,
        prepare_threshold: int | None = 5,
        context: AdaptContext | None = None,
        row_factory: AsyncRowFactory[Any] | None = None,
        deadline: float = 5.0,
        **kwargs: ConnParam,
    ) -> Self:
        """Connect to a server.

        Args:
            conninfo: A connection string or URL as libpq takes it.
            autocommit: Whether each statement outside `transaction()` is a transaction of its own.
            prepare_threshold: After how many executions a statement is prepared on the server; None for never.
            context: Where to take the adapters from.
            row_factory: How rows are made; tuples by default.
            deadline: Seconds for all of it: resolving the name, and every address tried.
            **kwargs: Parameters that override those of `conninfo`.

        Raises:
            psycopg.OperationalError: No address let us in, or none did in time (`psycopg.errors.ConnectionTimeout`).
            psycopg.ProgrammingError: The connection string is malformed.
        """
        params = connection_parameters(conninfo, **kwargs)
        with trio.move_on_after(deadline):
            connection = await first_that_answers(cls._connect_gen, params)
            connection._autocommit = autocommit
            connection.prepare_threshold = prepare_threshold
            if row_factory is not None:
                connection.row_factory = row_factory
            if context is not None:
                connection._adapters = psycopg.adapt.AdaptersMap(context.adapters)
            return connection
        raise errors.ConnectionTimeout(f"no connection to PostgreSQL within {deadline:g} seconds")

    async def wait(
        self,
        gen: PQGen[T],
        interval: float | None = None,  # noqa: ARG002  psycopg's signature
        timeout: float | None = None,
    ) -> T:
        """Drive one of psycopg's generators on this connection: every statement passes here.

        Raises:
            psycopg.errors._WaitTimeout: `timeout` seconds passed; the generator is left as it is.
            StatementTimedOut: `statement_seconds` passed; the statement was cancelled on the server.
        """
        limit = self.statement_seconds if timeout is None else timeout
        try:
            await trio.lowlevel.checkpoint_if_cancelled()
            return await wait_for(gen, self.pgconn.socket, timeout=limit)
        except errors._WaitTimeout:
            if timeout is not None:
                raise
            raise await self._timed_out(gen) from None
        except errors.OperationalError:
            if not self._overdue:
                raise
            raise await self._timed_out(gen) from None
        except (trio.Cancelled, KeyboardInterrupt, SystemExit):
            await self._abandon(gen)
            raise

    async def execute(  # type: ignore[override]  # reeld has no template strings
        self,
        query: QueryNoTemplate,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool = False,
    ) -> psycopg.AsyncCursor[Any]:
        """Run a statement, told as a span, and return a cursor to read its results."""
        with statement_span(self, query):
            return await super().execute(query, params, prepare=prepare, binary=binary)

    async def exchange(self) -> list[PGresult]:
        """Wait for the results of what was sent to the server, outside the lock: only for an exclusive owner.

        This is `wait` for the commonest case, a short answer to a short question, without the generator.

        Raises:
            StatementTimedOut: The statement was interrupted; it was cancelled on the server.
            psycopg.OperationalError: The connection is gone.
        """
        pgconn = self.pgconn
        if self.statement_seconds is not None or pgconn.flush():
            return await self.wait(generators.execute(pgconn))
        try:
            await trio.lowlevel.wait_readable(pgconn.socket)
        except (trio.Cancelled, KeyboardInterrupt, SystemExit):
            await self._abandon(generators.execute(pgconn))
            raise
        except (OSError, trio.ClosedResourceError) as error:
            if self._overdue:
                raise await self._timed_out(generators.execute(pgconn)) from None
            raise errors.OperationalError("the connection's socket was closed") from error
        pgconn.consume_input()
        results = []
        while not pgconn.is_busy() and (result := pgconn.get_result()) is not None:
            results.append(result)
            if result.status in COPYING:
                # libpq would say the same again and again.
                return results
        if pgconn.is_busy():
            results += await self.wait(generators.fetch_many(pgconn))
        return results

    def interrupt(self) -> None:
        """Let the statement under way end with `StatementTimedOut`, from another task.

        Between two waits nobody hears it: repeat it until the statement has ended.
        """
        self._overdue = True
        if self.pgconn.status != ConnStatus.BAD:
            trio.lowlevel.notify_closing(self.pgconn.socket)

    def lend_until(self, deadline: float) -> None:
        """Begin a new loan: the pool interrupts statements after `deadline`, on trio's clock."""
        self.overdue_at = deadline
        self._overdue = False

    async def _timed_out(self, gen: PQGen[Any]) -> StatementTimedOut:
        self.lend_until(math.inf)
        await self._abandon(gen)
        return StatementTimedOut("no answer from PostgreSQL before the deadline")

    async def finish(self, gen: PQGen[T]) -> T:
        """Drive a generator that must not be cancelled: COMMIT or ROLLBACK.

        Raises:
            StatementTimedOut: It took longer than `FINISH_SECONDS`. Its outcome is unknown; the connection is closed.
        """
        with trio.move_on_after(FINISH_SECONDS, shield=True):
            async with self.lock:
                return await wait_for(gen, self.pgconn.socket)
        self.discard()
        raise StatementTimedOut(
            f"PostgreSQL did not end a transaction within {FINISH_SECONDS:g} seconds: its outcome is unknown"
        )

    async def _abandon(self, gen: PQGen[Any]) -> None:
        """End a statement that nobody waits for any more; close the connection if it will not end cleanly."""
        try:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                with trio.move_on_after(CANCEL_SECONDS, shield=True), suppress(errors.Error):
                    await wait_for_connection(self._cancel_gen())
                    await wait_for(gen, self.pgconn.socket)
        finally:
            if not self._at_rest():
                self.discard()

    def _at_rest(self) -> bool:
        # COPY counts as active. In a pipeline nobody knows which results are still to come.
        active = self.pgconn.transaction_status == TransactionStatus.ACTIVE
        return not active and self.pgconn.pipeline_status == PipelineStatus.OFF

    def discard(self) -> None:
        """Close the connection at once, whatever state it is in. Tasks that wait on it get `OperationalError`."""
        if self.pgconn.status != ConnStatus.BAD:
            with suppress(errors.OperationalError):
                trio.lowlevel.notify_closing(self.pgconn.socket)
        self.pgconn.finish()

    async def close(self) -> None:
        """Close the connection. Nothing is waited for, so it works in a cancelled scope."""
        self._closed = True
        self.discard()

    async def commit(self) -> None:
        """Commit what was begun without `transaction()`; not cancellable, see the class."""
        await trio.lowlevel.checkpoint_if_cancelled()
        await self.finish(self._commit_gen())

    async def rollback(self) -> None:
        """Roll back what was begun without `transaction()`; not cancellable, see the class."""
        await self.finish(self._rollback_gen())

    async def cancel_safe(self, *, timeout: float = CANCEL_SECONDS) -> None:
        """Ask the server to cancel the statement under way; not cancellable itself.

        Raises:
            psycopg.errors.CancellationTimeout: The server did not take it within `timeout` (at most `CANCEL_SECONDS`).
        """
        if not self._should_cancel():
            return
        with trio.move_on_after(min(timeout, CANCEL_SECONDS), shield=True):
            await wait_for_connection(self._cancel_gen())
            return
        raise errors.CancellationTimeout("PostgreSQL did not take the cancellation in time")

    @asynccontextmanager
    async def transaction(
        self,
        savepoint_name: str | None = None,
        force_rollback: bool = False,
        *,
        fence: Fence | None = None,
    ) -> AsyncIterator[TrioTransaction]:
        """Open a transaction, or inside one a savepoint.

        Args:
            savepoint_name: The name of the savepoint; made up when left out.
            force_rollback: Roll back at the end even without an error.
            fence: Refuse to begin unless this process leads. Only for the outermost transaction, outside a pipeline.

        Raises:
            LeadershipLost: The fence is closed.
        """
        block = TrioTransaction(self, savepoint_name, force_rollback, fence)
        if self._pipeline is not None:
            async with self.pipeline(), block, self.pipeline():
                yield block
        else:
            async with block:
                yield block

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[psycopg.AsyncPipeline]:
        """Send statements without waiting for each answer. A cancellation inside closes the connection."""
        try:
            async with super().pipeline() as pipeline:
                yield pipeline
        finally:
            if self._pipeline is None and not self.closed and not self._at_rest():
                self.discard()

    async def notifies(
        self, *, timeout: float | None = None, stop_after: int | None = None
    ) -> AsyncGenerator[psycopg.Notify]:
        """Yield notifications as they come; `statement_seconds` does not count here."""
        seconds, self.statement_seconds = self.statement_seconds, None
        try:
            async with aclosing(super().notifies(timeout=timeout, stop_after=stop_after)) as notes:
                async for note in notes:
                    yield note
        finally:
            self.statement_seconds = seconds
