"""Answers that a repeated request gets again instead of being carried out twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reeld.storage._rows import Connection, Reader, execute, fetch_one

_FIND: Final = """
SELECT request, status, content_type, body FROM idempotent_answer
WHERE caller = %s AND key = %s AND at > now() - interval '24 hours'
"""

_KEEP: Final = """
INSERT INTO idempotent_answer (caller, key, request, status, content_type, body) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (caller, key) DO UPDATE SET request = excluded.request, status = excluded.status,
    content_type = excluded.content_type, body = excluded.body, at = now()
"""

_PRUNE: Final = "DELETE FROM idempotent_answer WHERE at < now() - interval '24 hours'"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer, and the digest of the request that it was given to."""

    request: bytes
    status: int
    content_type: str
    body: bytes


async def find(source: Reader, caller: bytes, key: bytes) -> KeptAnswer | None:
    """Return the answer of an earlier request of that caller under that key."""
    row = await fetch_one(source, _FIND, (caller, key))
    return None if row is None else KeptAnswer(*row)


async def keep(conn: Connection, caller: bytes, key: bytes, answer: KeptAnswer) -> None:
    """Keep an answer, and forget those that are older than a day."""
    values = (answer.request, answer.status, answer.content_type, answer.body)
    await execute(conn, _KEEP, (caller, key, *values))
    await execute(conn, _PRUNE, ())
