"""A real PostgreSQL for every test that wants one (one server a run, one fresh database a test), and a whole daemon."""

from __future__ import annotations

import importlib.util
import os
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode

import psycopg
import pytest
import structlog
import trio
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    import httpx

    from reeld.cli.daemon import Daemon, Started
    from reeld.cli.reload import SettingsReader
    from reeld.domain.settings import Settings
    from reeld.storage import Database

# Nothing here has to survive a power cut.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Whatever a test made of the logs, the next one finds them as structlog has them."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of a server: the embedded one, or the one of REELD_TEST_DATABASE_URL.

    REELD_TEST_POSTGRES_MAJOR says of which version the embedded one is: the oldest that a server outside may have is
    bundled too.
    """
    given = os.environ.get("REELD_TEST_DATABASE_URL")
    if given:
        yield given
        return
    # Imported where it is used: a test that wants no database should not pay for one.
    from reeld.storage.embedded import Binaries, EmbeddedServer

    settings = {**FORGETFUL, "shared_buffers": "32MB", "max_connections": "100"}
    binaries = Binaries.bundled(int(os.environ.get("REELD_TEST_POSTGRES_MAJOR", "18")))
    server = EmbeddedServer(
        tmp_path_factory.mktemp("postgres"), settings=settings, binaries=binaries
    )
    trio.run(server.start)
    try:
        yield server.conninfo
    finally:
        trio.run(server.stop)


def _create(server: str, *, template: str | None = None) -> str:
    name = f"reeld_test_{uuid.uuid4().hex[:12]}"
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
    return name


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


@pytest.fixture(scope="session")
def migrated_template(postgres_server: str) -> Iterator[str]:
    """The name of a database that holds the whole schema and nobody is connected to."""
    from reeld.migrations import migrate

    name = _create(postgres_server)
    try:
        trio.run(migrate, make_conninfo(postgres_server, dbname=name))
        yield name
    finally:
        _drop(postgres_server, name)


@pytest.fixture
def empty_database_url(postgres_server: str) -> Iterator[str]:
    """The connection string of a database without a schema."""
    name = _create(postgres_server)
    yield make_conninfo(postgres_server, dbname=name)
    _drop(postgres_server, name)


@pytest.fixture
def database_url(postgres_server: str, migrated_template: str) -> Iterator[str]:
    """The connection string of a fresh, migrated database."""
    name = _create(postgres_server, template=migrated_template)
    yield make_conninfo(postgres_server, dbname=name)
    _drop(postgres_server, name)


@pytest.fixture(scope="module")
def module_database_url(postgres_server: str, migrated_template: str) -> Iterator[str]:
    """The connection string of a fresh, migrated database for a whole module of tests."""
    name = _create(postgres_server, template=migrated_template)
    yield make_conninfo(postgres_server, dbname=name)
    _drop(postgres_server, name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database. Nobody leads it: its transactions are not fenced."""
    from reeld.storage import Database

    async with Database.open(database_url) as opened:
        yield opened


# Traces -----------------------------------------------------------------------------------------------------------------


def _receiver_module() -> Any:
    name = "reeld_tests_otlp_receiver"
    if name not in sys.modules:
        path = Path(__file__).with_name("otlp_receiver.py")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture
def collector() -> Iterator[Any]:
    """A receiver of traces over OTLP/HTTP; see `otlp_receiver.py`."""
    receiver = _receiver_module().OtlpReceiver()
    receiver.start()
    yield receiver
    receiver.stop()


class RecordedSpans:
    """The spans that this process has ended, by the real SDK with reeld's own sampler."""

    def __init__(self, exporter: Any) -> None:
        self._exporter = exporter

    @property
    def all(self) -> list[Any]:
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[Any]:
        return [span for span in self.all if span.name == name]

    def one(self, name: str) -> Any:
        (span,) = self.named(name)
        return span


@pytest.fixture
def spans() -> Iterator[RecordedSpans]:
    """Records every span of this process for one test."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from reeld.telemetry.tracing import recorded_by
    from reeld.telemetry.tracing._sampling import Rules

    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=Rules(1.0), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with recorded_by(provider):
        yield RecordedSpans(exporter)


# What a machine may lack ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def lacking() -> Callable[[str], NoReturn]:
    """Skips a test for want of something, with a line that says what; fails it where everything has to be there."""

    def lack(what: str) -> NoReturn:
        if os.environ.get("REELD_REQUIRE_SERVICES") == "1":
            pytest.fail(what, pytrace=False)
        pytest.skip(what)

    return lack


# A whole daemon in this process ------------------------------------------------------------------------------------------

DAEMON_KEY = "the-key-of-the-tests"


@dataclass(frozen=True, slots=True)
class RunningDaemon:
    """A daemon that does its work.

    Attributes:
        http: Calls it with the administrator's key.
        stranger: Calls it with no key.
    """

    daemon: Daemon
    started: Started
    http: httpx.AsyncClient
    stranger: httpx.AsyncClient


RunDaemon = Callable[..., AbstractAsyncContextManager[RunningDaemon]]


@pytest.fixture
def daemon_settings(tmp_path: Path, database_url: str) -> Settings:
    """The settings of a daemon on a fresh database, to which no outside service is known."""
    from reeld.domain.secret import Secret
    from reeld.domain.settings import LibrarySettings, ServerSettings, Settings

    options = conninfo_to_dict(database_url)
    name = options.pop("dbname")
    library = tmp_path / "library"
    library.mkdir()
    return Settings(
        data_dir=tmp_path / "data",
        database_url=Secret(f"postgresql:///{name}?{urlencode(options)}"),
        library=LibrarySettings(root_folder=library),
        server=ServerSettings(port=0, api_key=Secret(DAEMON_KEY)),
    )


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed with next to no work: how much it is in earnest is the library's to know."""
    from argon2 import PasswordHasher

    from reeld.http.identity import passwords

    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", quick)


@pytest.fixture
def run_daemon(quick_passwords: None) -> RunDaemon:
    """Runs a daemon with given settings for the length of a block, which begins when the daemon is ready."""
    import httpx

    from reeld.cli.daemon import Daemon

    @asynccontextmanager
    async def run(
        settings: Settings, reader: SettingsReader | None = None, *, key: str = DAEMON_KEY
    ) -> AsyncIterator[RunningDaemon]:
        daemon = Daemon(settings, reader)
        send, receive = trio.open_memory_channel[Any](1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(daemon.run, send.send)
            with trio.fail_after(60):
                started = await receive.receive()
            headers = {"X-Api-Key": key}
            async with (
                httpx.AsyncClient(base_url=daemon.url, headers=headers, timeout=30) as http,
                httpx.AsyncClient(base_url=daemon.url, timeout=30) as stranger,
            ):
                try:
                    yield RunningDaemon(daemon, started, http, stranger)
                finally:
                    daemon.stop()

    return run


@pytest.fixture
async def running_daemon(
    run_daemon: RunDaemon, daemon_settings: Settings
) -> AsyncIterator[RunningDaemon]:
    """A daemon that does its work, on a fresh database, to which no outside service is known."""
    async with run_daemon(daemon_settings) as running:
        yield running
