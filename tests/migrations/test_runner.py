"""The migration runner: once each, in order, whole or not at all, whoever else tries and whenever it is killed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import trio
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.domain.errors import DatabaseUnavailable
from reeld.migrations import Backup, Migration, bundled_migrations, migrate, schema_version
from reeld.migrations import runner as runner_module
from reeld.migrations._files import read_migrations
from reeld.storage import TrioConnection
from reeld.storage.embedded import Binaries
from reeld.storage.errors import MigrationRefused

FIRST = Migration(1, "first", "CREATE TABLE a (n int);\nINSERT INTO a VALUES (1);")
SECOND = Migration(2, "second", "ALTER TABLE a ADD COLUMN name text; -- 100 % sure")
THIRD = Migration(
    3,
    "third",
    "-- reeld: no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS a_n;\n"
    "-- A comment; with a semicolon\nCREATE INDEX CONCURRENTLY a_n ON a (n);\n",
)


async def _rows(url: str, sql: str) -> list[tuple]:
    connection = await TrioConnection.connect(url)
    try:
        return await (await connection.execute(sql)).fetchall()
    finally:
        await connection.close()


async def test_what_is_missing_is_applied_once_and_in_order(empty_database_url: str) -> None:
    assert await migrate(empty_database_url, [FIRST, SECOND]) == [FIRST, SECOND]
    assert await migrate(empty_database_url, [FIRST, SECOND, THIRD]) == [THIRD]
    assert await migrate(empty_database_url, [FIRST, SECOND, THIRD]) == []
    assert await _rows(empty_database_url, "SELECT n FROM a") == [(1,)]
    recorded = await _rows(
        empty_database_url,
        "SELECT number, name, sha256, ms >= 0, app_version <> '' FROM schema_migration ORDER BY 1",
    )
    assert recorded == [(m.number, m.name, m.sha256, True, True) for m in (FIRST, SECOND, THIRD)]
    connection = await TrioConnection.connect(empty_database_url)
    assert await schema_version(connection) == 3
    await connection.close()


SLOW = Migration(2, "slow", "CREATE TABLE b (n int);\nSELECT pg_sleep(60);")


@pytest.mark.parametrize("answers", [True, False])
async def test_a_migration_that_does_not_end_is_rolled_back_and_said(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    seconds = (3.0, 10.0) if answers else (60.0, -57.0)
    monkeypatch.setattr(runner_module, "STATEMENT_SECONDS", seconds[0])
    monkeypatch.setattr(runner_module, "ANSWER_SECONDS", seconds[1])
    with pytest.raises(MigrationRefused, match="0002_slow took longer") as refused:
        await migrate(empty_database_url, [FIRST, SLOW])
    assert refused.value.reason == "migration_timed_out"
    assert await _rows(empty_database_url, "SELECT to_regclass('b')") == [(None,)]
    assert await _rows(empty_database_url, "SELECT number FROM schema_migration") == [(1,)]


async def test_an_empty_database_has_version_zero(empty_database_url: str) -> None:
    connection = await TrioConnection.connect(empty_database_url)
    assert await schema_version(connection) == 0
    await connection.close()


async def test_the_bundled_migrations_apply_to_an_empty_database(empty_database_url: str) -> None:
    bundled = bundled_migrations()
    assert bundled
    assert [m.number for m in bundled] == list(range(1, len(bundled) + 1))
    assert await migrate(empty_database_url) == list(bundled)
    assert await migrate(empty_database_url) == []


async def test_a_changed_file_is_refused(empty_database_url: str) -> None:
    await migrate(empty_database_url, [FIRST])
    changed = Migration(1, "first", FIRST.sql + " ")
    with pytest.raises(MigrationRefused, match="0001_first was changed") as refused:
        await migrate(empty_database_url, [changed, SECOND])
    assert refused.value.reason == "migration_changed"
    assert await _rows(empty_database_url, "SELECT count(*) FROM schema_migration") == [(1,)]


async def test_a_newer_database_is_refused(empty_database_url: str) -> None:
    await migrate(empty_database_url, [FIRST, SECOND])
    with pytest.raises(MigrationRefused, match="newer version") as refused:
        await migrate(empty_database_url, [FIRST])
    assert refused.value.reason == "database_newer"


async def test_a_file_that_was_slipped_in_between_is_refused(empty_database_url: str) -> None:
    await migrate(empty_database_url, [FIRST, THIRD])
    with pytest.raises(MigrationRefused) as refused:
        await migrate(empty_database_url, [FIRST, SECOND, THIRD])
    assert refused.value.reason == "migration_out_of_order"


async def test_a_failing_file_leaves_nothing_of_itself(empty_database_url: str) -> None:
    bad = Migration(2, "bad", "CREATE TABLE b (n int);\nSELECT 1/0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        await migrate(empty_database_url, [FIRST, bad])
    assert await _rows(
        empty_database_url, "SELECT to_regclass('a') IS NULL, to_regclass('b') IS NULL"
    ) == [(False, True)]
    assert await migrate(empty_database_url, [FIRST, SECOND]) == [SECOND]


async def test_several_at_once_apply_each_file_once(empty_database_url: str) -> None:
    applied: list[Migration] = []

    async def run() -> None:
        applied.extend(await migrate(empty_database_url, [FIRST, SECOND, THIRD]))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(run)
    assert applied == [FIRST, SECOND, THIRD]


async def test_a_runner_that_never_ends_is_told(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "LOCK_SECONDS", 0.3)
    holder = await TrioConnection.connect(empty_database_url)
    await holder.execute("SELECT pg_advisory_lock(%s)", (runner_module.LOCK,))
    with pytest.raises(DatabaseUnavailable, match="migrating"):
        await migrate(empty_database_url, [FIRST])
    await holder.close()
    assert await migrate(empty_database_url, [FIRST]) == [FIRST]


async def test_a_table_in_use_is_not_waited_for_for_ever(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(empty_database_url, [FIRST])
    monkeypatch.setattr(runner_module, "SETTINGS", "SET lock_timeout = '100ms'")
    holder = await TrioConnection.connect(empty_database_url)
    async with holder.transaction():
        await holder.execute("LOCK TABLE a")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await migrate(empty_database_url, [FIRST, SECOND])
    await holder.close()
    assert await migrate(empty_database_url, [FIRST, SECOND]) == [SECOND]


KILLED = """
import sys, trio
from reeld.migrations import Migration, migrate
trio.run(migrate, sys.argv[1], [Migration(1, "first", sys.argv[2])])
"""

POINTS = {
    "before any statement": "SELECT pg_sleep(60);\nCREATE TABLE a (n int);\nCREATE TABLE b (n int);",
    "between two": "CREATE TABLE a (n int);\nSELECT pg_sleep(60);\nCREATE TABLE b (n int);",
    "before the record": "CREATE TABLE a (n int);\nCREATE TABLE b (n int);\nSELECT pg_sleep(60);",
}


@pytest.mark.parametrize("transactional", [True, False])
@pytest.mark.parametrize("point", POINTS)
async def test_killed_in_the_middle_the_next_run_finishes(
    empty_database_url: str, point: str, transactional: bool
) -> None:
    sql = POINTS[point]
    if not transactional:
        sql = "-- reeld: no-transaction\n" + sql.replace("TABLE", "TABLE IF NOT EXISTS")
    victim = subprocess.Popen([sys.executable, "-c", KILLED, empty_database_url, sql])
    with trio.fail_after(30):
        sleeping = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        while not (pids := await _rows(empty_database_url, sleeping)):
            await trio.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    # The server notices a vanished client when it next speaks to it: end the sleep so that it does.
    await _rows(empty_database_url, f"SELECT pg_cancel_backend({pids[0][0]})")
    healthy = Migration(1, "first", sql.replace("pg_sleep(60)", "1"))
    assert await migrate(empty_database_url, [healthy]) == [healthy]
    assert await _rows(empty_database_url, "SELECT * FROM a, b") == []


@pytest.fixture
def backup(tmp_path: Path) -> Backup:
    binaries = Binaries.bundled()
    return Backup(tmp_path / "backups", binaries.path("pg_dump"), binaries.major)


async def test_a_database_with_a_schema_is_dumped_before_it_changes(
    empty_database_url: str, backup: Backup
) -> None:
    await migrate(empty_database_url, [FIRST], backup=backup)
    assert not backup.folder.exists(), "an empty database needs no dump"
    await migrate(empty_database_url, [FIRST, SECOND], backup=backup)
    await migrate(empty_database_url, [FIRST, SECOND], backup=backup)
    (dump,) = backup.folder.iterdir()
    assert dump.name.startswith("before-migration-0001-")
    assert dump.stat().st_mode & 0o077 == 0
    listing = await trio.run_process(
        [str(Binaries.bundled().path("pg_restore")), "--list", str(dump)], capture_stdout=True
    )
    assert b"TABLE DATA public a" in listing.stdout


async def test_a_failed_dump_stops_the_migration(
    empty_database_url: str, backup: Backup, tmp_path: Path
) -> None:
    await migrate(empty_database_url, [FIRST])
    broken = Backup(tmp_path / "backups", Path(shutil.which("false") or "/bin/false"), backup.major)
    with pytest.raises(MigrationRefused) as refused:
        await migrate(empty_database_url, [FIRST, SECOND], backup=broken)
    assert refused.value.reason == "backup_failed"
    assert list(broken.folder.iterdir()) == []
    assert await _rows(empty_database_url, "SELECT count(*) FROM schema_migration") == [(1,)]


async def test_a_secret_that_would_be_on_a_command_line_stops_the_migration(
    empty_database_url: str, backup: Backup
) -> None:
    await migrate(empty_database_url, [FIRST])
    secret = make_conninfo(empty_database_url, sslpassword="k3yw0rd")
    with pytest.raises(MigrationRefused, match="sslpassword") as refused:
        await migrate(secret, [FIRST, SECOND], backup=backup)
    assert refused.value.reason == "secret_on_command_line"
    assert "k3yw0rd" not in refused.value.sentence
    assert await _rows(empty_database_url, "SELECT count(*) FROM schema_migration") == [(1,)]


async def test_a_server_newer_than_pg_dump_is_migrated_without_a_dump(
    empty_database_url: str, backup: Backup
) -> None:
    await migrate(empty_database_url, [FIRST])
    old = Backup(backup.folder, backup.pg_dump, 15)
    assert await migrate(empty_database_url, [FIRST, SECOND], backup=old) == [SECOND]
    assert not backup.folder.exists()


async def test_only_the_newest_dumps_are_kept(empty_database_url: str, backup: Backup) -> None:
    backup.folder.mkdir()
    for n in range(7):
        (backup.folder / f"before-migration-0000-2020010{n}T000000Z.dump").touch()
    await migrate(empty_database_url, [FIRST])
    await migrate(empty_database_url, [FIRST, SECOND], backup=backup)
    kept = sorted(path.name for path in backup.folder.iterdir())
    assert len(kept) == 5
    assert kept[-1].startswith("before-migration-0001-")


async def test_the_password_is_on_no_command_line(empty_database_url: str, tmp_path: Path) -> None:
    spy = tmp_path / "pg_dump"
    spy.write_text(
        '#!/bin/sh\necho "$@" > "$(dirname "$0")/arguments"\necho "$PGPASSWORD" > "$(dirname "$0")/password"\nexit 1\n'
    )
    spy.chmod(0o700)
    params = conninfo_to_dict(empty_database_url)
    url = psycopg.conninfo.make_conninfo("", **{**params, "password": "hunter2"})
    await migrate(url, [FIRST])
    with pytest.raises(MigrationRefused):
        await migrate(url, [FIRST, SECOND], backup=Backup(tmp_path / "b", spy, 99))
    assert "hunter2" not in (tmp_path / "arguments").read_text()
    assert (tmp_path / "password").read_text() == "hunter2\n"


def test_two_files_with_one_number_are_refused(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").touch()
    (tmp_path / "0001_b.sql").touch()
    with pytest.raises(MigrationRefused, match="each number once"):
        read_migrations(tmp_path)


def test_a_file_with_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1_a.sql").touch()
    with pytest.raises(MigrationRefused, match="1_a"):
        read_migrations(tmp_path)


def test_statements_end_with_a_semicolon_at_the_end_of_a_line() -> None:
    sql = "-- reeld: no-transaction\nSELECT ';' ;\n\n-- only words\n;\nSELECT\n  2;  \n-- the end\n"
    statements = Migration(1, "x", sql).statements()
    assert [s.splitlines()[-1].strip() for s in statements] == ["SELECT ';'", "2"]
