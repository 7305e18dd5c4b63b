"""The databases that restores have put aside: for a person to look at, and to drop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from reeld.storage.backup._restore import BEFORE, maintenance, named
from reeld.storage.errors import BackupFailed

_FIND: Final = """
SELECT datname, pg_database_size(datname) FROM pg_database WHERE starts_with(datname, %s) ORDER BY datname
"""


@dataclass(frozen=True, slots=True)
class FormerDatabase:
    """A database whose place a backup has taken."""

    name: str
    bytes: int


async def former_databases(conninfo: str) -> list[FormerDatabase]:
    """Return what restores of a database have put aside, oldest first.

    Raises:
        DatabaseUnavailable: The server cannot be reached.
    """
    prefix = named(str(conninfo_to_dict(conninfo).get("dbname", "")), BEFORE)
    async with maintenance(conninfo) as server:
        rows = await (await server.execute(_FIND, (prefix,))).fetchall()
    return [FormerDatabase(*row) for row in rows]


async def drop_former_databases(conninfo: str) -> list[FormerDatabase]:
    """Drop them for good, and return them.

    Raises:
        DatabaseUnavailable: The server cannot be reached.
        BackupFailed: Somebody looks into one of them.
    """
    found = await former_databases(conninfo)
    async with maintenance(conninfo) as server:
        for each in found:
            drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(each.name))
            try:
                await server.execute(drop)
            except psycopg.errors.ObjectInUse as error:
                raise BackupFailed(
                    f"Somebody is connected to {each.name}: close that connection, then drop it.",
                    reason="database_in_use",
                ) from error
    return found
