"""The database as everybody else uses it."""

from __future__ import annotations

from reeld.storage import Database


async def test_a_statement_returns_its_rows(database: Database) -> None:
    assert await database.fetch_all("SELECT 1, 'a' UNION ALL SELECT 2, 'b' ORDER BY 1") == [
        (1, "a"),
        (2, "b"),
    ]
    async with database.transaction() as connection:
        await connection.execute("select 1")
    async with database.connection() as connection:
        await connection.execute("select 1")
