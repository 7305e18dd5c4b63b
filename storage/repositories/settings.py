"""Small facts that the daemon remembers across restarts. No secrets."""

from __future__ import annotations

from typing import Any, Final

from psycopg.types.json import Jsonb

from reeld.storage._rows import Connection, Reader, execute, fetch_one

_PUT: Final = """
INSERT INTO daemon_setting (key, value) VALUES (%s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()
"""


async def get(source: Reader, key: str, default: Any = None) -> Any:
    """Return what is stored under a key (any JSON value), or the default."""
    row = await fetch_one(source, "SELECT value FROM daemon_setting WHERE key = %s", (key,))
    return default if row is None else row[0]


async def put(conn: Connection, key: str, value: object) -> None:
    """Store a JSON value under a key."""
    await execute(conn, _PUT, (key, Jsonb(value)))


async def forget(conn: Connection, key: str) -> bool:
    """Delete what is stored under a key; False when there was nothing."""
    return await execute(conn, "DELETE FROM daemon_setting WHERE key = %s", (key,)) == 1
