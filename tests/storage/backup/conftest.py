"""A database with something in it, and a folder for its backups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.migrations import bundled_migrations, migrate
from reeld.storage.backup import BackupFolder, Source, Target
from reeld.storage.vault import KeyFile, Vault

FILL = """
INSERT INTO movie (tmdb_id, title, year, profile) SELECT n, 'Movie ' || n, 2000, 'Any' FROM generate_series(1, 20) n;
INSERT INTO history (movie_id, kind) SELECT 1 + n % 20, 'grabbed' FROM generate_series(1, 500) n;
INSERT INTO work_owner (owner, lock_key, host, pid) VALUES ('00000000-0000-0000-0000-000000000001', 7, 'gone', 1);
INSERT INTO work (queue, kind, state, attempt, worker, owner, deadline_at)
VALUES ('qbit', 'add-torrent', 'running', 1, '00000000-0000-0000-0000-000000000002',
        '00000000-0000-0000-0000-000000000001', now() + interval '1 hour');
UPDATE leader SET epoch = 5
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[BackupFolder]:
    """A folder for backups; this process works in it."""
    made = BackupFolder(tmp_path / "backups")
    with made.locked():
        yield made


@pytest.fixture
def filled(database_url: str) -> Iterator[str]:
    """The connection string of a database with movies, history and work that somebody runs."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(FILL)
    yield database_url
    _drop_beside(database_url)


def _drop_beside(url: str) -> None:
    """What restores put aside goes with the database whose place it had."""
    name = str(conninfo_to_dict(url)["dbname"])
    find = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    with psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True) as connection:
        for (other,) in connection.execute(find, (f"{name}_",)).fetchall():
            statement = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(other)))


@pytest.fixture
def source(filled: str, tmp_path: Path) -> Source:
    Vault.from_file(tmp_path / "vault.key")
    return Source(filled, KeyFile(tmp_path / "vault.key"), "1.2.3")


@pytest.fixture
def target(filled: str, tmp_path: Path) -> Target:
    newest = bundled_migrations()[-1].number
    return Target(filled, KeyFile(tmp_path / "vault.key"), newest, migrate)
