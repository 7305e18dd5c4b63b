"""The databases that restores have put aside: for a person to look at, and to drop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from reeld.storage.backup._names import BEFORE, stood_beside
from reeld.storage.backup._restore import database_of, maintenance
from reeld.storage.errors import BackupFailed

_NAMES: Final = "SELECT datname FROM pg_database ORDER BY datname"
_SIZE: Final = "SELECT datname, pg_database_size(datname) FROM pg_database WHERE datname = %s"


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
    async with maintenance(conninfo) as server:
        live = database_of(conninfo, server)
        names = [name for (name,) in await (await server.execute(_NAMES)).fetchall()]
        rows = [
            row
            for name in names
            if stood_beside(live, BEFORE, name)
            for row in await (await server.execute(_SIZE, (name,))).fetchall()
        ]
    return [FormerDatabase(*row) for row in rows]


async def drop_former_databases(conninfo: str, found: Iterable[FormerDatabase]) -> None:
    """Drop databases that were found, and no others, for good.

    Raises:
        DatabaseUnavailable: The server cannot be reached.
        BackupFailed: Somebody looks into one of them.
    """
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
