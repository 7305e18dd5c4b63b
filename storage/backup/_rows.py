"""What is read from a database beside its dump: how much there is in it, in one snapshot with the dump."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from reeld.storage._translation import unavailable
from reeld.storage.connection import TrioConnection
from reeld.storage.errors import BackupFailed
from reeld.storage.resealing import sealed_rows

CONNECT_SECONDS: Final = 10.0
COUNT_SECONDS: Final = 600.0
APPLICATION: Final = "reeld-backup"

_PATIENT: Final = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0"
_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_TABLES: Final = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND c.relname ~ '^[a-z_][a-z0-9_]{0,62}$'
ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of a database, which stays visible for the length of a block.

    Attributes:
        id: By which `pg_dump` sees the same moment.
        over_tls: Whether the server was reached over TLS.
        schema: The number of the last migration.
        key_ids: The ids of the keys that rows are sealed with.
        tables: The rows of each table.
        database_bytes: The size of the database.
    """

    id: str
    server_major: int
    over_tls: bool
    schema: int
    key_ids: frozenset[str]
    tables: dict[str, int]
    database_bytes: int


@asynccontextmanager
async def connected(conninfo: str) -> AsyncIterator[TrioConnection]:
    """Keep a connection for the length of the block.

    Raises:
        DatabaseUnavailable: The server cannot be reached, or cannot serve now.
    """
    try:
        connection = await TrioConnection.connect(
            conninfo, deadline=CONNECT_SECONDS, application_name=APPLICATION
        )
    except (psycopg.Error, OSError) as error:
        raise unavailable(error) or error from error
    try:
        connection.statement_seconds = COUNT_SECONDS
        await connection.execute(_PATIENT)
        yield connection
    except psycopg.Error as error:
        raise unavailable(error) or error from error
    finally:
        await connection.close()


@asynccontextmanager
async def snapshot(conninfo: str) -> AsyncIterator[Snapshot]:
    """Hold a moment of a database of reeld's for the length of the block, and count what is in it.

    Raises:
        BackupFailed: It is no database of reeld's.
        DatabaseUnavailable: The server cannot be reached.
    """
    async with connected(conninfo) as connection:
        await connection.execute(_SNAPSHOT)
        tables = await count_rows(connection)
        if not tables.get("schema_migration"):
            raise BackupFailed(
                "The database holds nothing of reeld's yet: start reeld once, then there is something to save.",
                reason="nothing_to_save",
            )
        yield Snapshot(
            id=str(await _value(connection, "SELECT pg_export_snapshot()")),
            server_major=connection.info.server_version // 10000,
            over_tls=bool(connection.pgconn.ssl_in_use),
            schema=int(await _value(connection, "SELECT max(number) FROM schema_migration")),
            key_ids=frozenset(each.key_id for each in await sealed_rows(connection)),
            tables=tables,
            database_bytes=int(
                await _value(connection, "SELECT pg_database_size(current_database())")
            ),
        )


async def count_rows(connection: TrioConnection) -> dict[str, int]:
    """Return how many rows each table of a database has."""
    counts: dict[str, int] = {}
    for schema, table in await (await connection.execute(_TABLES)).fetchall():
        statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        counts[table] = counts.get(table, 0) + int(await _value(connection, statement))
    return counts


async def _value(connection: TrioConnection, statement: str | sql.Composed) -> Any:
    row = await (await connection.execute(statement)).fetchone()
    assert row is not None, "the statement answers with a row"
    return row[0]
