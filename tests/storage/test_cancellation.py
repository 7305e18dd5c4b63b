"""Cancellation at every await point: afterwards a connection is usable or closed, and the server is not at work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing

import psycopg
import pytest
import trio
from psycopg.pq import TransactionStatus

from reeld.storage import TrioConnection

Operation = Callable[[TrioConnection], Awaitable[object]]

MOST_STEPS = 60


class _CancelAtStep(trio.abc.Instrument):
    """Cancels a scope after its task has taken a number of steps: that is, while it waits at its n-th await point."""

    def __init__(self, scope: trio.CancelScope, step: int) -> None:
        self._task = trio.lowlevel.current_task()
        self._scope = scope
        self._left = step

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if task is self._task:
            self._left -= 1
            if self._left == 0:
                self._scope.cancel()


async def _cancelled_at(step: int, operation: Operation, connection: TrioConnection) -> bool:
    """Run an operation and cancel it at its n-th await point; tell whether it got that far."""
    with trio.CancelScope() as scope:
        instrument = _CancelAtStep(scope, step)
        trio.lowlevel.add_instrument(instrument)
        try:
            await operation(connection)
        finally:
            trio.lowlevel.remove_instrument(instrument)
    return scope.cancelled_caught


async def execute(connection: TrioConnection) -> None:
    for _ in range(3):
        await connection.execute("SELECT 1 FROM pg_sleep(0.002)")


async def transaction(connection: TrioConnection) -> None:
    async with connection.transaction():
        await connection.execute("INSERT INTO thing VALUES (1), (2)")
        async with connection.transaction():
            await connection.execute("INSERT INTO thing VALUES (3)")


async def executemany(connection: TrioConnection) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany("INSERT INTO other VALUES (%s)", [(n,) for n in range(300)])


async def pipeline(connection: TrioConnection) -> None:
    async with connection.pipeline() as pipe:
        await connection.execute("SELECT 1")
        await pipe.sync()
        cursor = await connection.execute("SELECT 2")
        await cursor.fetchone()


async def copy_in(connection: TrioConnection) -> None:
    async with connection.cursor().copy("COPY other FROM STDIN") as copy:
        for _ in range(8):
            await copy.write(b"1\n" * 60_000)


async def copy_out(connection: TrioConnection) -> None:
    async with connection.cursor().copy(
        "COPY (SELECT generate_series(1, 20000)) TO STDOUT"
    ) as copy:
        while await copy.read():
            await trio.sleep(0)


async def stream(connection: TrioConnection) -> None:
    rows = connection.cursor().stream("SELECT generate_series(1, 30)")
    async with aclosing(rows):
        async for _ in rows:
            await trio.sleep(0)


async def server_side_cursor(connection: TrioConnection) -> None:
    async with connection.transaction(), connection.cursor("big") as cursor:
        await cursor.execute("SELECT generate_series(1, 500)")
        while await cursor.fetchmany(100):
            pass


async def without_autocommit(connection: TrioConnection) -> None:
    await connection.set_autocommit(False)
    await connection.execute("INSERT INTO other VALUES (1)")
    await connection.commit()
    await connection.execute("INSERT INTO other VALUES (1)")
    await connection.rollback()
    await connection.set_autocommit(True)


async def notifies(connection: TrioConnection) -> None:
    await connection.execute("LISTEN shout")
    await connection.execute("NOTIFY shout")
    async with aclosing(connection.notifies(timeout=0.02)) as notes:
        async for _ in notes:
            await trio.sleep(0)


OPERATIONS = [
    execute,
    transaction,
    executemany,
    pipeline,
    copy_in,
    copy_out,
    stream,
    server_side_cursor,
    without_autocommit,
    notifies,
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
async def test_a_cancelled_operation_leaves_a_connection_usable_or_closed(
    operation: Operation, database_url: str, witness: TrioConnection
) -> None:
    await witness.execute("CREATE TABLE thing (n int); CREATE TABLE other (n int)")
    reached = 0
    connection = await TrioConnection.connect(database_url)
    for step in range(1, MOST_STEPS + 1):
        if connection.closed:
            connection = await TrioConnection.connect(database_url)
        with trio.fail_after(10):
            if not await _cancelled_at(step, operation, connection):
                break
            reached = step
            await _expect_usable_or_closed(connection, witness)
    await connection.close()
    assert reached >= 1
    # All of a transaction or nothing of it: never two thirds.
    rows = await (await witness.execute("SELECT n, count(*) FROM thing GROUP BY n")).fetchall()
    assert len({count for _, count in rows}) <= 1
    assert len(rows) in {0, 3}


async def _expect_usable_or_closed(connection: TrioConnection, witness: TrioConnection) -> None:
    pid = 0 if connection.closed else connection.info.backend_pid
    if not connection.closed:
        status = connection.info.transaction_status
        assert status in {
            TransactionStatus.IDLE,
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        }
        assert not connection.lock.locked()
        if status != TransactionStatus.IDLE:
            await connection.rollback()
        if not connection.autocommit:
            await connection.set_autocommit(True)
        cursor = await connection.execute("SELECT 'well'")
        assert await cursor.fetchone() == ("well",)
    await _expect_server_at_rest(witness, keep=pid)


async def _expect_server_at_rest(witness: TrioConnection, keep: int) -> None:
    while True:
        cursor = await witness.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid NOT IN (pg_backend_pid(), %s) AND backend_type = 'client backend'",
            (keep,),
        )
        if await cursor.fetchone() == (0,):
            return
        await trio.sleep(0.005)


async def test_connecting_can_be_cancelled_at_every_point(
    database_url: str, witness: TrioConnection
) -> None:
    async def connect(_: TrioConnection) -> None:
        connection = await TrioConnection.connect(database_url)
        await connection.close()

    for step in range(1, MOST_STEPS + 1):
        if not await _cancelled_at(step, connect, witness):
            break
        with trio.fail_after(10):
            await _expect_server_at_rest(witness, keep=0)
    assert step > 1


async def test_a_cancelled_statement_ends_on_the_server(
    connection: TrioConnection, witness: TrioConnection
) -> None:
    with trio.move_on_after(0.1):
        await connection.execute("SELECT pg_sleep(60)")
    cursor = await witness.execute(
        "SELECT state FROM pg_stat_activity WHERE pid = %s", (connection.info.backend_pid,)
    )
    assert await cursor.fetchone() == ("idle",)
    assert not connection.closed


async def test_a_statement_in_a_cancelled_scope_is_never_sent(
    connection: TrioConnection, witness: TrioConnection
) -> None:
    await connection.execute("CREATE SEQUENCE counter")
    with trio.CancelScope() as scope:
        scope.cancel()
        await connection.execute("SELECT nextval('counter')")
    cursor = await witness.execute("SELECT is_called FROM counter")
    assert await cursor.fetchone() == (False,)


async def test_a_transaction_whose_scope_is_cancelled_is_rolled_back_not_committed(
    connection: TrioConnection, witness: TrioConnection
) -> None:
    await connection.execute("CREATE TABLE thing (n int)")
    with trio.CancelScope() as scope:
        async with connection.transaction():
            await connection.execute("INSERT INTO thing VALUES (1)")
            scope.cancel()
    assert scope.cancelled_caught
    cursor = await witness.execute("SELECT count(*) FROM thing")
    assert await cursor.fetchone() == (0,)
    assert connection.info.transaction_status == TransactionStatus.IDLE


async def test_a_cancelled_task_waits_for_its_turn_no_longer(connection: TrioConnection) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.execute, "SELECT pg_sleep(0.3)")
        await trio.sleep(0.05)
        with trio.move_on_after(0.05) as scope:
            await connection.execute("SELECT 1")
        assert scope.cancelled_caught
    cursor = await connection.execute("SELECT 2")
    assert await cursor.fetchone() == (2,)


async def test_a_server_that_does_not_hear_the_cancellation_costs_the_connection(network) -> None:
    connection = await TrioConnection.connect(network.conninfo)
    network.fall_silent()
    with trio.fail_after(5), trio.move_on_after(0.1):
        await connection.execute("SELECT pg_sleep(60)")
    assert connection.closed
    with pytest.raises(psycopg.OperationalError):
        await connection.execute("SELECT 1")
