"""A real PostgreSQL for every test that wants one: one server a run, one fresh database a test."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import psycopg
import pytest
import trio
from psycopg import sql
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from reeld.storage import Database

# Nothing here has to survive a power cut.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of a server: the embedded one, or the one of REELD_TEST_DATABASE_URL."""
    given = os.environ.get("REELD_TEST_DATABASE_URL")
    if given:
        yield given
        return
    # Imported where it is used: a test that wants no database should not pay for one.
    from reeld.storage.embedded import EmbeddedServer

    settings = {**FORGETFUL, "shared_buffers": "32MB", "max_connections": "100"}
    server = EmbeddedServer(tmp_path_factory.mktemp("postgres"), settings=settings)
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


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database. Nobody leads it: its transactions are not fenced."""
    from reeld.storage import Database

    async with Database.open(database_url) as opened:
        yield opened
