"""What must not be forgotten of the database whose place a backup takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage._rows import Row
from reeld.storage.backup._rows import connected
from reeld.storage.connection import TrioConnection
from reeld.storage.errors import BackupFailed

# Outside systems remember what we asked of them, whatever our rows say: what was learned since stays known. And a
# calendar token that was replaced or revoked since must not read again.
TABLES: Final = ("breaker", "limiter", "calendar_token")

_REVOKED: Final = "SELECT hash, revoked_at FROM api_key WHERE revoked_at IS NOT NULL"

# Of any kind and name. What PostgreSQL makes by itself is in schemas whose names nobody else may use.
_EMPTY: Final = """
WITH own AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace IN (SELECT oid FROM own))
   AND NOT EXISTS (SELECT FROM pg_type WHERE typnamespace IN (SELECT oid FROM own))
   AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace IN (SELECT oid FROM own))
   AND NOT EXISTS (SELECT FROM pg_largeobject_metadata)
"""

_SEQUENCES: Final = """
SELECT schemaname, sequencename, coalesce(last_value, 0) FROM pg_sequences
WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'
"""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the former database knows.

    Attributes:
        empty: There is nothing at all in it, as in one of a new machine.
        sequences: Schema, name and last number of each.
        epoch: None when nobody ever led.
        rows: Columns and rows of those of `TABLES` that are there.
        revoked: Hash and time of each key that was revoked.
    """

    empty: bool
    sequences: list[Row]
    epoch: int | None
    rows: dict[str, tuple[list[str], list[Row]]]
    revoked: list[Row]


async def knowledge_of(conninfo: str, name: str) -> Knowledge:
    """Read what the former database, which is there, knows. What is not reeld's has less to tell.

    Raises:
        BackupFailed: It cannot be read.
    """
    try:
        async with connected(conninfo) as former:
            (empty,) = await _row(former, _EMPTY)
            sequences = await (await former.execute(_SEQUENCES)).fetchall()
            leads = await _has(former, "leader")
            epoch = (await _rows(former, "leader", "epoch"))[1] if leads else []
            rows = {each: await _rows(former, each) for each in TABLES if await _has(former, each)}
            revoked = []
            if await _has(former, "api_key"):
                revoked = await (await former.execute(_REVOKED)).fetchall()
    except (DatabaseUnavailable, psycopg.Error) as error:
        raise BackupFailed(
            f"The database {name} is there and cannot be read, so what it knows would be forgotten: {error}"
            f' Nothing was changed. Mend it, or put it aside (ALTER DATABASE "{name}" RENAME TO ...) and try again.',
            reason="former_database_unreadable",
        ) from error
    last = max((each[0] for each in epoch), default=None)
    return Knowledge(empty, sequences, last, rows, revoked)


async def carry_over(known: Knowledge, fresh: TrioConnection) -> None:
    """Keep what must not be forgotten: numbers given out, pauses promised, the epoch, what was revoked.

    A number that is used again would stand for two things in tags, logs and other people's notes.
    """
    for schema, name, last in known.sequences:
        if last:
            await fresh.execute(
                "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, %(last)s) FROM pg_sequences"
                " WHERE schemaname = %(schema)s AND sequencename = %(name)s"
                " AND coalesce(last_value, 0) < %(last)s",
                {"schema": schema, "name": name, "last": last},
            )
    if known.epoch is not None:
        await fresh.execute("UPDATE leader SET epoch = greatest(epoch, %s)", (known.epoch,))
    for hashed, revoked_at in known.revoked:
        await fresh.execute(
            "UPDATE api_key SET revoked_at = coalesce(revoked_at, %s) WHERE hash = %s",
            (revoked_at, hashed),
        )
    for name, (columns, rows) in known.rows.items():
        await _replace(fresh, name, columns, rows)


async def _has(former: TrioConnection, table: str) -> bool:
    (there,) = await _row(former, "SELECT to_regclass(%s) IS NOT NULL", table)
    return bool(there)


async def _row(former: TrioConnection, query: str, *values: Any) -> Row:
    row: Row | None = await (await former.execute(query, values)).fetchone()
    assert row is not None, "the statement answers with a row"
    return row


async def _rows(
    connection: TrioConnection, table: str, column: str | None = None
) -> tuple[list[str], list[Row]]:
    what = sql.Identifier(column) if column else sql.SQL("*")
    query = sql.SQL("SELECT {} FROM {}").format(what, sql.Identifier(table))
    cursor = await connection.execute(query)
    columns = [each.name for each in cursor.description or ()]
    return columns, await cursor.fetchall()


async def _replace(fresh: TrioConnection, table: str, columns: list[str], rows: list[Row]) -> None:
    """Put rows in the place of those of a table; columns that only one of the databases has do not matter."""
    have, _ = await _rows(fresh, table)
    both = [each for each in columns if each in have]
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, both)),
        sql.SQL(", ").join([sql.Placeholder()] * len(both)),
    )
    await fresh.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    for row in rows:
        values = dict(zip(columns, row, strict=True))
        await fresh.execute(insert, [values[each] for each in both])
