"""The few shapes that statements and rows share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from psycopg import AsyncConnection

from reeld.storage.database import Database

Connection: TypeAlias = AsyncConnection[Any]
"""A connection, nearly always inside a transaction."""

Reader: TypeAlias = AsyncConnection[Any] | Database
"""Where to read from: a transaction, to see what it has written, or just the database."""

Row: TypeAlias = tuple[Any, ...]
Params: TypeAlias = Mapping[str, Any] | tuple[Any, ...]


async def fetch_all(source: Reader, statement: str, params: Params = ()) -> list[Row]:
    """Return every row of a statement."""
    if isinstance(source, Database):
        return await source.fetch_all(statement, params)
    cursor = await source.execute(statement, params)
    return await cursor.fetchall()


async def fetch_one(source: Reader, statement: str, params: Params = ()) -> Row | None:
    """Return the first row of a statement, or None."""
    if isinstance(source, Database):
        return await source.fetch_one(statement, params)
    cursor = await source.execute(statement, params)
    row: Row | None = await cursor.fetchone()
    return row


async def execute(conn: Connection, statement: str, params: Params = ()) -> int:
    """Run a statement and return how many rows it changed."""
    cursor = await conn.execute(statement, params)
    return cursor.rowcount
