"""Brings a database to the schema of this version of reeld."""

from __future__ import annotations

import importlib.metadata
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog
import trio

from reeld.domain.errors import DatabaseUnavailable
from reeld.migrations._files import bundled_migrations
from reeld.storage.connection import TrioConnection
from reeld.storage.errors import MigrationRefused, StatementTimedOut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reeld.migrations._backup import Backup
    from reeld.migrations._files import Migration

log = structlog.get_logger("reeld.migrations")

LOCK: Final = 0x7265656C_64000002
"""The advisory lock of whoever migrates. The server gives it back when its session ends, so a kill -9 leaves none."""

LOCK_SECONDS: Final = 300.0
LOCK_POLL_SECONDS: Final = 0.2

STATEMENT_SECONDS: Final = 1800.0
"""How long one statement of a migration may take: much longer than any needs, on the largest library."""
ANSWER_SECONDS: Final = 10.0
"""So much later a server that does not answer any more, not even with its own timeout, is given up."""

SETTINGS: Final = "SET lock_timeout = '5s'; SET statement_timeout = '{seconds:g}s'; SET idle_in_transaction_session_timeout = 0"

TABLE: Final = """
CREATE TABLE IF NOT EXISTS schema_migration (
    number      integer PRIMARY KEY,
    name        text NOT NULL,
    sha256      text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now(),
    ms          integer NOT NULL,
    app_version text NOT NULL
)
"""

RECORD: Final = (
    "INSERT INTO schema_migration (number, name, sha256, ms, app_version)"
    " VALUES (%s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that a database has had.

    Attributes:
        number: Its place in the order.
        name: What it is about.
        sha256: The hash of what was run.
    """

    number: int
    name: str
    sha256: str


async def migrate(
    conninfo: str,
    migrations: Sequence[Migration] | None = None,
    *,
    backup: Backup | None = None,
) -> list[Migration]:
    """Apply what a database has not had yet, one transaction a file, and return it.

    Several processes may call this at once: one works, the others wait and then find nothing to do. Killed at any
    moment, the next call goes on where this one was.

    Args:
        conninfo: The database.
        migrations: What there is to apply; that of this version of reeld when left out.
        backup: Dumps a database that has a schema already before it is changed.

    Raises:
        MigrationRefused: A file was changed after it was applied, the database is newer than this reeld, or the dump
            failed: nothing was changed. Or a statement took longer than `STATEMENT_SECONDS`: its file was rolled back.
        DatabaseUnavailable: Another process migrates for longer than `LOCK_SECONDS`.
        psycopg.Error: A statement failed. Files before it stay applied, its own is rolled back.
    """
    wanted = bundled_migrations() if migrations is None else tuple(migrations)
    connection = await TrioConnection.connect(conninfo, application_name="reeld-migrate")
    try:
        connection.statement_seconds = STATEMENT_SECONDS + ANSWER_SECONDS
        await connection.execute(SETTINGS.format(seconds=STATEMENT_SECONDS).encode())
        await _take_lock(connection)
        await connection.execute(TABLE)
        applied = await _applied(connection)
        pending = plan(wanted, applied)
        if pending and applied and backup is not None:
            major = connection.info.server_version // 10000
            await backup.take(conninfo, server_major=major, version=applied[-1].number)
        for migration in pending:
            await _apply(connection, migration)
        return pending
    finally:
        await connection.close()


async def schema_version(connection: psycopg.AsyncConnection[Any]) -> int:
    """Return the number of the last migration a database has had; 0 for an empty one."""
    found = await connection.execute("SELECT to_regclass('schema_migration') IS NOT NULL")
    row = await found.fetchone()
    if row is None or not row[0]:
        return 0
    applied = await _applied(connection)
    return applied[-1].number if applied else 0


def plan(wanted: Sequence[Migration], applied: Sequence[Applied]) -> list[Migration]:
    """Return what is still to be applied.

    Raises:
        MigrationRefused: What was applied is not how `wanted` begins.
    """
    known = {migration.number: migration for migration in wanted}
    for had in applied:
        migration = known.get(had.number)
        if migration is None:
            raise MigrationRefused(
                f"The database has had migration {had.number:04}_{had.name}, which this reeld does not know:"
                " it was used by a newer version. Install that version, or restore a backup from before.",
                reason="database_newer",
            )
        if migration.sha256 != had.sha256:
            raise MigrationRefused(
                f"Migration {migration} was changed after it had been applied to this database."
                " Put the original file back: a change of the schema needs a new file.",
                reason="migration_changed",
            )
    last = applied[-1].number if applied else 0
    done = {had.number for had in applied}
    pending = [migration for migration in wanted if migration.number not in done]
    if pending and pending[0].number < last:
        raise MigrationRefused(
            f"Migration {pending[0]} is missing in this database although later ones were applied:"
            " give it a number after the last.",
            reason="migration_out_of_order",
        )
    return pending


async def _take_lock(connection: TrioConnection) -> None:
    # Not pg_advisory_lock: that one would obey lock_timeout, which is short on purpose.
    with trio.move_on_after(LOCK_SECONDS):
        while True:
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))
            if (row := await cursor.fetchone()) and row[0]:
                return
            await trio.sleep(LOCK_POLL_SECONDS)
    raise DatabaseUnavailable(
        f"Another reeld has been migrating this database for {LOCK_SECONDS:g} seconds."
        " Wait for it, or look at what holds it up.",
        reason="migration_locked",
    )


async def _applied(connection: psycopg.AsyncConnection[Any]) -> list[Applied]:
    cursor = await connection.execute(
        "SELECT number, name, sha256 FROM schema_migration ORDER BY number"
    )
    return [Applied(*row) for row in await cursor.fetchall()]


async def _apply(connection: TrioConnection, migration: Migration) -> None:
    log.info("migration_started", migration=str(migration))
    try:
        await _run(connection, migration)
    except (psycopg.errors.QueryCanceled, StatementTimedOut) as error:
        raise MigrationRefused(
            f"Migration {migration} took longer than {STATEMENT_SECONDS:g} seconds and was rolled back. Look at what else"
            " the server does, then start reeld again.",
            reason="migration_timed_out",
        ) from error
    log.info("migration_applied", migration=str(migration))


async def _run(connection: TrioConnection, migration: Migration) -> None:
    started = time.monotonic()
    if migration.in_transaction:
        async with connection.transaction():
            await connection.execute(migration.sql.encode())
            await _record(connection, migration, started)
    else:
        for statement in migration.statements():
            await connection.execute(statement.encode())
        await _record(connection, migration, started)


async def _record(connection: TrioConnection, migration: Migration, started: float) -> None:
    milliseconds = round((time.monotonic() - started) * 1000)
    values = (migration.number, migration.name, migration.sha256, milliseconds, _version())
    await connection.execute(RECORD, values)


def _version() -> str:
    return importlib.metadata.version("reeld")
