"""Writing events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from psycopg.types.json import Jsonb

from reeld.domain.history import Event, EventKind
from reeld.storage._rows import Connection, execute
from reeld.telemetry.tracing import current_traceparent

CHANNEL: Final = "reeld_event"
"""The channel of the hint that an event was committed; without payload, so PostgreSQL sends it once a transaction."""

_APPEND: Final = """
WITH written AS (
    INSERT INTO event (kind, movie_id, payload, traceparent) VALUES (%s, %s, %s, %s)
)
SELECT pg_notify('reeld_event', '')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEvent(Event):
    """A committed event.

    Attributes:
        id: Its position in the order in which every subscriber reads events; no later event gets a smaller one.
        movie_id: The movie that it is about, if it is about one.
        traceparent: The span in which it happened.
    """

    movie_id: int | None = None
    traceparent: str | None = None


async def append(
    conn: Connection,
    kind: EventKind,
    movie_id: int | None,
    payload: Mapping[str, object],
    *,
    traceparent: str | None = None,
) -> None:
    """Write an event in the transaction that makes it true.

    Args:
        conn: The connection with the transaction.
        kind: What happened; `EventKind` says what the payload of each kind holds.
        movie_id: The movie that it is about, if it is about one.
        payload: Values that JSON can hold; no secret.
        traceparent: The span in which it happened; the current one when left out.
    """
    traceparent = traceparent or current_traceparent()
    await execute(conn, _APPEND, (kind, movie_id, Jsonb(dict(payload)), traceparent))
