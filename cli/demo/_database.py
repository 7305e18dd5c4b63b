"""The demo in a database that a person names: only in one that is empty, or that an earlier demo made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from psycopg import sql

from reeld.domain.errors import DatabaseUnavailable, Refused
from reeld.storage import Database, TrioConnection
from reeld.storage.leader import Leader

MARK: Final = "reeld_demo"
"""The table that marks a database which a demo may use."""

_TABLES: Final = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_MAKE_MARK: Final = """
CREATE TABLE IF NOT EXISTS reeld_demo (made_at timestamptz NOT NULL DEFAULT now());
INSERT INTO reeld_demo DEFAULT VALUES
"""


async def make_fresh(conninfo: str) -> None:
    """Mark an empty database as the demo's; what an earlier demo left there moves into a schema of its own.

    Raises:
        Refused: The database holds something that no demo made.
        LeadershipHeld: A daemon works on it.
        DatabaseUnavailable: It cannot be used.
    """
    try:
        # A pool waits for a server that is down; a person who waits for the demo does not.
        connection = await TrioConnection.connect(conninfo, application_name="reeld-demo")
        try:
            await _make_fresh(connection, conninfo)
        finally:
            await connection.close()
    except psycopg.Error as error:
        # libpq's own words may repeat parts of the address.
        raise DatabaseUnavailable(
            f"The database of REELD_DATABASE_URL cannot be used for the demo ({type(error).__name__}): `reeld doctor`"
            " says more. Without that variable the demo brings a database of its own."
        ) from error


async def _make_fresh(connection: TrioConnection, conninfo: str) -> None:
    tables = {row[0] for row in await _all(connection, _TABLES)}
    if MARK not in tables and tables and await _was_used(connection, tables):
        raise Refused(
            "The database of REELD_DATABASE_URL is not empty, and no demo made it. Name an empty one, or none: then"
            " the demo brings a database of its own.",
            reason="not_a_demo_database",
        )
    if MARK in tables and (earlier := tables - {MARK}):
        await _put_aside(connection, conninfo, earlier)
    await connection.execute(_MAKE_MARK)


async def _was_used(connection: TrioConnection, tables: set[str]) -> bool:
    """Whether anything but a schema that no daemon has led yet is there."""
    if "leader" not in tables:
        return True
    return await _all(connection, "SELECT epoch FROM leader") != [(0,)]


async def _put_aside(connection: TrioConnection, conninfo: str, tables: set[str]) -> None:
    async with Database.open(conninfo, size=1) as database:
        leader = Leader(database)
        if "leader" in tables:
            await leader.acquire()
        try:
            await _move(connection, tables)
        finally:
            await leader.release()


async def _move(connection: TrioConnection, tables: set[str]) -> None:
    aside = sql.Identifier(datetime.now(UTC).strftime("demo_%Y%m%dT%H%M%S.%fZ").lower())
    async with connection.transaction():
        await connection.execute(sql.SQL("CREATE SCHEMA {}").format(aside))
        for table in sorted(tables):
            statement = sql.SQL("ALTER TABLE {} SET SCHEMA {}")
            await connection.execute(statement.format(sql.Identifier(table), aside))


async def _all(connection: TrioConnection, query: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = await (await connection.execute(query)).fetchall()
    return found
