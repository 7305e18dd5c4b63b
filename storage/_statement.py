"""Statements that run again and again on one connection.

psycopg's cursor converts, adapts and looks up its prepared statement anew for every call: half of what a short query
costs the client. `Database` always runs one statement in autocommit mode on a connection of its own, so it can keep that
work. Adaptation, loading and the protocol stay psycopg's.
"""

from __future__ import annotations

import itertools
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import trio
from psycopg import errors
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer
from psycopg.pq import DiagnosticField, ExecStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from psycopg import abc
    from psycopg.abc import Params
    from psycopg.pq.abc import PGresult

    from reeld.storage.connection import TrioConnection

RowT = TypeVar("RowT")

PREPARE_AFTER: Final = 3
"""Runs before a statement is prepared: one that is run once or twice is not worth the extra round trip."""

MAX_STATEMENTS: Final = 500
"""Statements kept for a connection. reeld's own are fewer; one made up on the fly is then just run."""

# Plain numbers: looking up and hashing members of an enumeration costs more than the comparison.
TUPLES_OK: Final = int(ExecStatus.TUPLES_OK)
FATAL_ERROR: Final = int(ExecStatus.FATAL_ERROR)
FINE: Final = (TUPLES_OK, int(ExecStatus.COMMAND_OK), int(ExecStatus.EMPTY_QUERY))

FORGOTTEN: Final = frozenset({"0A000", "26000"})
"""SQLSTATEs of a prepared statement that is out of date: its tables have changed, or the server has dropped it."""


class StatementCache:
    """The statements of one connection."""

    __slots__ = ("_names", "_statements")

    def __init__(self) -> None:
        self._statements: dict[str, Statement] = {}
        self._names = itertools.count(1)

    def find(self, connection: TrioConnection, sql: str) -> Statement:
        """Return the statement of a text on the connection that the cache belongs to."""
        statement = self._statements.get(sql)
        if statement is None:
            statement = Statement(connection, sql, self._names)
            if len(self._statements) < MAX_STATEMENTS:
                self._statements[sql] = statement
        return statement


class Statement:
    """One text on one connection. Runs one at a time, as everything on a connection."""

    __slots__ = ("_converted", "_counter", "_names", "_query", "_runs", "_sql", "_tx")

    def __init__(self, connection: TrioConnection, sql: str, counter: Iterator[int]) -> None:
        self._sql = sql
        self._counter = counter
        self._tx: abc.Transformer = Transformer.from_context(connection)
        self._query = PostgresQuery(self._tx)
        self._converted = False
        self._names: dict[tuple[int, ...], bytes] = {}
        self._runs = 0

    async def run(self, connection: TrioConnection, params: Params) -> PGresult:
        """Run the statement and return the first result.

        Raises:
            psycopg.Error: What the server said.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        query = self._query
        if self._converted:
            query.dump(params)
        else:
            query.convert(self._sql, params)
            self._converted = True
        name = self._names.get(query.types)
        if name is None and self._runs >= PREPARE_AFTER:
            name = await self._prepare(connection)
        results = await self._exchange(connection, name)
        if name is not None and _is_forgotten(results[0]):
            # The server ran nothing. (psycopg itself drops every prepared statement after a rollback.)
            self._names.clear()
            results = await self._exchange(connection, None)
        self._check(connection, results)
        # Several statements in one text cannot be prepared.
        self._runs += len(results) == 1
        return results[0]

    async def _exchange(self, connection: TrioConnection, name: bytes | None) -> list[PGresult]:
        query, pgconn = self._query, connection.pgconn
        if name is not None:
            pgconn.send_query_prepared(name, query.params, query.formats)
        elif query.params:
            pgconn.send_query_params(query.query, query.params, query.types, query.formats)
        else:
            # The simple protocol takes several statements in one text.
            pgconn.send_query(query.query)
        return await connection.exchange()

    def rows(self, result: PGresult, row: type[RowT] | None, limit: int | None = None) -> list[Any]:
        """Load the rows of a result: as instances of `row`, or as tuples."""
        if result.status != TUPLES_OK:
            raise errors.ProgrammingError("the statement returned no rows")
        self._tx.set_pgresult(result)
        make = tuple if row is None else _maker(row, _names(result))
        count = result.ntuples if limit is None else min(limit, result.ntuples)
        return self._tx.load_rows(0, count, make)

    async def _prepare(self, connection: TrioConnection) -> bytes:
        name, query = b"reeld_%d" % next(self._counter), self._query
        connection.pgconn.send_prepare(name, query.query, query.types)
        self._check(connection, await connection.exchange())
        self._names[query.types] = name
        return name

    def _check(self, connection: TrioConnection, results: Sequence[PGresult]) -> None:
        for result in results:
            status = result.status
            if status in FINE:
                continue
            if status != FATAL_ERROR:
                raise errors.ProgrammingError("COPY cannot be used here: use connection()")
            raise errors.error_from_result(result, encoding=connection.pgconn._encoding)


def _is_forgotten(result: PGresult) -> bool:
    return (
        result.status == FATAL_ERROR
        and (result.error_field(DiagnosticField.SQLSTATE) or b"").decode() in FORGOTTEN
    )


def _names(result: PGresult) -> list[str]:
    return [(result.fname(column) or b"").decode() for column in range(result.nfields)]


def _maker(row: type[RowT], names: Sequence[str]) -> Callable[[Sequence[Any]], RowT]:
    if is_dataclass(row) and [field.name for field in fields(row) if field.init] == names:
        return lambda values: row(*values)
    return lambda values: row(**dict(zip(names, values, strict=True)))
