"""What a restored database is told before anybody works with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from reeld.domain.history import EventKind
from reeld.storage._rows import Row
from reeld.storage.backup._manifest import Manifest
from reeld.storage.connection import TrioConnection
from reeld.storage.errors import BackupFailed
from reeld.storage.events import append

# Outside systems remember what we asked of them, whatever our rows say: what was learned since stays known.
KNOWLEDGE: Final = ("breaker", "limiter")

# The epoch never goes back, so that nobody who led before can write. Nobody holds the lead.
_LEADER: Final = """
UPDATE leader SET epoch = greatest(epoch, %s) + 1, holder = NULL, lock_key = NULL, host = '', pid = NULL,
                  lease_until = now()
"""

# Whoever had claimed it is long gone, and it is not the work's fault.
_GIVE_BACK: Final = """
UPDATE work SET state = 'available', attempt = greatest(attempt - 1, 0), run_at = now(), again = false,
                worker = NULL, owner = NULL, deadline_at = NULL,
                reason = 'restored', sentence = 'It ran when the backup was made; it is done again.'
WHERE state = 'running'
"""

_MARK: Final = "INSERT INTO restoration (backup, taken_at) VALUES (%s, %s)"

_SEQUENCES: Final = """
SELECT schemaname, sequencename, coalesce(last_value, 0) FROM pg_sequences
WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to.

    Attributes:
        backup: Its name.
        kept: The name under which the former database is kept; None when there was none.
        work_waiting: How much work waits to be done again.
    """

    backup: str
    kept: str | None
    work_waiting: int


async def carry_over(former: TrioConnection, fresh: TrioConnection) -> None:
    """Keep what must not be forgotten of the former database: numbers given out, pauses promised, the epoch.

    A number that is used again would stand for two things in tags, logs and other people's notes. A former database
    that is empty, damaged or of another schema has nothing to tell.
    """
    try:
        sequences = await (await former.execute(_SEQUENCES)).fetchall()
        epoch = await (await former.execute("SELECT epoch FROM leader")).fetchone()
        known = {name: await _rows(former, name) for name in KNOWLEDGE}
    except psycopg.Error:
        return
    await _raise_sequences(fresh, sequences)
    if epoch is not None:
        await fresh.execute("UPDATE leader SET epoch = greatest(epoch, %s)", epoch)
    for name, (columns, rows) in known.items():
        await _replace(fresh, name, columns, rows)


async def mark_restored(connection: TrioConnection, backup: str, manifest: Manifest) -> None:
    """Write that the rows are older than the world, in the caller's transaction."""
    await connection.execute(_LEADER, (0,))
    await connection.execute(_GIVE_BACK)
    await connection.execute("DELETE FROM work_owner")
    await connection.execute(_MARK, (backup, manifest.taken_at))
    payload = {"backup": backup, "taken_at": manifest.taken_at.isoformat()}
    await append(connection, EventKind.BACKUP_RESTORED, None, payload)


async def require_restored(connection: TrioConnection, backup: str, kept: str | None) -> Restored:
    """Look at the database under its final name.

    Raises:
        BackupFailed: It is not the restored one.
    """
    found = await connection.execute("SELECT backup FROM restoration ORDER BY id DESC LIMIT 1")
    row = await found.fetchone()
    if row is None or row[0] != backup:
        raise BackupFailed(
            f"The restored database is not there under its name; the former one is kept as {kept}. Restore again.",
            reason="swap_failed",
        )
    waiting = await connection.execute("SELECT count(*) FROM work WHERE state = 'available'")
    count = await waiting.fetchone()
    return Restored(backup, kept, int(count[0]) if count else 0)


async def _rows(former: TrioConnection, table: str) -> tuple[list[str], list[Row]]:
    cursor = await former.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
    columns = [column.name for column in cursor.description or ()]
    return columns, await cursor.fetchall()


async def _raise_sequences(fresh: TrioConnection, sequences: list[Row]) -> None:
    for schema, name, last in sequences:
        if last:
            await fresh.execute(
                "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, %(last)s) FROM pg_sequences"
                " WHERE schemaname = %(schema)s AND sequencename = %(name)s"
                " AND coalesce(last_value, 0) < %(last)s",
                {"schema": schema, "name": name, "last": last},
            )


async def _replace(fresh: TrioConnection, table: str, columns: list[str], rows: list[Row]) -> None:
    cursor = await fresh.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(table)))
    if [column.name for column in cursor.description or ()] != columns:
        return
    insert = sql.SQL("INSERT INTO {} VALUES ({})").format(
        sql.Identifier(table), sql.SQL(", ").join([sql.Placeholder()] * len(columns))
    )
    await fresh.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    for row in rows:
        await fresh.execute(insert, row)
