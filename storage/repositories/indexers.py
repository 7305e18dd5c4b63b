"""Indexers that speak Torznab or Newznab. Their API keys are sealed; nothing here unseals one but `unsealed`.

Each change hints at the actor that keeps one actor an indexer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Final

import psycopg
from psycopg.types.json import Jsonb

from reeld.domain.errors import InvalidField, NotFound
from reeld.domain.indexer import IndexerRules
from reeld.domain.release import IndexerFlag
from reeld.domain.torznab import (
    NO_SECRET,
    Implementation,
    Indexer,
    NewIndexer,
    part_of,
    require_storable,
)
from reeld.domain.work import Queue
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.storage.vault import Vault
from reeld.storage.work import CHANNEL

_VALUES: Final = tuple(each.name for each in fields(NewIndexer) if each.name != "api_key")
_COLUMNS: Final = ", ".join((*_VALUES, "id", "sealed_api_key", "added_at", "changed_at"))

_ALL: Final = "SELECT {columns}, xmin::text FROM indexer ORDER BY name, id".replace(
    "{columns}", _COLUMNS
)
_GET: Final = "SELECT {columns}, xmin::text FROM indexer WHERE id = %s".replace(
    "{columns}", _COLUMNS
)

_INSERT: Final = (
    "INSERT INTO indexer ({columns}) VALUES ({values}) RETURNING id".replace(
        "{columns}", ", ".join(_VALUES)
    )
).replace("{values}", ", ".join(f"%({name})s" for name in _VALUES))

_UPDATE: Final = (
    "UPDATE indexer SET {values}, changed_at = now() WHERE id = %(id)s RETURNING id".replace(
        "{values}", ", ".join(f"{name} = %({name})s" for name in _VALUES)
    )
)

_SEAL: Final = "UPDATE indexer SET sealed_api_key = %s WHERE id = %s"

# What a removed indexer of that name had, and still has under it, stays as it is.
_RENAME_RELEASES: Final = """
UPDATE release r SET indexer = %(name)s
WHERE source = 'torznab' AND indexer_ref = %(id)s AND indexer <> %(name)s AND NOT EXISTS (
    SELECT FROM release other WHERE other.indexer = %(name)s AND other.guid = r.guid)
"""

_FORGET: Final = (
    "DELETE FROM feed WHERE name = %s",
    "DELETE FROM limiter WHERE name = %s",
    "DELETE FROM breaker WHERE name = %s",
)


async def parts_read(source: Reader) -> list[str]:
    """Return the queues of the indexers whose newest releases are read."""
    return [each.part for each in await every(source) if each.enable_rss]


async def every(source: Reader) -> list[Indexer]:
    """Return all indexers by name, without their keys."""
    return [_indexer(row) for row in await fetch_all(source, _ALL)]


async def get(source: Reader, indexer_id: int) -> Indexer:
    """Return an indexer without its key.

    Raises:
        NotFound: There is none with that number.
    """
    row = await fetch_one(source, _GET, (indexer_id,))
    if row is None:
        raise _missing(indexer_id)
    return _indexer(row)


async def rules(source: Reader) -> Mapping[str, IndexerRules]:
    """Return what is asked of the releases of each indexer, by its name."""
    return {each.name: each.rules for each in await every(source)}


async def save(conn: Connection, vault: Vault, indexer: NewIndexer, indexer_id: int = 0) -> int:
    """Store an indexer, a new one when its number is 0, and return its number.

    Args:
        conn: The connection with the transaction.
        vault: Seals the key.
        indexer: With its key. To keep the stored one, give `unsealed` before.
        indexer_id: Which one to replace.

    Raises:
        NotFound: There is none with that number.
        InvalidField: Another one has that name (reason `name_taken`), or a credential stands where it is not sealed.
    """
    require_storable(indexer)
    values = {name: _stored(getattr(indexer, name)) for name in _VALUES}
    statement = _UPDATE if indexer_id else _INSERT
    try:
        async with conn.transaction():
            row = await fetch_one(conn, statement, values | {"id": indexer_id})
    except psycopg.errors.UniqueViolation:
        complaint = f"there is an indexer {indexer.name!r} already; choose another."
        raise InvalidField("name", complaint, reason="name_taken") from None
    if row is None:
        raise _missing(indexer_id)
    number = int(row[0])
    sealed = vault.seal(indexer.api_key, **_place(number)) if indexer.api_key else None
    await execute(conn, _SEAL, (sealed, number))
    await execute(conn, _RENAME_RELEASES, {"name": indexer.name, "id": str(number)})
    await _hint(conn)
    return number


async def delete(conn: Connection, indexer_id: int) -> None:
    """Remove an indexer, and what is remembered of it; its releases stay as long as others do.

    Raises:
        NotFound: There is none with that number.
    """
    if not await execute(conn, "DELETE FROM indexer WHERE id = %s", (indexer_id,)):
        raise _missing(indexer_id)
    for statement in _FORGET:
        await execute(conn, statement, (part_of(indexer_id),))
    await _hint(conn)


def unsealed(vault: Vault, indexer: Indexer) -> Indexer:
    """Return an indexer with its key.

    Raises:
        VaultError: The key file is not the one that it was sealed with.
    """
    if indexer.sealed_api_key is None:
        return replace(indexer, api_key=NO_SECRET)
    return replace(indexer, api_key=vault.unseal(indexer.sealed_api_key, **_place(indexer.id)))


async def _hint(conn: Connection) -> None:
    await execute(conn, "SELECT pg_notify(%s, %s)", (CHANNEL, Queue.INDEXERS))


def _place(indexer_id: int) -> dict[str, str]:
    return {"table": "indexer", "column": "sealed_api_key", "row": str(indexer_id)}


def _missing(indexer_id: int) -> NotFound:
    return NotFound(f"There is no indexer {indexer_id}.")


def _stored(value: object) -> object:
    match value:
        case IndexerFlag():
            return int(value)
        case tuple():
            return list(value)
        case Mapping():
            return Jsonb(dict(value))
        case Implementation():
            return str(value)
        case _:
            return value


def _indexer(row: Row) -> Indexer:
    names = (*_VALUES, "id", "sealed_api_key", "added_at", "changed_at", "version")
    values = dict(zip(names, row, strict=True))
    for name in ("categories", "multi_languages", "fail_downloads", "tags"):
        values[name] = tuple(values[name])
    values["implementation"] = Implementation(values["implementation"])
    values["required_flags"] = IndexerFlag(values["required_flags"])
    return Indexer(**values)
