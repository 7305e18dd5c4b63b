"""The conformance suite of psycopg on trio: what the driver promises must hold here too."""

from __future__ import annotations

from contextlib import aclosing

import psycopg
import pytest
import trio
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from reeld.storage import TrioConnection
from reeld.storage.errors import StatementTimedOut


async def _value(connection: TrioConnection, sql: str) -> object:
    row = await (await connection.execute(sql)).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
async def table(connection: TrioConnection) -> str:
    await connection.execute("CREATE TABLE thing (n int PRIMARY KEY, name text)")
    return "thing"


async def test_parameters_and_rows_travel(connection: TrioConnection) -> None:
    cursor = await connection.execute("SELECT %s::int, %s::text", (1, "é"))
    assert await cursor.fetchall() == [(1, "é")]
    cursor = await connection.execute("SELECT %(n)s::int + %(n)s", {"n": 2})
    assert await cursor.fetchall() == [(4,)]


async def test_a_statement_is_prepared_after_a_few_times(connection: TrioConnection) -> None:
    for n in range(10):
        cursor = await connection.execute("SELECT %s::int", (n,))
        assert await cursor.fetchone() == (n,)
    assert await _value(connection, "SELECT count(*) FROM pg_prepared_statements") == 1


async def test_a_large_result_and_a_large_parameter_travel(connection: TrioConnection) -> None:
    big = "x" * 20_000_000
    cursor = await connection.execute("SELECT %s::text, length(%s)", (big, big))
    assert await cursor.fetchone() == (big, len(big))


async def test_the_session_has_our_defaults(connection: TrioConnection) -> None:
    assert await _value(connection, "SHOW application_name") == "reeld"
    assert await _value(connection, "SHOW timezone") == "UTC"
    assert await _value(connection, "SHOW statement_timeout") == "2min"
    assert await _value(connection, "SHOW idle_in_transaction_session_timeout") == "1min"
    assert await _value(connection, "SHOW lock_timeout") == "10s"


async def test_the_connection_string_wins_over_our_defaults(database_url: str) -> None:
    opened = await TrioConnection.connect(
        database_url, options="-c statement_timeout=7s", application_name="mine"
    )
    assert await _value(opened, "SHOW statement_timeout") == "7s"
    assert await _value(opened, "SHOW lock_timeout") == "10s"
    assert await _value(opened, "SHOW application_name") == "mine"
    await opened.close()


async def test_a_transaction_commits_at_the_end(
    connection: TrioConnection, witness: TrioConnection, table: str
) -> None:
    async with connection.transaction():
        await connection.execute("INSERT INTO thing VALUES (1)")
        assert await _value(witness, "SELECT count(*) FROM thing") == 0
    assert await _value(witness, "SELECT count(*) FROM thing") == 1


async def test_a_transaction_rolls_back_on_an_error(
    connection: TrioConnection, witness: TrioConnection, table: str
) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with connection.transaction():
            await connection.execute("INSERT INTO thing VALUES (1)")
            raise ZeroDivisionError
    assert await _value(witness, "SELECT count(*) FROM thing") == 0
    assert connection.info.transaction_status == TransactionStatus.IDLE


async def test_a_savepoint_rolls_back_alone(connection: TrioConnection, table: str) -> None:
    async with connection.transaction():
        await connection.execute("INSERT INTO thing VALUES (1)")
        with pytest.raises(errors.UniqueViolation):  # noqa: PT012
            async with connection.transaction():
                await connection.execute("INSERT INTO thing VALUES (2)")
                await connection.execute("INSERT INTO thing VALUES (1)")
        async with connection.transaction(force_rollback=True):
            await connection.execute("INSERT INTO thing VALUES (3)")
        async with connection.transaction() as inner:
            await connection.execute("INSERT INTO thing VALUES (4)")
            raise psycopg.Rollback(inner)
        await connection.execute("INSERT INTO thing VALUES (5)")
    cursor = await connection.execute("SELECT n FROM thing ORDER BY n")
    assert await cursor.fetchall() == [(1,), (5,)]


async def test_without_autocommit_a_statement_opens_a_transaction(
    database_url: str, witness: TrioConnection
) -> None:
    opened = await TrioConnection.connect(database_url, autocommit=False)
    await opened.execute("CREATE TABLE a (n int)")
    await opened.rollback()
    await opened.execute("CREATE TABLE b (n int)")
    await opened.commit()
    assert await _value(witness, "SELECT to_regclass('a') IS NULL")
    assert await _value(witness, "SELECT to_regclass('b') IS NOT NULL")
    await opened.close()


async def test_executemany_sends_them_all(connection: TrioConnection, table: str) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO thing VALUES (%s, %s)", [(n, str(n)) for n in range(5000)]
        )
        assert cursor.rowcount == 5000
    assert await _value(connection, "SELECT sum(n) FROM thing") == 12_497_500


async def test_executemany_returns_rows(connection: TrioConnection, table: str) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO thing VALUES (%s) RETURNING n", [(1,), (2,)], returning=True
        )
        found = [await one.fetchone() async for one in cursor.results()]
    assert found == [(1,), (2,)]


async def test_notifications_arrive(connection: TrioConnection, witness: TrioConnection) -> None:
    await connection.execute("LISTEN shout")
    heard = []

    async def listen() -> None:
        async for note in connection.notifies(timeout=10, stop_after=3):
            heard.append((note.channel, note.payload))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        await witness.execute("NOTIFY shout, 'a'")
        async with witness.transaction():
            await witness.execute("NOTIFY shout, 'b'")
            await witness.execute("NOTIFY shout, 'c'")
    assert heard == [("shout", "a"), ("shout", "b"), ("shout", "c")]
    assert await _value(connection, "SELECT 1") == 1


async def test_waiting_for_notifications_ends_at_its_timeout(connection: TrioConnection) -> None:
    await connection.execute("LISTEN shout")
    connection.statement_seconds = 0.01
    with trio.fail_after(5):
        assert [note async for note in connection.notifies(timeout=0.1)] == []
    assert connection.statement_seconds == 0.01
    connection.statement_seconds = None
    await connection.execute("NOTIFY shout")
    assert len([note async for note in connection.notifies(timeout=0)]) == 1


async def test_copy_takes_rows_in_and_out(connection: TrioConnection, table: str) -> None:
    rows = [(n, "name\t\n\\" * 10) for n in range(20_000)]
    async with connection.cursor() as cursor:
        async with cursor.copy("COPY thing FROM STDIN") as copy:
            for row in rows:
                await copy.write_row(row)
        assert cursor.rowcount == len(rows)
        async with cursor.copy("COPY (SELECT * FROM thing ORDER BY n) TO STDOUT") as copy:
            copy.set_types(["int4", "text"])
            assert [row async for row in copy.rows()] == rows
    assert await _value(connection, "SELECT 1") == 1


async def test_an_error_in_a_copy_leaves_nothing_behind(
    connection: TrioConnection, table: str
) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with connection.cursor().copy("COPY thing FROM STDIN") as copy:
            await copy.write_row((1, "a"))
            raise ZeroDivisionError
    assert await _value(connection, "SELECT count(*) FROM thing") == 0


async def test_a_pipeline_answers_in_order(connection: TrioConnection, table: str) -> None:
    async with connection.pipeline():
        for n in range(500):
            await connection.execute("INSERT INTO thing VALUES (%s)", (n,))
        cursor = await connection.execute("SELECT count(*) FROM thing")
        assert await cursor.fetchone() == (500,)
    assert await _value(connection, "SELECT 1") == 1


async def test_a_transaction_in_a_pipeline_rolls_back(
    connection: TrioConnection, table: str
) -> None:
    with pytest.raises(errors.UniqueViolation):  # noqa: PT012
        async with connection.pipeline(), connection.transaction():
            await connection.execute("INSERT INTO thing VALUES (1)")
            await connection.execute("INSERT INTO thing VALUES (1)")
    assert await _value(connection, "SELECT count(*) FROM thing") == 0


async def test_a_stream_yields_row_by_row(connection: TrioConnection) -> None:
    async with connection.cursor() as cursor:
        found = [row async for row in cursor.stream("SELECT generate_series(1, 1000)")]
    assert found == [(n,) for n in range(1, 1001)]


async def test_a_server_side_cursor_fetches_in_parts(connection: TrioConnection) -> None:
    async with connection.transaction(), connection.cursor("big", row_factory=dict_row) as cursor:
        await cursor.execute("SELECT generate_series(1, 500) AS n")
        assert len(await cursor.fetchmany(10)) == 10
        assert len(await cursor.fetchall()) == 490


async def test_tasks_that_share_a_connection_take_turns(connection: TrioConnection) -> None:
    found: list[object] = []

    async def ask(n: int) -> None:
        found.append(await _value(connection, f"SELECT {n} FROM pg_sleep(0.005)"))

    async with trio.open_nursery() as nursery:
        for n in range(10):
            nursery.start_soon(ask, n)
    assert sorted(found) == list(range(10))  # type: ignore[type-var]


async def test_a_statement_in_the_middle_of_another_is_refused_not_waited_for(
    connection: TrioConnection,
) -> None:
    await connection.execute("LISTEN shout")
    await connection.execute("NOTIFY shout")
    async with aclosing(connection.notifies(timeout=5)) as notes:
        async for _ in notes:
            with pytest.raises(RuntimeError, match="another connection"):
                await connection.execute("SELECT 1")
            break
    assert await _value(connection, "SELECT 1") == 1


async def test_a_statement_past_its_deadline_is_cancelled_on_the_server(
    connection: TrioConnection,
) -> None:
    connection.statement_seconds = 0.1
    with pytest.raises(StatementTimedOut), trio.fail_after(5):
        await connection.execute("SELECT pg_sleep(60)")
    assert not connection.closed
    assert await _value(connection, "SELECT 1") == 1


async def test_a_server_process_that_is_gone_mid_query_is_an_operational_error(
    connection: TrioConnection, witness: TrioConnection
) -> None:
    async with trio.open_nursery() as nursery:

        async def kill() -> None:
            await _until_active(witness, connection.info.backend_pid)
            await witness.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))

        nursery.start_soon(kill)
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT pg_sleep(60)")
    assert connection.closed
    with pytest.raises(psycopg.OperationalError):
        await connection.execute("SELECT 1")


async def _until_active(witness: TrioConnection, pid: int) -> None:
    while True:
        cursor = await witness.execute(
            "SELECT wait_event FROM pg_stat_activity WHERE pid = %s", (pid,)
        )
        if await cursor.fetchone() == ("PgSleep",):
            return
        await trio.sleep(0.01)


async def test_closing_wakes_the_task_that_waits(connection: TrioConnection) -> None:
    async with trio.open_nursery() as nursery:

        async def close() -> None:
            await trio.sleep(0.1)
            await connection.close()

        nursery.start_soon(close)
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT pg_sleep(60)")


async def test_nobody_there_is_an_operational_error() -> None:
    with pytest.raises(psycopg.OperationalError, match="refused"):
        await TrioConnection.connect("host=127.0.0.1 port=1")


async def test_a_name_without_address_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"nowhere\.invalid"):
        await TrioConnection.connect("host=nowhere.invalid")


async def test_a_malformed_connection_string_is_refused() -> None:
    with pytest.raises(psycopg.ProgrammingError):
        await TrioConnection.connect("nonsense=1")


async def test_every_failed_address_is_named() -> None:
    with pytest.raises(psycopg.OperationalError, match=r"(?s)port 1 .*port 2 "):
        await TrioConnection.connect("host=127.0.0.1,127.0.0.1 port=1,2")


class _Names(trio.abc.HostnameResolver):
    def __init__(self) -> None:
        self.asked: list[object] = []

    async def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002
        self.asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", int(port)))]

    async def getnameinfo(self, sockaddr, flags):
        raise NotImplementedError


async def test_names_are_resolved_by_trio(network) -> None:
    names = _Names()
    trio.socket.set_custom_hostname_resolver(names)
    opened = await TrioConnection.connect(network.conninfo, host="db.example", hostaddr="")
    assert await _value(opened, "SELECT 1") == 1
    assert names.asked[0] in {"db.example", b"db.example"}
    assert network.connections == 1
    await opened.close()


async def test_a_server_that_accepts_and_says_nothing_runs_into_the_deadline(network) -> None:
    network.fall_silent()
    with pytest.raises(errors.ConnectionTimeout), trio.fail_after(5):
        await TrioConnection.connect(network.conninfo, deadline=0.2)
