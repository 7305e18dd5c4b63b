"""A whole outside for the commands, and a daemon that lives in it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from reeld.cli.app import run_app
from reeld.cli.doctor._patient import embedded_conninfo
from reeld.simulators.world import World

START_SECONDS = 60.0
STOP_SECONDS = 30.0


def variables_of(world: World) -> dict[str, str]:
    """The variables that lead a daemon to the world's simulators."""
    username, password = world.qbittorrent.credentials
    feed = {
        "name": "open-movies",
        "url": world.rss.feed_url,
        "interval_seconds": 2,
        "spacing_seconds": 0,
    }
    return {
        "REELD_TMDB_URL": world.tmdb.url,
        "REELD_TMDB_TOKEN": world.tmdb.token,
        "REELD_HDBITS_URL": world.hdbits.url,
        "REELD_HDBITS_USERNAME": world.hdbits.username,
        "REELD_HDBITS_PASSKEY": world.hdbits.passkey,
        "REELD_HDBITS_POLL_SECONDS": "5",
        "REELD_HDBITS_SPACING_SECONDS": "0.1",
        "REELD_HDBITS_CALLS_PER_HOUR": "10000",
        "REELD_QBITTORRENT_URL": world.qbittorrent.url,
        "REELD_QBITTORRENT_USERNAME": username,
        "REELD_QBITTORRENT_PASSWORD": password,
        "REELD_QBITTORRENT_POLL_SECONDS": "0.3",
        "REELD_FEEDS": json.dumps([feed]),
    }


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """TMDB, HDBits, a feed and qBittorrent."""
    async with World.open(tmp_path / "world") as opened:
        opened.downloads.mkdir(parents=True, exist_ok=True)
        yield opened


@pytest.fixture
def environ(world: World, tmp_path: Path) -> dict[str, str]:
    """Variables with which everything is well."""
    (tmp_path / "library").mkdir()
    return {
        "REELD_DATA_DIR": str(tmp_path / "data"),
        "REELD_BIND": "127.0.0.1:0",
        "REELD_LIBRARY_ROOT_FOLDER": str(tmp_path / "library"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        **variables_of(world),
    }


def clean_environment() -> dict[str, str]:
    """The process's environment without any setting."""
    return {name: value for name, value in os.environ.items() if not name.startswith("REELD_")}


@dataclass
class Run:
    """`reeld run` as a process."""

    process: subprocess.Popen[bytes]
    log: Path
    data: Path

    @property
    def said(self) -> str:
        """What it wrote to standard error."""
        return self.log.read_text(errors="replace")

    def wait_until_ready(self) -> None:
        """Wait for the sentence that says where it answers."""
        end = time.monotonic() + START_SECONDS
        while "reeld is ready at" not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        """Wait for its end and return the exit status."""
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"it did not end\n{self.said}") from None


def start_daemon(environ: dict[str, str], folder: Path, *flags: str) -> Run:
    """Start `reeld run` and return at once."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"run-{time.monotonic_ns()}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "reeld", "run", *flags],
            env={**clean_environment(), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
        )
    return Run(process, log, Path(environ["REELD_DATA_DIR"]))


@pytest.fixture
def daemon_starter() -> Callable[..., Run]:
    """Starts daemons; whoever uses it stops them."""
    return start_daemon


@dataclass
class Household:
    """A daemon with its world, and what leads a command to it."""

    environ: dict[str, str]
    run: Run

    def execute(self, sql: str, *parameters: object) -> list[Any]:
        """Run a statement in the daemon's database and return its rows."""
        conninfo = embedded_conninfo(self.run.data / "postgres")
        assert conninfo is not None
        with psycopg.connect(conninfo, autocommit=True) as connection:
            found = connection.execute(sql, parameters)
            return found.fetchall() if found.description else []


def _live_in(folder: Path, opened: queue.Queue[Any], download_seconds: float) -> None:
    async def main() -> None:
        async with World.open(folder, download_seconds=download_seconds) as world:
            ended = trio.Event()
            opened.put((world, trio.lowlevel.current_trio_token(), ended))
            await ended.wait()

    trio.run(main)


@pytest.fixture(scope="module")
def household(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    """A daemon that works, its simulators in a thread of this process."""
    folder = tmp_path_factory.mktemp("household")
    opened: queue.Queue[Any] = queue.Queue()
    thread = threading.Thread(target=_live_in, args=(folder / "world", opened, 1.0))
    thread.start()
    world, token, ended = opened.get(timeout=START_SECONDS)
    environ = {
        "REELD_DATA_DIR": str(folder / "data"),
        "REELD_BIND": "127.0.0.1:0",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "REELD_REHEARSALS": "true",
        **variables_of(world),
    }
    run = start_daemon(environ, folder)
    try:
        run.wait_until_ready()
        yield Household(environ, run)
    finally:
        status = run.stop()
        token.run_sync_soon(ended.set)
        thread.join(STOP_SECONDS)
    assert status == 0, run.said


@dataclass(frozen=True)
class Answer:
    """What a command printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it is."""
        return json.loads(self.out)


Command = Callable[..., Answer]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process."""
    for name in [name for name in os.environ if name.startswith("REELD_")]:
        monkeypatch.delenv(name)

    def call(*arguments: str, environ: dict[str, str] | None = None) -> Answer:
        for name, value in (environ or {}).items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = run_app(list(arguments))
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return call
