"""The pool: bounded, fair, and never a dirty connection."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage import Pool, TrioConnection
from reeld.storage.observer import NullObserver, PoolError

Connect = Callable[[], Awaitable[TrioConnection]]


class Faults(NullObserver):
    """Remembers what went wrong."""

    def __init__(self) -> None:
        self.seen: list[PoolError] = []

    def pool_failed(self, kind: PoolError) -> None:
        self.seen.append(kind)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def connect(database_url: str) -> Connect:
    async def opened() -> TrioConnection:
        return await TrioConnection.connect(database_url)

    return opened


@pytest.fixture
async def pool(connect: Connect, faults: Faults) -> AsyncIterator[Pool]:
    async with Pool.open(connect, size=2, observer=faults) as opened:
        yield opened


async def test_no_connection_is_opened_before_it_is_wanted(pool: Pool) -> None:
    await trio.testing.wait_all_tasks_blocked()
    assert pool.stats().size == 0
    async with pool.lend():
        assert (pool.stats().size, pool.stats().in_use) == (1, 1)
    assert (pool.stats().size, pool.stats().idle) == (1, 1)


async def test_a_connection_is_used_again(pool: Pool) -> None:
    async with pool.lend() as first:
        pass
    async with pool.lend() as second:
        assert second is first
    assert (pool.stats().opened, pool.stats().checkouts) == (1, 2)


async def test_it_never_opens_more_than_its_size(pool: Pool) -> None:
    async def borrow() -> None:
        async with pool.lend() as connection:
            await connection.execute("SELECT pg_sleep(0.01)")
            assert pool.stats().size <= 2

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(borrow)
    assert pool.stats().opened == 2


async def test_who_waits_is_served_in_order(connect: Connect) -> None:
    order: list[int] = []

    async def borrow(n: int) -> None:
        async with pool.lend():
            order.append(n)

    async with (
        Pool.open(connect, size=1) as pool,
        trio.open_nursery() as nursery,
        pool.lend(),
    ):
        for n in range(5):
            nursery.start_soon(borrow, n)
            await trio.testing.wait_all_tasks_blocked()
        assert pool.stats().waiting == 5
    assert order == [0, 1, 2, 3, 4]


async def test_a_full_pool_is_told_after_the_deadline(pool: Pool, faults: Faults) -> None:
    async with pool.lend(), pool.lend():
        with pytest.raises(DatabaseUnavailable) as busy:
            await pool.checkout(deadline=0.05)
        assert busy.value.reason == "pool_exhausted"
        assert pool.stats().waiting == 0
        assert pool.stats().wait_seconds >= 0.05
    assert faults.seen == [PoolError.TIMEOUT]


async def test_a_connection_granted_to_a_cancelled_waiter_is_not_lost(pool: Pool) -> None:
    first, second = await pool.checkout(deadline=5), await pool.checkout(deadline=5)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pool.wait_for_one)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        pool.give_back(first)
    pool.give_back(second)
    stats = pool.stats()
    assert stats.size - stats.idle == stats.in_use
    async with pool.lend(), pool.lend(deadline=1):
        pass


DIRT: dict[str, Callable[[TrioConnection], Awaitable[object]]] = {
    "open transaction": lambda c: c.execute("BEGIN"),
    "failed transaction": lambda c: _quietly(c, "BEGIN", "SELECT 1/0"),
    "no autocommit": lambda c: c.set_autocommit(False),
    "isolation level": lambda c: c.set_isolation_level(psycopg.IsolationLevel.SERIALIZABLE),
    "read only": lambda c: c.set_read_only(True),
    "closed": lambda c: c.close(),
    "dropped by the server": lambda c: _quietly(c, "SELECT pg_terminate_backend(pg_backend_pid())"),
    "row factory": lambda c: _set_rows(c),
    "in the middle of a statement": lambda c: _send(c),
    "in a pipeline": lambda c: _enter_pipeline(c),
    "clean": lambda c: c.execute("SELECT 1"),
    "failed statement": lambda c: _quietly(c, "SELECT 1/0"),
    "cancelled statement": lambda c: _cancelled(c),
    "cancelled copy": lambda c: _cancelled_copy(c),
}


async def _quietly(connection: TrioConnection, *statements: str) -> None:
    for statement in statements:
        with contextlib.suppress(psycopg.Error):
            await connection.execute(statement)


async def _set_rows(connection: TrioConnection) -> None:
    connection.row_factory = dict_row


async def _send(connection: TrioConnection) -> None:
    connection.pgconn.send_query(b"SELECT pg_sleep(0.01)")


async def _enter_pipeline(connection: TrioConnection) -> None:
    connection.pgconn.enter_pipeline_mode()


async def _cancelled(connection: TrioConnection) -> None:
    with trio.move_on_after(0.01):
        await connection.execute("SELECT pg_sleep(60)")


async def _cancelled_copy(connection: TrioConnection) -> None:
    with trio.CancelScope() as scope:
        async with connection.cursor().copy("COPY (SELECT generate_series(1,9)) TO STDOUT") as copy:
            await copy.read()
            scope.cancel()
            await trio.lowlevel.checkpoint()


async def _expect_clean(connection: TrioConnection) -> None:
    assert connection.info.transaction_status == TransactionStatus.IDLE
    assert connection.autocommit
    assert connection.isolation_level is None
    cursor = await connection.execute("SELECT 'clean', current_setting('transaction_read_only')")
    assert await cursor.fetchone() == ("clean", "off")


@pytest.mark.parametrize("dirt", DIRT)
async def test_a_dirty_connection_is_not_lent_again(pool: Pool, dirt: str) -> None:
    async with pool.lend() as connection:
        await DIRT[dirt](connection)
    async with pool.lend() as connection:
        await _expect_clean(connection)


@given(plan=st.lists(st.tuples(st.sampled_from(sorted(DIRT)), st.booleans()), max_size=12))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_borrowers_do_the_next_one_gets_a_clean_connection(
    plan: list[tuple[str, bool]], database_url: str
) -> None:
    async def borrow(pool: Pool, dirt: str, cancel: bool) -> None:
        with trio.move_on_after(random.uniform(0, 0.02) if cancel else 10):
            async with pool.lend(deadline=10) as connection:
                await _expect_clean(connection)
                await DIRT[dirt](connection)

    async def main() -> None:
        async def connect() -> TrioConnection:
            return await TrioConnection.connect(database_url)

        async with Pool.open(connect, size=3) as pool:
            async with trio.open_nursery() as nursery:
                for dirt, cancel in plan:
                    nursery.start_soon(borrow, pool, dirt, cancel)
            stats = pool.stats()
            assert (stats.in_use, stats.waiting) == (0, 0)
            assert stats.size <= 3

    trio.run(main)


async def test_an_idle_connection_that_the_server_dropped_is_replaced_unnoticed(
    pool: Pool, witness: TrioConnection, faults: Faults
) -> None:
    async with pool.lend() as connection:
        pid = connection.info.backend_pid
    await witness.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    async with pool.lend() as connection:
        await _expect_clean(connection)
        assert connection.info.backend_pid != pid
    assert faults.seen == [PoolError.LOST]


async def test_a_connection_that_ends_while_it_is_lent_is_told_as_lost(
    pool: Pool, witness: TrioConnection, faults: Faults
) -> None:
    async with pool.lend() as connection:
        pid = connection.info.backend_pid
        await witness.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT 1")
    assert faults.seen == [PoolError.LOST]


async def test_a_connection_past_its_lifetime_is_replaced(connect: Connect) -> None:
    async with Pool.open(connect, max_lifetime=0.05) as pool:
        async with pool.lend() as first:
            pass
        await trio.sleep(0.1)
        async with pool.lend() as second:
            assert second is not first
        assert pool.stats().discarded == 1


async def test_a_server_that_is_away_is_tried_again_until_it_is_back(
    connect: Connect, faults: Faults
) -> None:
    failures = [psycopg.OperationalError("refused"), OSError("unreachable")]

    async def flaky() -> TrioConnection:
        if failures:
            raise failures.pop()
        return await connect()

    async with Pool.open(flaky, observer=faults) as pool:
        async with pool.lend(deadline=10) as connection:
            await _expect_clean(connection)
        assert pool.stats().available
        assert pool.stats().errors == 2
    assert faults.seen == [PoolError.CONNECT] * 2


async def test_the_backoff_doubles_up_to_ten_seconds(
    autojump_clock: trio.testing.MockClock,
) -> None:
    attempts: list[float] = []

    async def refused() -> TrioConnection:
        attempts.append(trio.current_time())
        raise psycopg.OperationalError("refused")

    async with Pool.open(refused) as pool:
        with pytest.raises(DatabaseUnavailable, match="refused"):
            await pool.checkout(deadline=100)
        assert not pool.stats().available
    gaps = [later - earlier for earlier, later in itertools.pairwise(attempts)]
    assert 0.1 <= gaps[0] <= 0.2
    assert all(gap <= 10 for gap in gaps)
    assert all(gap >= 5 for gap in gaps[8:])


async def test_one_attempt_at_a_time_however_many_wait(autojump_clock: object) -> None:
    trying = most = 0

    async def slow_refusal() -> TrioConnection:
        nonlocal trying, most
        trying += 1
        most = max(most, trying)
        await trio.sleep(1)
        trying -= 1
        raise psycopg.OperationalError("refused")

    async def ask(pool: Pool) -> None:
        with pytest.raises(DatabaseUnavailable):
            await pool.checkout(deadline=30)

    async with Pool.open(slow_refusal) as pool, trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(ask, pool)
    assert most == 1


async def test_closing_the_pool_closes_what_is_idle_and_what_comes_back(connect: Connect) -> None:
    async with Pool.open(connect) as pool:
        lent = await pool.checkout(deadline=5)
        async with pool.lend() as idle:
            pass
    assert idle.closed
    pool.give_back(lent)
    assert lent.closed
    with pytest.raises(DatabaseUnavailable, match="stopping"):
        await pool.checkout(deadline=1)


async def test_an_error_in_the_block_leaves_the_pool_as_it_is(connect: Connect) -> None:
    with pytest.raises(ZeroDivisionError):
        async with Pool.open(connect):
            raise ZeroDivisionError
