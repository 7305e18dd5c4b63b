"""What everybody else uses: statements with a deadline, and fenced transactions."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

import psycopg
import trio

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage._shared import Shared
from reeld.storage._tracing import note_place, statement_span, transaction_span
from reeld.storage._transaction import Fence
from reeld.storage._translation import sqlstate_class, unavailable, unstorable
from reeld.storage.connection import TrioConnection
from reeld.storage.listener import Listener
from reeld.storage.observer import NullObserver, TransactionOutcome
from reeld.storage.pool import Pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from psycopg.abc import Params
    from psycopg.pq.abc import PGresult

    from reeld.storage._statement import Statement
    from reeld.storage.gate import Gate
    from reeld.storage.observer import Observer
    from reeld.storage.pool import PoolStats

T = TypeVar("T")
RowT = TypeVar("RowT")

CONNECT_SECONDS: Final = 5.0

RESET: Final = b"CLOSE ALL; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP"
"""What undoes everything a borrower may have left in a session, without its prepared statements."""


class Database:
    """The database, through a pool of connections.

    Every call has a deadline in seconds that covers the wait for a connection and the answer. Every call raises
    `DatabaseUnavailable` when the server cannot be reached, is starting or stopping, is out of room, or does not
    answer in time; other errors of PostgreSQL (a constraint, a syntax error) come as psycopg's own. A call that is
    cancelled, or whose deadline passes, is cancelled on the server as well: whether a statement that changes something
    took effect is then unknown, as always when an answer is lost.

    Statements change no session state (SET, LISTEN, session locks): use `SET LOCAL`, `connection()`, `dedicated()`.

    Use `Database.open`.
    """

    def __init__(
        self,
        pool: Pool,
        conninfo: str,
        *,
        observer: Observer,
        repository: str = "other",
        early: bool = False,
    ) -> None:
        self._pool = pool
        self._conninfo = conninfo
        self._observer = observer
        self._repository = repository
        self._early = early
        self._shared = Shared()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, conninfo: str, *, size: int = 8, observer: Observer | None = None
    ) -> AsyncIterator[Database]:
        """Keep a pool of connections for the length of the block. The server need not be up yet.

        Args:
            conninfo: A connection string or URL as libpq takes it.
            size: The most connections at once, those of `dedicated` and `listen` not counted.
            observer: Is told about durations, errors and availability.

        Raises:
            psycopg.ProgrammingError: The connection string is malformed.
        """
        psycopg.conninfo.conninfo_to_dict(conninfo)
        observer = observer or NullObserver()

        async def connect() -> TrioConnection:
            return await TrioConnection.connect(conninfo, deadline=CONNECT_SECONDS)

        async with Pool.open(connect, size=size, observer=observer) as pool:
            yield cls(pool, conninfo, observer=observer)

    @property
    def conninfo(self) -> str:
        """How it is reached, for programs that open sessions of their own. May hold a password."""
        return self._conninfo

    def labelled(self, repository: str, *, early: bool = False) -> Database:
        """Return the same database whose calls are measured under the name of a repository.

        Args:
            repository: The name.
            early: Its calls are not held back: what must be read before anybody else is let in.
        """
        twin = Database(
            self._pool,
            self._conninfo,
            observer=self._observer,
            repository=repository,
            early=early,
        )
        twin._shared = self._shared
        return twin

    @overload
    async def fetch_all(
        self, sql: str, params: Params = (), *, deadline: float = 5.0
    ) -> list[tuple[Any, ...]]: ...
    @overload
    async def fetch_all(
        self, sql: str, params: Params = (), *, row: type[RowT], deadline: float = 5.0
    ) -> list[RowT]: ...
    async def fetch_all(
        self,
        sql: str,
        params: Params = (),
        *,
        row: type[RowT] | None = None,
        deadline: float = 5.0,
    ) -> list[Any]:
        """Run one statement and return all its rows.

        Args:
            sql: The statement, with `%s` or `%(name)s` for parameters.
            params: Their values.
            row: A dataclass whose fields are named as the columns; tuples when left out.
            deadline: Seconds.
        """
        return await self._run(
            sql, params, deadline, lambda statement, result: statement.rows(result, row)
        )

    @overload
    async def fetch_one(
        self, sql: str, params: Params = (), *, deadline: float = 5.0
    ) -> tuple[Any, ...] | None: ...
    @overload
    async def fetch_one(
        self, sql: str, params: Params = (), *, row: type[RowT], deadline: float = 5.0
    ) -> RowT | None: ...
    async def fetch_one(
        self,
        sql: str,
        params: Params = (),
        *,
        row: type[RowT] | None = None,
        deadline: float = 5.0,
    ) -> Any:
        """Run one statement and return its first row, or None. For the arguments see `fetch_all`."""
        rows: list[Any] = await self._run(
            sql, params, deadline, lambda statement, result: statement.rows(result, row, 1)
        )
        return rows[0] if rows else None

    async def execute(self, sql: str, params: Params = (), *, deadline: float = 5.0) -> int:
        """Run one statement on its own, unfenced, and return how many rows it touched."""
        return await self._run(sql, params, deadline, lambda _, result: result.command_tuples or 0)

    @asynccontextmanager
    async def transaction(self, *, deadline: float = 10.0) -> AsyncIterator[TrioConnection]:
        """Open a transaction; it commits when the block ends, and rolls back when an error or a cancellation leaves it.

        Once `fence` was called, it only begins while this process leads. Inside, `connection.transaction()` makes
        savepoints. Never wait for anything but the database inside.

        Args:
            deadline: Seconds for the whole block.

        Raises:
            LeadershipLost: Another process leads now.
            DatabaseUnavailable: See the class. When it comes from the end of the block, the outcome may be unknown.
        """
        self._require_open()
        started = trio.current_time()
        outcome = TransactionOutcome.ROLLED_BACK
        try:
            with transaction_span(self._repository) as span:
                with trio.move_on_after(deadline), self._errors():
                    connection = self._pool.take_idle() or await self._pool.wait_for_one()
                    note_place(span, connection)
                    try:
                        connection.stages_left.clear()
                        async with connection.transaction(fence=self._shared.fence):
                            yield connection
                        outcome = TransactionOutcome.COMMITTED
                        for left in connection.stages_left:
                            self._observer.stage_left(left)
                    finally:
                        self._pool.give_back(connection)
                    return
                raise self._too_late(deadline)
        except (psycopg.Error, OSError, DatabaseUnavailable):
            outcome = TransactionOutcome.FAILED
            raise
        finally:
            self._observer.transaction_ended(outcome)
            self._observer.statement_ended(self._repository, trio.current_time() - started)

    @asynccontextmanager
    async def ahead(self, *, deadline: float = 60.0) -> AsyncIterator[TrioConnection]:
        """Open a fenced transaction although calls are held back: for whoever prepares the database for all others.

        Args:
            deadline: Seconds to connect, and then for each statement. The block has no deadline.

        Raises:
            LeadershipLost: Another process leads now.
        """
        async with (
            self.dedicated(deadline=deadline) as connection,
            connection.transaction(fence=self._shared.fence),
        ):
            yield connection

    @asynccontextmanager
    async def connection(self, *, deadline: float = 5.0) -> AsyncIterator[TrioConnection]:
        """Lend a connection in autocommit mode for a few statements, COPY or a pipeline. Writes go to `transaction`.

        What the block leaves behind in the session is undone.

        Args:
            deadline: Seconds to wait for the connection, and then for each statement. The block has no deadline.
        """
        self._require_open()
        with self._errors():
            async with self._pool.lend(deadline=deadline) as connection:
                connection.statement_seconds = deadline
                try:
                    yield connection
                    connection.statement_seconds = deadline
                    await connection.execute(RESET)
                except BaseException:
                    # Nobody knows what it has left behind.
                    connection.discard()
                    raise

    @asynccontextmanager
    async def dedicated(self, *, deadline: float = 5.0) -> AsyncIterator[TrioConnection]:
        """Open a connection outside the pool, for a session that lives long: locks, LISTEN. It is closed at the end.

        Args:
            deadline: Seconds to connect, and then for each statement.
        """
        connection = await self.open_connection(deadline=deadline)
        try:
            with self._errors():
                yield connection
        finally:
            await connection.close()

    async def open_connection(self, *, deadline: float = 5.0) -> TrioConnection:
        """Open a connection outside the pool; the caller closes it. For the argument see `dedicated`."""
        with self._errors():
            connection = await TrioConnection.connect(self._conninfo, deadline=deadline)
        connection.statement_seconds = deadline
        return connection

    @asynccontextmanager
    async def listen(self, *channels: str) -> AsyncIterator[Listener]:
        """Listen to channels for the length of the block, on a connection outside the pool.

        It reconnects by itself, for ever; see `Listener`.
        """
        listener = Listener(self.open_connection, channels)
        try:
            yield listener
        finally:
            await listener.close()

    def fence(self, epoch: int | None) -> None:
        """Let transactions begin only while this process leads in `epoch`; None takes the fence away."""
        self._shared.fence = None if epoch is None else Fence(epoch)

    def hold_back(self, sentence: str | None) -> None:
        """Have every call answered with `DatabaseUnavailable` and this sentence; None lets them through again.

        For the time in which the server answers already, and the schema is not in place yet. `dedicated` connections
        are not held back.
        """
        self._shared.held_back = sentence

    def rehearse_outage(self, seconds: float) -> None:
        """Answer every call for so many seconds as if the server were away; 0 ends it. `dedicated` connections work.

        The gate hears of both ends at once, as it would if connections failed and then were served again.
        """
        self._shared.rehearse(seconds)

    @property
    def rehearsing(self) -> float:
        """How many seconds of a rehearsed outage are left; 0 when there is none."""
        return self._shared.rehearsing()

    def guard(self, gate: Gate) -> None:
        """Ask `gate` before every call from now on, and tell it of those that fail.

        `dedicated` connections do not ask: their owners wait outages out by themselves.
        """
        self._shared.gate = gate
        self._pool.on_outage = gate.connecting_failed

    def dismiss_waiting(self) -> None:
        """Answer everybody who waits for a connection with `DatabaseUnavailable`, instead of at their deadlines."""
        self._pool.dismiss()

    async def probe(self, sql: str = "SELECT 1", *, deadline: float) -> tuple[Any, ...] | None:
        """Ask the server something although the gate may be shut, and return the first row.

        It takes an idle connection, or one of its own when there is none: so it never waits behind others.

        Args:
            sql: The question.
            deadline: Seconds for all of it.

        Raises:
            DatabaseUnavailable: It did not answer, or calls are held back.
        """
        self._shared.require_in_place()
        until = trio.current_time() + deadline
        with self._errors():
            connection = self._pool.take_idle(until)
            if connection is None:
                with trio.move_on_at(until):
                    async with self.dedicated(deadline=deadline) as session:
                        return await (await session.execute(sql)).fetchone()
                raise self._too_late(deadline)
            try:
                statement = connection.statements.find(connection, sql)
                rows: list[Any] = statement.rows(await statement.run(connection, ()), None, 1)
                return rows[0] if rows else None
            finally:
                self._pool.give_back(connection)

    def stats(self) -> PoolStats:
        """Return what the pool is doing."""
        return self._pool.stats()

    def _require_open(self) -> None:
        if not self._early:
            self._shared.require_open()

    def _too_late(self, deadline: float) -> DatabaseUnavailable:
        self._observer.failed("client")
        if not self._pool.stats().available:
            return self._pool.timed_out(deadline)
        late = DatabaseUnavailable(
            f"PostgreSQL did not serve a call within {deadline:g} seconds.",
            reason="deadline_exceeded",
        )
        self._shared.tell(late)
        return late

    async def _run(
        self,
        sql: str,
        params: Params,
        deadline: float,
        read: Callable[[Statement, PGresult], T],
    ) -> T:
        self._require_open()
        started = trio.current_time()
        pool = self._pool
        try:
            until = started + deadline
            connection = pool.take_idle(until) or await pool.checkout_until(until)
            try:
                statement = connection.statements.find(connection, sql)
                # Read before the connection goes back: the next borrower may run the same statement.
                with statement_span(connection, sql):
                    result = await statement.run(connection, params)
                return read(statement, result)
            finally:
                pool.give_back(connection)
        except (psycopg.Error, OSError, DatabaseUnavailable) as error:
            self._failed(error)
            raise
        finally:
            self._observer.statement_ended(self._repository, trio.current_time() - started)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, OSError) as error:
            self._failed(error)
            raise

    def _failed(self, error: Exception) -> None:
        """Count an error, and raise what it means when that is something else."""
        self._observer.failed(sqlstate_class(error))
        meant = unavailable(error)
        if meant is not None:
            self._shared.tell(meant)
        if meant is not None and meant is not error:
            raise meant from error
        if (refused := unstorable(error)) is not None:
            raise refused from error
