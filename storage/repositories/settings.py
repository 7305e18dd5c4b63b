"""Small facts that the daemon remembers across restarts, and the settings that were changed by hand. No secrets."""

from __future__ import annotations

from typing import Any, Final

from psycopg.types.json import Jsonb

from reeld.domain.settings import Change
from reeld.storage._rows import Connection, Reader, execute, fetch_all, fetch_one

_PUT: Final = """
INSERT INTO daemon_setting (key, value) VALUES (%s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()
"""
_CHANGED: Final = "setting:"
"""Begins the keys of settings that were changed."""
_CHANGES: Final = """
SELECT substr(key, %s), value -> 'value', value ->> 'by', updated_at FROM daemon_setting
WHERE starts_with(key, %s) ORDER BY key
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


async def changes(source: Reader) -> dict[str, Change]:
    """Return the settings that were changed by hand, by their dotted names."""
    rows = await fetch_all(source, _CHANGES, (len(_CHANGED) + 1, _CHANGED))
    return {name: Change(value, by, at) for name, value, by, at in rows}


async def change(conn: Connection, name: str, value: object, by: str) -> None:
    """Store what a setting was changed to, and by whom; None stores that it is as it was given again."""
    if value is None:
        await forget(conn, f"{_CHANGED}{name}")
    else:
        await put(conn, f"{_CHANGED}{name}", {"value": value, "by": by})
