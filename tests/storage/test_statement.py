"""Statements that are kept: prepared, out of date, cancelled, interrupted."""

from __future__ import annotations

import psycopg
import pytest
import trio

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage import Database
from reeld.storage import _statement as statement_module


async def _prepared(database: Database) -> int:
    row = await database.fetch_one(
        "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'reeld%%'"
    )
    assert row is not None
    return row[0]


async def test_a_repeated_statement_is_prepared_for_each_set_of_types(database: Database) -> None:
    values: list[object] = [1, 2, 3, 4, 5, "a", "b", None, 2**40, 1.5, ["x"], {"k": 1}["k"]]
    for value in values * 2:
        cast = "text[]" if isinstance(value, list) else "text"
        found = await database.fetch_one(f"SELECT %s::{cast}", (value,))
        expected = value if value is None or isinstance(value, list) else str(value)
        assert found == (expected,)
    assert await _prepared(database) >= 3


async def test_named_parameters_may_come_in_any_order_and_twice(database: Database) -> None:
    for n in range(8):
        params = {"b": n, "a": 10}
        assert await database.fetch_one("SELECT %(a)s - %(b)s + %(a)s", params) == (20 - n,)


async def test_wrong_parameters_are_an_error_and_nothing_is_broken(database: Database) -> None:
    for _ in range(6):
        with pytest.raises(psycopg.ProgrammingError):
            await database.fetch_one("SELECT %s::int", (1, 2))
        assert await database.fetch_one("SELECT %s::int", (1,)) == (1,)
    assert database.stats().opened == 1


async def test_several_statements_in_one_text_run_each_time(database: Database) -> None:
    await database.execute("CREATE TABLE thing (n int)")
    for _ in range(8):
        await database.execute("INSERT INTO thing VALUES (1); INSERT INTO thing VALUES (2)")
    assert await database.fetch_one("SELECT count(*) FROM thing") == (16,)


async def test_a_statement_whose_table_changed_is_prepared_anew(database: Database) -> None:
    await database.execute("CREATE TABLE thing AS SELECT 1 AS n")
    for _ in range(6):
        assert await database.fetch_one("SELECT * FROM thing WHERE n = %s", (1,)) == (1,)
    await database.execute("ALTER TABLE thing ADD COLUMN name text DEFAULT 'a'")
    for _ in range(6):
        assert await database.fetch_one("SELECT * FROM thing WHERE n = %s", (1,)) == (1, "a")


async def test_a_statement_that_the_server_dropped_is_prepared_anew(database: Database) -> None:
    for _ in range(6):
        await database.fetch_one("SELECT %s::int", (1,))
    await database.execute("DEALLOCATE ALL")
    assert await database.fetch_one("SELECT %s::int", (1,)) == (1,)


async def test_only_so_many_statements_are_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_module, "MAX_STATEMENTS", 3)
    for _ in range(6):
        for n in range(10):
            assert await database.fetch_one(f"SELECT {n}, %s::int", (n,)) == (n, n)
    assert await _prepared(database) <= 3


@pytest.mark.parametrize("sql", ["COPY thing FROM STDIN", "COPY thing TO STDOUT"])
async def test_copy_is_refused_here(database: Database, sql: str) -> None:
    await database.execute("CREATE TABLE thing AS SELECT 1 AS n")
    with pytest.raises(psycopg.ProgrammingError, match="COPY"), trio.fail_after(5):
        await database.execute(sql)
    assert await database.fetch_one("SELECT 1") == (1,)


async def test_a_statement_without_rows_cannot_be_fetched(database: Database) -> None:
    with pytest.raises(psycopg.ProgrammingError, match="no rows"):
        await database.fetch_all("CREATE TABLE thing (n int)")


async def test_a_large_answer_arrives_whole(database: Database) -> None:
    rows = await database.fetch_all("SELECT n, repeat('x', 100) FROM generate_series(1, 50000) n")
    assert len(rows) == 50_000
    assert rows[-1] == (50_000, "x" * 100)


async def test_a_statement_in_a_cancelled_scope_is_never_sent(database: Database) -> None:
    await database.execute("CREATE SEQUENCE counter")
    with trio.CancelScope() as scope:
        scope.cancel()
        await database.fetch_one("SELECT nextval('counter')")
    assert await database.fetch_one("SELECT is_called FROM counter") == (False,)


async def test_a_cancelled_statement_ends_on_the_server_and_its_connection_is_kept(
    database: Database,
) -> None:
    for _ in range(6):
        with trio.move_on_after(0.03) as scope:
            await database.fetch_one("SELECT pg_sleep(%s)", (60,))
        assert scope.cancelled_caught
        assert await database.fetch_one("SELECT 1") == (1,)
    assert database.stats().opened == 1


async def test_each_statement_has_its_own_deadline(database: Database) -> None:
    ended: list[float] = []

    async def sleep(deadline: float) -> None:
        with pytest.raises(DatabaseUnavailable) as late:
            await database.fetch_one("SELECT pg_sleep(60)", deadline=deadline)
        assert late.value.reason == "deadline_exceeded"
        ended.append(deadline)

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            for deadline in (0.6, 0.2, 0.4, 0.1):
                nursery.start_soon(sleep, deadline)
    assert ended == [0.1, 0.2, 0.4, 0.6]


async def test_a_short_deadline_does_not_outlive_its_statement(database: Database) -> None:
    assert await database.fetch_one("SELECT 1", deadline=0.1) == (1,)
    assert await database.fetch_one("SELECT 1 FROM pg_sleep(0.3)") == (1,)
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_sleep(0.3)")
    async with database.connection() as connection:
        await connection.execute("SELECT pg_sleep(0.1)")
    assert database.stats().opened == 1


async def test_a_huge_parameter_for_a_silent_server_is_given_up_at_the_deadline(network) -> None:
    async with Database.open(network.conninfo) as database:
        await database.fetch_one("SELECT 1")
        network.fall_silent()
        with pytest.raises(DatabaseUnavailable), trio.fail_after(10):
            await database.fetch_one("SELECT length(%s)", ("x" * 50_000_000,), deadline=0.3)
        assert database.stats().in_use == 0


async def test_a_statement_outlives_a_rollback_that_made_the_server_forget_it(
    database: Database,
) -> None:
    async def count() -> object:
        return await database.fetch_one("SELECT count(*) FROM movie WHERE id > %s", (0,))

    for _ in range(6):
        assert await count() == (0,)

    async def fail() -> None:
        async with database.transaction() as conn:
            for _ in range(6):
                await conn.execute("SELECT count(*) FROM movie WHERE id < %s", (0,))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    for _ in range(3):
        assert await count() == (0,)
