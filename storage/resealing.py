"""Sealing everything anew with the key that stands first: in small steps, beside a daemon that works on the rows.

Each step is a transaction of its own that changes a row only where it is still what was read, so a kill loses nothing
and whoever begins again goes on where the rows say. A step locks rows in the order in which others do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import trio

from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all
from reeld.storage.crashpoints import crash_point
from reeld.storage.vault import Vault, VaultError

MOST_PASSES: Final = 20
"""A pass that finds nothing to do is the last one; a daemon that seals with a former key could keep up for ever."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of sealed values.

    Attributes:
        row: An expression for what a value is bound to, as the code that seals it has it.
        order: How rows are locked.
        batch: So many rows a step: a .torrent may have ten megabytes.
    """

    table: str
    name: str
    row: str = "id::text"
    order: str = "id"
    batch: int = 500

    def statement(self, text: str) -> str:
        names = {"{table}": self.table, "{name}": self.name, "{row}": self.row}
        for name, value in (names | {"{order}": self.order}).items():
            text = text.replace(name, value)
        return text

    @property
    def place(self) -> Mapping[str, str]:
        return {"table": self.table, "column": self.name}


COLUMNS: Final = (
    _Column("indexer", "sealed_api_key"),
    _Column(
        "release",
        "sealed_link",
        row="CASE source WHEN 'torznab' THEN 'torznab:' || indexer_ref ELSE indexer END || E'\\n' || guid",
        order='indexer COLLATE "C", guid COLLATE "C"',
        # Mostly links, and .torrents of some megabytes that people handed in.
        batch=100,
    ),
    _Column("acquisition", "torrent", batch=4),
)
"""Every column that holds sealed values; a test compares them with the schema."""

# A sealed value begins with its version and the id of its key: see `reeld.storage.vault`.
_COUNT: Final = """
SELECT encode(substring({name} FROM 2 FOR 8), 'hex'), count(*) FROM {table}
WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 1
"""
# A database that is saved before its schema is brought up to date may lack a table.
_IS_THERE: Final = "SELECT 1 WHERE to_regclass(%s) IS NOT NULL"
_STALE: Final = """
SELECT id, {row} AS place, {name} FROM {table}
WHERE {name} IS NOT NULL AND substring({name} FROM 2 FOR 8) <> %s AND id > %s ORDER BY id LIMIT %s
"""
_LOCK: Final = "SELECT FROM {table} WHERE id = ANY(%s) ORDER BY {order} FOR NO KEY UPDATE"
_CHANGE: Final = """
UPDATE {table} SET {name} = given.fresh
FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) AS given (id, former, fresh)
WHERE {table}.id = given.id AND {name} = given.former
"""


@dataclass(frozen=True, slots=True)
class SealedRows:
    """How many rows of a table are sealed with a key."""

    table: str
    key_id: str
    rows: int


@dataclass(frozen=True, slots=True)
class Resealed:
    """What came of it.

    Attributes:
        rows: So many were sealed anew.
        unopened: So many no key opens; they stay as they are.
    """

    rows: int
    unopened: int


Tell = Callable[[int], None]
"""Is told how many rows are done."""


async def sealed_rows(source: Reader) -> list[SealedRows]:
    """Count what is sealed, by table and key. Reads the beginning of each value; the library decides how long it takes."""
    return [
        SealedRows(column.table, str(key_id), int(rows))
        for column in COLUMNS
        if await fetch_all(source, _IS_THERE, (column.table,))
        for key_id, rows in await fetch_all(source, column.statement(_COUNT))
    ]


async def reseal(connection: Connection, vault: Vault, tell: Tell) -> Resealed:
    """Seal every row with the first of the vault's keys, until none has another.

    Cancelled or killed between two steps, it may be begun again.

    Args:
        connection: Not in a transaction.
        vault: Has the former keys as well.
        tell: Called after each step, on the loop's thread.
    """
    done = unopened = 0

    def count(rows: int) -> None:
        nonlocal done
        done += rows
        tell(done)

    for _ in range(MOST_PASSES):
        before = done
        passes = [_Pass(connection, vault, column, count) for column in COLUMNS]
        unopened = sum([await each.run() for each in passes])
        if done == before:
            break
    return Resealed(done, unopened)


class _Pass:
    def __init__(self, connection: Connection, vault: Vault, column: _Column, count: Tell) -> None:
        self._connection, self._vault, self._column = connection, vault, column
        self._count = count
        self._after = 0

    async def run(self) -> int:
        unopened = 0
        while rows := await self._stale():
            self._after = int(rows[-1][0])
            fresh = await trio.to_thread.run_sync(self._sealed_anew, rows)
            self._count(
                await self._store([(row, new) for row, new in zip(rows, fresh, strict=True) if new])
            )
            unopened += fresh.count(None)
        return unopened

    async def _stale(self) -> list[Row]:
        current = bytes.fromhex(self._vault.key_id)
        statement = self._column.statement(_STALE)
        return await fetch_all(
            self._connection, statement, (current, self._after, self._column.batch)
        )

    def _sealed_anew(self, rows: Sequence[Row]) -> list[bytes | None]:
        return [self._anew(str(place), bytes(sealed)) for _, place, sealed in rows]

    def _anew(self, place: str, sealed: bytes) -> bytes | None:
        where = {**self._column.place, "row": place}
        try:
            return self._vault.seal_bytes(self._vault.unseal_bytes(sealed, **where), **where)
        except VaultError:
            return None

    async def _store(self, changed: Sequence[tuple[Row, bytes]]) -> int:
        if not changed:
            return 0
        ids = [row[0] for row, _ in changed]
        former, fresh = [row[2] for row, _ in changed], [new for _, new in changed]
        run = partial(execute, self._connection)
        async with self._connection.transaction():
            await run(self._column.statement(_LOCK), (ids,))
            rows = await run(self._column.statement(_CHANGE), (ids, former, fresh))
            crash_point("keys.batch.uncommitted")
        crash_point("keys.batch.committed")
        return rows
