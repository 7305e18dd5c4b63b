"""The embedded server: started, stopped, killed, recovered, fought over."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import trio

from reeld.storage import Database, TrioConnection
from reeld.storage.embedded import Binaries, EmbeddedServer
from reeld.storage.embedded import _postmaster as postmaster_module
from reeld.storage.embedded._directory import LONGEST_SOCKET_PATH, SOCKET_NAME, ServerDirectory
from reeld.storage.embedded._identity import Identity
from reeld.storage.embedded._postmaster import Postmaster
from reeld.storage.errors import DataDirectoryBusy, EmbeddedServerFailed

SMALL = {"shared_buffers": "16MB", "max_connections": "20"}

DAEMON = """
import pathlib, sys, trio
from reeld.storage.embedded import EmbeddedServer

async def main():
    async with EmbeddedServer(pathlib.Path(sys.argv[1]), settings={"shared_buffers": "16MB"}).running() as server:
        print("READY", server.pid, server.conninfo, flush=True)
        await trio.sleep_forever()

trio.run(main)
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedServer]:
    async with EmbeddedServer(tmp_path / "postgres", settings=SMALL).running() as running:
        yield running


class Daemon:
    """Another process that runs an embedded server."""

    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", DAEMON, str(root)], stdout=subprocess.PIPE, text=True
        )
        self.postmaster, self.conninfo = 0, ""

    def wait_ready(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "READY":
                pid, _, self.conninfo = rest.partition(" ")
                self.postmaster = int(pid)
                return
        raise AssertionError("the daemon ended without a word")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def clean_up(self) -> None:
        self.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()
        for order in (signal.SIGINT, signal.SIGKILL):
            for _ in range(100):
                if not self.postmaster or not _is_postgres(self.postmaster):
                    return
                os.kill(self.postmaster, order)
                time.sleep(0.05)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    other = Daemon(tmp_path / "postgres")
    try:
        other.wait_ready()
        yield other
    finally:
        other.clean_up()


def _is_postgres(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    # A zombie that nobody has collected yet is gone.
    return "(postgres)" in state and state.rpartition(")")[2].split()[0] != "Z"


async def _execute(conninfo: str, *statements: str) -> object:
    connection = await TrioConnection.connect(conninfo)
    try:
        for statement in statements:
            cursor = await connection.execute(statement.encode())
        return await cursor.fetchall() if cursor.description else None
    finally:
        await connection.close()


async def _show(server: EmbeddedServer, setting: str) -> str:
    rows = await _execute(server.conninfo, f"SHOW {setting}")
    return rows[0][0]


async def test_it_serves_reelds_database(server: EmbeddedServer) -> None:
    async with Database.open(server.conninfo) as database:
        assert await database.fetch_one("SELECT current_database(), current_user") == (
            "reeld",
            "reeld",
        )
    assert (await _show(server, "server_version")).startswith("18")
    assert server.pg_dump.is_file()


async def test_it_is_durable_checked_and_closed_to_others(server: EmbeddedServer) -> None:
    for setting in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert await _show(server, setting) == "on"
    assert await _show(server, "listen_addresses") == ""
    root = server.directory.root
    for folder in (root, root / "run", root / "data"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    collation = (
        "SELECT datcollate, datlocprovider, datlocale FROM pg_database WHERE datname = 'reeld'"
    )
    assert await _execute(server.conninfo, collation) == [("C", "b", "C.UTF-8")]
    assert await _execute(server.conninfo, "SELECT lower('ÉTÉ')") == [("été",)]


async def test_the_postmaster_has_a_session_of_its_own(server: EmbeddedServer) -> None:
    assert server.pid is not None
    assert os.getsid(server.pid) == server.pid
    assert os.getpgid(server.pid) != os.getpgid(0)


async def test_what_was_committed_is_there_after_a_stop(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "postgres", settings=SMALL)
    async with server.running():
        pid = server.pid
        await _execute(server.conninfo, "CREATE TABLE thing AS SELECT 7 AS n")
    assert pid is not None
    assert not _is_postgres(pid)
    async with server.running():
        assert await _execute(server.conninfo, "SELECT n FROM thing") == [(7,)]


async def test_stopping_does_not_wait_for_clients(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "postgres", settings=SMALL)
    with trio.fail_after(15):
        async with server.running():
            idle = await TrioConnection.connect(server.conninfo)
            await idle.execute("BEGIN")
    await idle.close()


async def test_a_postmaster_that_will_not_stop_is_stopped_harder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postmaster_module, "FAST_STOP_SECONDS", 0.2)
    monkeypatch.setattr(postmaster_module, "IMMEDIATE_STOP_SECONDS", 0.2)
    server = EmbeddedServer(tmp_path / "postgres", settings=SMALL)
    await server.start()
    assert server.pid is not None
    pid = server.pid
    os.kill(pid, signal.SIGSTOP)
    with trio.fail_after(5):
        await server.stop()
    assert not _is_postgres(pid)
    async with server.running():
        assert await _execute(server.conninfo, "SELECT 1") == [(1,)]


async def test_a_postmaster_that_ends_by_itself_is_started_again(server: EmbeddedServer) -> None:
    await _execute(server.conninfo, "CREATE TABLE thing AS SELECT 7 AS n")
    first = server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    async with Database.open(server.conninfo) as database:
        with trio.fail_after(30):
            while server.pid == first:
                await trio.sleep(0.01)
            assert await database.fetch_one("SELECT n FROM thing", deadline=30) == (7,)


async def test_a_folder_that_cannot_be_written_for_a_while_only_delays_the_next_start(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = 0

    def read_only(identity: Identity) -> int:
        nonlocal refusals
        refusals += 1
        if refusals < 3:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return opened(identity)

    opened = server.directory.open_log
    monkeypatch.setattr(server.directory, "open_log", read_only)
    first = server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    async with Database.open(server.conninfo) as database:
        with trio.fail_after(30):
            while server.pid == first:
                await trio.sleep(0.01)
            assert await database.fetch_one("SELECT 1", deadline=30) == (1,)
    assert refusals == 3


async def test_a_second_daemon_on_one_folder_is_told_who_has_it(
    daemon: Daemon, tmp_path: Path
) -> None:
    with pytest.raises(DataDirectoryBusy, match=f"process {daemon.process.pid} on ") as busy:
        await EmbeddedServer(tmp_path / "postgres").start()
    assert "REELD_DATA_DIR" in busy.value.sentence
    assert await _execute(daemon.conninfo, "SELECT 1") == [(1,)]


async def test_a_server_whose_daemon_was_killed_is_taken_over(
    daemon: Daemon, tmp_path: Path
) -> None:
    await _execute(daemon.conninfo, "CREATE TABLE thing AS SELECT 7 AS n")
    session = await TrioConnection.connect(daemon.conninfo)
    daemon.kill()
    assert _is_postgres(daemon.postmaster), "a killed daemon does not take its server down"
    async with EmbeddedServer(tmp_path / "postgres", settings=SMALL).running() as server:
        assert server.pid != daemon.postmaster
        assert not _is_postgres(daemon.postmaster)
        assert await _execute(server.conninfo, "SELECT n FROM thing") == [(7,)]
        with pytest.raises(psycopg.OperationalError):
            await session.execute("SELECT 1")
    await session.close()


async def test_daemon_and_server_killed_together_recover(daemon: Daemon, tmp_path: Path) -> None:
    await _execute(daemon.conninfo, "CREATE TABLE thing AS SELECT generate_series(1, 50000) AS n")
    daemon.process.kill()
    os.kill(daemon.postmaster, signal.SIGKILL)
    daemon.process.wait()
    async with EmbeddedServer(tmp_path / "postgres", settings=SMALL).running() as server:
        assert await _execute(server.conninfo, "SELECT count(*) FROM thing") == [(50000,)]


@pytest.mark.slow
async def test_a_crash_recovery_that_takes_longer_than_ten_seconds_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedServer(tmp_path / "postgres", settings=SMALL)
    await server.start()
    await _execute(
        server.conninfo,
        "CREATE TABLE thing AS SELECT n, repeat('x', 200) FROM generate_series(1, 300000) n",
    )
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.stop()

    started = time.monotonic()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.start)
        recovering = await _startup_process(server)
        os.kill(recovering, signal.SIGSTOP)
        await trio.sleep(11)
        os.kill(recovering, signal.SIGCONT)
    assert time.monotonic() - started > 10
    assert await _execute(server.conninfo, "SELECT count(*) FROM thing") == [(300000,)]
    await server.stop()


async def _startup_process(server: EmbeddedServer) -> int:
    while True:
        for child in postmaster_module._children(server.pid or 0):
            try:
                if b"startup" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return child
            except OSError:
                continue
        await trio.sleep(0.001)


async def test_a_start_without_a_sign_of_life_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postmaster_module, "STALL_SECONDS", 0.3)
    data = tmp_path / "data"
    data.mkdir()
    sleeper = await Postmaster.start(
        ["sleep", "60"], data=data, identity=Identity(), log_file=subprocess.DEVNULL
    )
    with pytest.raises(EmbeddedServerFailed, match="no progress"), trio.fail_after(10):
        await sleeper.ready(tmp_path / "postgres.log")
    await sleeper.stop()


async def test_a_cancelled_start_leaves_no_process_and_no_lock(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "postgres", settings=SMALL)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.start)
        while server.pid is None:
            await trio.sleep(0.001)
        pid = server.pid
        nursery.cancel_scope.cancel()
    assert not _is_postgres(pid)
    async with server.running():
        assert await _execute(server.conninfo, "SELECT 1") == [(1,)]


async def test_data_of_another_major_version_is_refused_with_advice(tmp_path: Path) -> None:
    root = tmp_path / "postgres"
    (root / "data").mkdir(parents=True)
    (root / "data" / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedServerFailed, match=r"PostgreSQL 15.*pg_dump.*pg_restore") as other:
        await EmbeddedServer(root).start()
    assert other.value.reason == "other_major_version"
    assert (root / "data" / "PG_VERSION").read_text() == "15\n"


async def test_a_setting_that_postgresql_refuses_is_told_from_its_log(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "postgres", settings={"shared_buffers": "nonsense"})
    with pytest.raises(EmbeddedServerFailed, match="shared_buffers"):
        await server.start()
    assert server.pid is None


async def test_a_folder_that_cannot_be_made_says_what_to_check(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedServerFailed, match="writable") as refused:
        await EmbeddedServer(tmp_path / "file" / "postgres").start()
    assert refused.value.reason == "data_directory_unusable"


async def test_a_half_made_database_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    async with EmbeddedServer(tmp_path / "postgres", settings=SMALL).running() as server:
        assert await _execute(server.conninfo, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("name", ["long" * 20, "a, b"])
async def test_a_path_unfit_for_a_socket_gets_a_short_private_one(
    tmp_path: Path, name: str
) -> None:
    root = tmp_path / name / "postgres"
    async with EmbeddedServer(root, settings=SMALL).running() as server:
        assert await _execute(server.conninfo, "SELECT 1") == [(1,)]
        folder = Path(str(psycopg.conninfo.conninfo_to_dict(server.conninfo)["host"]))
        assert len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_SOCKET_PATH
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.rmdir()


def test_a_socket_folder_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = ServerDirectory(tmp_path / "postgres")
    directory.prepare()
    (directory.root / "run").symlink_to(tmp_path)
    with pytest.raises(EmbeddedServerFailed, match="somebody else"):
        directory.socket_folder(Identity())


def test_a_pid_file_of_a_process_that_is_something_else_means_no_server(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n")
    assert Postmaster.orphan_of(tmp_path) is None
    (tmp_path / "postmaster.pid").write_text("nonsense")
    assert Postmaster.orphan_of(tmp_path) is None


def test_a_log_that_has_grown_large_is_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reeld.storage.embedded._directory.LARGEST_LOG_BYTES", 10)
    directory = ServerDirectory(tmp_path)
    directory.log.write_text("x" * 11)
    os.close(directory.open_log(Identity()))
    assert directory.log.stat().st_size == 0
    assert (tmp_path / "postgres.log.1").stat().st_size == 11


def test_missing_programs_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reeld.storage.embedded._binaries.PACKAGE", "no_such_package")
    with pytest.raises(EmbeddedServerFailed, match="REELD_DATABASE_URL"):
        Binaries.bundled()


async def test_the_log_says_nothing_that_is_in_the_rows(server: EmbeddedServer) -> None:
    connection = await TrioConnection.connect(server.conninfo)
    await connection.execute("CREATE TABLE thing (secret text PRIMARY KEY)")
    for _ in range(2):
        with contextlib.suppress(psycopg.errors.UniqueViolation):
            await connection.execute("INSERT INTO thing VALUES (%s)", ("hunter2",))
    with contextlib.suppress(psycopg.errors.UniqueViolation):
        await connection.execute("INSERT INTO thing VALUES ('hunter2')")
    await connection.close()
    log = server.directory.log.read_text()
    assert "duplicate key" in log
    assert "hunter2" not in log
