"""The database as everybody else uses it."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import pytest
import trio
from psycopg import errors

from reeld.domain.errors import DatabaseUnavailable, Refused
from reeld.storage import Database
from reeld.storage.observer import NullObserver, TransactionOutcome


@dataclass(frozen=True, slots=True)
class Thing:
    n: int
    name: str


class Recorder(NullObserver):
    def __init__(self) -> None:
        self.statements: list[str] = []
        self.failures: list[str] = []
        self.availability: list[bool] = []
        self.transactions: list[str] = []

    def transaction_ended(self, outcome: TransactionOutcome) -> None:
        self.transactions.append(str(outcome))

    def statement_ended(self, repository: str, seconds: float) -> None:
        assert seconds >= 0
        self.statements.append(repository)

    def failed(self, sqlstate_class: str) -> None:
        self.failures.append(sqlstate_class)

    def availability_changed(self, available: bool) -> None:
        self.availability.append(available)


async def test_a_statement_returns_its_rows(database: Database) -> None:
    sql = "SELECT * FROM (VALUES (1, 'a'), (2, %s)) AS t(n, name) ORDER BY n"
    assert await database.fetch_all(sql, ("b",)) == [(1, "a"), (2, "b")]
    assert await database.fetch_one(sql, ("b",)) == (1, "a")
    assert await database.fetch_all("SELECT 1 WHERE false") == []
    assert await database.fetch_one("SELECT 1 WHERE false") is None


async def test_rows_become_dataclasses(database: Database) -> None:
    sql = "SELECT 'a' AS name, generate_series(1, 2) AS n"
    assert await database.fetch_all(sql, row=Thing) == [Thing(1, "a"), Thing(2, "a")]
    assert await database.fetch_one(sql, row=Thing) == Thing(1, "a")


async def test_execute_tells_how_many_rows_it_touched(database: Database) -> None:
    await database.execute("CREATE TABLE thing (n int)")
    assert await database.execute("INSERT INTO thing SELECT generate_series(1, %s)", (7,)) == 7
    assert await database.execute("DELETE FROM thing WHERE n > %(n)s", {"n": 5}) == 2


async def test_a_percent_sign_in_a_statement_without_parameters_is_itself(
    database: Database,
) -> None:
    assert await database.fetch_one("SELECT 'a' LIKE '%%' AND 5 %% 3 = 2") == (True,)


async def test_errors_that_are_not_outages_come_as_they_are(database: Database) -> None:
    with pytest.raises(errors.UndefinedTable):
        await database.fetch_all("SELECT * FROM nothing")
    with pytest.raises(errors.DivisionByZero):
        async with database.transaction() as connection:
            await connection.execute("SELECT 1/0")
    assert await database.fetch_one("SELECT 1") == (1,)


async def test_a_call_past_its_deadline_ends_here_and_on_the_server(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable) as late, trio.fail_after(5):
        await database.fetch_one("SELECT pg_sleep(60)", deadline=0.1)
    assert late.value.reason == "deadline_exceeded"
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(60)%%' AND state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()"
    assert await database.fetch_one(running) == (0,)


async def test_a_transaction_past_its_deadline_is_rolled_back(database: Database) -> None:
    await database.execute("CREATE TABLE thing (n int)")
    with pytest.raises(DatabaseUnavailable), trio.fail_after(5):  # noqa: PT012
        async with database.transaction(deadline=0.2) as connection:
            await connection.execute("INSERT INTO thing VALUES (1)")
            await trio.sleep(60)
    assert await database.fetch_one("SELECT count(*) FROM thing") == (0,)


async def test_the_callers_own_deadline_stays_the_callers(database: Database) -> None:
    with trio.move_on_after(0.1) as scope:
        await database.fetch_one("SELECT pg_sleep(60)")
    assert scope.cancelled_caught


async def test_a_transaction_commits_or_rolls_back_as_a_whole(database: Database) -> None:
    await database.execute("CREATE TABLE thing (n int)")
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO thing VALUES (1)")
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO thing VALUES (2)")
            raise ZeroDivisionError
    assert await database.fetch_all("SELECT n FROM thing") == [(1,)]


async def test_what_a_borrower_left_in_a_session_is_undone(database: Database) -> None:
    async with database.connection() as connection:
        pid = connection.info.backend_pid
        await connection.execute("SET statement_timeout = 1234")
        await connection.execute("LISTEN shout")
        await connection.execute("SELECT pg_advisory_lock(1)")
        await connection.execute("CREATE TEMPORARY TABLE left_behind (n int)")
        connection.statement_seconds = 0.001
    left = """SELECT pg_backend_pid(), current_setting('statement_timeout'), to_regclass('left_behind'),
        (SELECT count(*) FROM pg_listening_channels()),
        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"""
    assert await database.fetch_one(left) == (pid, "2min", None, 0, 0)


async def test_a_connection_whose_borrower_failed_is_not_lent_again(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.connection() as connection:
            await connection.execute("SET statement_timeout = 1234")
            raise ZeroDivisionError
    assert await database.fetch_one("SHOW statement_timeout") == ("2min",)


async def test_each_statement_of_a_lent_connection_has_the_deadline(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="before the deadline"), trio.fail_after(5):
        async with database.connection(deadline=0.1) as connection:
            await connection.execute("SELECT pg_sleep(60)")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SET LOCAL statement_timeout = 20; SELECT pg_sleep(5)", "statement_timeout"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", "server_stopping"),
        ("SET TRANSACTION READ ONLY; CREATE TABLE t (n int)", "read_only"),
        ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", "disk_full"),
        ("DO $$ BEGIN RAISE SQLSTATE '53999'; END $$", "database_unavailable"),
        ("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", "deadlock"),
    ],
)
async def test_what_means_not_now_is_told_as_unavailable(
    database: Database, sql: str, reason: str
) -> None:
    with pytest.raises(DatabaseUnavailable) as away:
        async with database.transaction() as connection:
            await connection.execute(sql)
    assert away.value.reason == reason
    assert await database.fetch_one("SELECT 1") == (1,)


async def test_a_lock_that_is_not_granted_in_time_is_told_as_unavailable(
    database: Database,
) -> None:
    await database.execute("CREATE TABLE thing (n int)")
    async with database.transaction() as holder:
        await holder.execute("LOCK TABLE thing")
        with pytest.raises(DatabaseUnavailable) as refused:  # noqa: PT012
            async with database.transaction() as connection:
                await connection.execute("SET LOCAL lock_timeout = 50")
                await connection.execute("SELECT * FROM thing")
        assert refused.value.reason == "lock_timeout"


async def test_a_server_that_is_away_is_told_with_its_cause() -> None:
    recorder = Recorder()
    async with Database.open("host=127.0.0.1 port=1", observer=recorder) as database:
        with pytest.raises(DatabaseUnavailable, match=r"refused.*keeps trying"):
            await database.fetch_one("SELECT 1", deadline=0.3)
        with pytest.raises(DatabaseUnavailable, match="refused"):
            async with database.dedicated():
                pass
    assert recorder.availability[0] is False


async def test_a_missing_database_says_so(database_url: str) -> None:
    missing = psycopg.conninfo.make_conninfo(database_url, dbname="reeld_nowhere")
    async with Database.open(missing) as database:
        with pytest.raises(DatabaseUnavailable, match="does not exist"):
            await database.fetch_one("SELECT 1", deadline=0.5)


async def test_a_malformed_connection_string_is_refused_at_once() -> None:
    with pytest.raises(psycopg.ProgrammingError):
        async with Database.open("nonsense"):
            pass


async def test_the_observer_hears_of_calls_by_repository_and_of_errors_by_class(
    database_url: str,
) -> None:
    recorder = Recorder()
    async with Database.open(database_url, observer=recorder) as database:
        movies = database.labelled("movies")
        await movies.fetch_one("SELECT 1")
        async with movies.transaction():
            pass
        with pytest.raises(errors.DivisionByZero):
            await database.execute("SELECT 1/0")
    assert recorder.statements == ["movies", "movies", "other"]
    assert recorder.failures == ["22"]
    assert recorder.availability == [True]


async def test_the_observer_hears_how_transactions_ended(database_url: str) -> None:
    recorder = Recorder()

    async def fail_with(database: Database, error: Exception) -> None:
        async with database.transaction():
            raise error

    async def be_slow(database: Database) -> None:
        async with database.transaction(deadline=0.05) as conn:
            await conn.execute("SELECT pg_sleep(10)")

    async with Database.open(database_url, observer=recorder) as database:
        async with database.transaction() as conn:
            await conn.execute("SELECT 1")
        with pytest.raises(ValueError, match="ours"):
            await fail_with(database, ValueError("ours"))
        with pytest.raises(DatabaseUnavailable):
            await be_slow(database)
    assert recorder.transactions == ["committed", "rolled_back", "failed"]


async def test_a_fence_holds_for_every_labelled_twin(database: Database) -> None:
    from reeld.storage.errors import LeadershipLost

    twin = database.labelled("movies")
    database.fence(41)
    with pytest.raises(LeadershipLost):
        async with twin.transaction():
            pass
    database.fence(None)
    async with twin.transaction():
        pass


async def test_a_server_that_went_silent_costs_a_deadline_and_then_works_again(network) -> None:
    """A half-open connection: the peer's packets are lost, and nobody says so."""
    async with Database.open(network.conninfo) as database:
        assert await database.fetch_one("SELECT 1") == (1,)
        network.fall_silent()
        with pytest.raises(DatabaseUnavailable), trio.fail_after(5):
            await database.fetch_one("SELECT 2", deadline=0.2)
        with pytest.raises(DatabaseUnavailable), trio.fail_after(5):
            async with database.transaction(deadline=0.2) as connection:
                await connection.execute("SELECT 3")
        assert database.stats().in_use == 0
        await network.reset()
        network.speak_again()
        assert await database.fetch_one("SELECT 4", deadline=20) == (4,)


async def test_a_server_that_goes_silent_inside_a_transaction_frees_the_caller(network) -> None:
    async with Database.open(network.conninfo) as database:
        with pytest.raises(DatabaseUnavailable), trio.fail_after(10):  # noqa: PT012
            async with database.transaction(deadline=0.3) as connection:
                await connection.execute("SELECT 1")
                network.fall_silent()
                await connection.execute("SELECT 2")
        assert database.stats().in_use == 0


async def test_connections_that_were_reset_are_replaced(network) -> None:
    async with Database.open(network.conninfo) as database:
        async with database.connection(), database.connection():
            pass
        await network.reset()
        for _ in range(10):
            assert await database.fetch_one("SELECT 1") == (1,)


async def test_a_text_that_postgresql_cannot_keep_is_refused_and_the_connection_goes_on(
    database: Database,
) -> None:
    for sql, text in (("SELECT %s::text", "a\0b"), ("SELECT %s::text::jsonb", '"a\\u0000b"')):
        with pytest.raises(Refused) as caught:
            await database.fetch_all(sql, (text,))
        assert caught.value.reason == "text_not_storable"
        with pytest.raises(Refused):
            async with database.transaction() as conn:
                await conn.execute(sql, (text,))
    assert await database.fetch_one("SELECT 1") == (1,)
