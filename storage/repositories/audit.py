"""The audit: what people and programs did through the control port. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from psycopg.types.json import Jsonb

from reeld.storage._rows import Connection, Reader, execute, fetch_all

_APPEND: Final = """
INSERT INTO control_audit (at, who, origin, action, target, reason, outcome, detail, by)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_PAGE: Final = """
SELECT at, who, origin, action, target, reason, outcome, detail, id, by FROM control_audit
WHERE {filter}id < %(before)s ORDER BY id DESC LIMIT %(limit)s
"""
_ALL: Final = _PAGE.replace("{filter}", "")
_OF_TARGET: Final = _PAGE.replace("{filter}", "target = %(target)s AND ")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change that was made or refused.

    Attributes:
        at: When (UTC).
        who: The name of the key that was used, or of the person who was logged in.
        origin: The address that the request came from.
        action: What was done.
        target: To what: an actor, a breaker, a piece of work.
        reason: Why, in the caller's words.
        outcome: `ok`, or the machine-readable reason of the refusal.
        detail: Values that JSON can hold; no secret.
        id: The row's number; 0 while it is not written.
        by: Whether `who` is a `person` or a `key`.
    """

    at: datetime
    who: str
    origin: str
    action: str
    target: str
    reason: str
    outcome: str
    detail: Mapping[str, object] = field(default_factory=dict)
    id: int = 0
    by: str = "key"


async def append(conn: Connection, entry: AuditEntry) -> None:
    """Write an entry."""
    await execute(
        conn,
        _APPEND,
        (
            entry.at,
            entry.who,
            entry.origin,
            entry.action,
            entry.target,
            entry.reason,
            entry.outcome,
            Jsonb(dict(entry.detail)),
            entry.by,
        ),
    )


async def page(
    source: Reader, *, target: str | None = None, before: int | None = None, limit: int = 100
) -> list[AuditEntry]:
    """Return entries, newest first; for more pass the last id as `before`."""
    params = {"target": target, "before": before or 2**63 - 1, "limit": limit}
    rows = await fetch_all(source, _ALL if target is None else _OF_TARGET, params)
    return [AuditEntry(*row) for row in rows]
