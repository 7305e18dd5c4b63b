"""Answers of outside services that need not be asked for again yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from reeld.storage._rows import Connection, Reader, execute, fetch_one

_GET: Final = """
SELECT key, etag, document, body, fetched_at, expires_at, expires_at > now() FROM metadata_cache WHERE key = %s
"""

_PUT: Final = """
INSERT INTO metadata_cache (key, etag, document, body, expires_at)
VALUES (%(key)s, %(etag)s, %(document)s, %(body)s, now() + make_interval(secs => %(seconds)s))
ON CONFLICT (key) DO UPDATE SET etag = excluded.etag, document = excluded.document, body = excluded.body,
                                fetched_at = now(), expires_at = excluded.expires_at
"""

_TOUCH: Final = """
UPDATE metadata_cache SET fetched_at = now(), expires_at = now() + make_interval(secs => %s) WHERE key = %s
"""

_EVICT: Final = """
DELETE FROM metadata_cache WHERE key IN (
    SELECT key FROM metadata_cache WHERE expires_at < now() - make_interval(days => %s)
    ORDER BY expires_at LIMIT %s)
"""


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """A stored answer: `document` (JSON) or `body` (bytes), never both.

    Attributes:
        etag: What to send as If-None-Match once it is not fresh any more.
        is_fresh: Whether it may be used without asking.
    """

    key: str
    etag: str | None
    document: Any
    body: bytes | None
    fetched_at: datetime
    expires_at: datetime
    is_fresh: bool


async def get(source: Reader, key: str) -> CachedAnswer | None:
    """Return what is stored under a key, fresh or not, or None."""
    row = await fetch_one(source, _GET, (key,))
    return None if row is None else CachedAnswer(*row)


async def put(
    conn: Connection, key: str, content: object, *, seconds: float, etag: str | None = None
) -> None:
    """Store an answer that stays fresh for `seconds`: bytes as they are, anything else as JSON."""
    is_bytes = isinstance(content, bytes)
    params = {
        "key": key,
        "etag": etag,
        "document": None if is_bytes else Jsonb(content),
        "body": content if is_bytes else None,
        "seconds": seconds,
    }
    await execute(conn, _PUT, params)


async def touch(conn: Connection, key: str, *, seconds: float) -> bool:
    """Make a stored answer fresh again (the service said 304); False when there is none."""
    return await execute(conn, _TOUCH, (seconds, key)) == 1


async def evict(conn: Connection, *, days: int = 30, limit: int = 1000) -> int:
    """Delete up to `limit` answers that went stale more than `days` ago."""
    return await execute(conn, _EVICT, (days, limit))
