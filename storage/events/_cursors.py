"""Reading events, each subscriber at its own pace."""

from __future__ import annotations

from typing import Final

from reeld.domain.errors import ReeldError
from reeld.domain.history import EventKind
from reeld.storage._rows import Connection, Row, execute, fetch_one
from reeld.storage.database import Database
from reeld.storage.events._outbox import OutboxEvent, append

_PLACE_LOCK: Final = 0x7265656C_64000003
"""The advisory lock of whoever numbers events, for one short transaction."""

_BATCH: Final = 1000

_UNPLACED: Final = "SELECT EXISTS (SELECT FROM event WHERE position IS NULL)"

# Identity values are taken before the commit, so an event with a smaller id can become visible after one with a
# larger id was read: a cursor of ids would skip it. So committed events are numbered afterwards, by one transaction
# at a time. (Comparing transaction ids with the snapshot's xmin would do too, until the database is restored into
# another cluster, where they start over, or any transaction in the whole cluster stays open.)
_PLACE: Final = """
UPDATE event SET position = placed.position
FROM (
    SELECT id, nextval('event_position') AS position
    FROM (SELECT id FROM event WHERE position IS NULL ORDER BY id LIMIT %s) AS unplaced
) AS placed
WHERE event.id = placed.id
"""

_READ: Final = """
SELECT position, kind, payload, at, movie_id, traceparent FROM event
WHERE position > %s ORDER BY position LIMIT %s
"""

_READ_AFTER_CURSOR: Final = """
SELECT position, kind, payload, at, movie_id, traceparent FROM event
WHERE position > (SELECT position FROM event_cursor WHERE subscriber = %s)
ORDER BY position LIMIT %s
"""

_ADVANCE: Final = """
UPDATE event_cursor SET position = %(position)s, updated_at = now()
WHERE subscriber = %(subscriber)s AND position < %(position)s
"""

_SUBSCRIBE: Final = """
INSERT INTO event_cursor (subscriber, position)
VALUES (%s, CASE WHEN %s THEN 0 ELSE (SELECT coalesce(max(position), 0) FROM event) END)
ON CONFLICT (subscriber) DO NOTHING
"""

_WINDOW: Final = """
SELECT coalesce(min(position), 0), coalesce(max(position), 0) FROM event
"""

_NUMBERED: Final = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM event_position"

_OLDEST: Final = "SELECT min(position) FROM event"

_LAG: Final = """
SELECT c.subscriber,
       (SELECT count(*) FROM (SELECT FROM event WHERE position > c.position OR position IS NULL LIMIT 10000) AS unread)
FROM event_cursor c ORDER BY c.subscriber
"""

_PRUNE: Final = """
DELETE FROM event WHERE id IN (
    SELECT id FROM event
    WHERE position <= (SELECT min(position) FROM event_cursor) AND at < now() - make_interval(days => %s)
    ORDER BY position LIMIT %s
)
"""


class EventHandled(ReeldError):
    """This subscriber has reacted to the event already: the transaction must not commit."""

    default_reason = "event_handled"

    def __init__(self, subscriber: str, position: int) -> None:
        super().__init__(
            f"{subscriber} has handled event {position} already: nothing was done twice."
        )


class Events:
    """The outbox as its readers see it.

    A subscriber reads its events in order, and moves its cursor in the transaction of its reaction: so each reaction
    is committed exactly once, however often the process dies in between.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    append = staticmethod(append)

    async def subscribe(self, subscriber: str, *, from_start: bool = True) -> None:
        """Give a subscriber a cursor, unless it has one.

        Args:
            subscriber: Its name.
            from_start: Whether it reads the events that are there already.
        """
        async with self._database.transaction() as conn:
            await _place(conn)
            await execute(conn, _SUBSCRIBE, (subscriber, from_start))

    async def unsubscribe(self, subscriber: str) -> None:
        """Forget a subscriber, so that events need not be kept for it."""
        async with self._database.transaction() as conn:
            await execute(conn, "DELETE FROM event_cursor WHERE subscriber = %s", (subscriber,))

    async def read_after(self, subscriber: str, limit: int = 100) -> list[OutboxEvent]:
        """Return the next events that a subscriber has not reacted to, oldest first.

        Nothing is claimed: two readers of one subscriber see the same events, and `advance` lets one of them through.
        """
        await self._number()
        rows = await self._database.fetch_all(_READ_AFTER_CURSOR, (subscriber, limit))
        return [_event(row) for row in rows]

    async def read_from(self, position: int, limit: int = 100) -> list[OutboxEvent]:
        """Return the events after a position, for a reader that keeps its own place, such as a live view."""
        await self._number()
        return [_event(row) for row in await self._database.fetch_all(_READ, (position, limit))]

    async def last_position(self) -> int:
        """Return the position of the newest event; 0 when there is none."""
        await self._number()
        row = await self._database.fetch_one("SELECT coalesce(max(position), 0) FROM event")
        return 0 if row is None else int(row[0])

    async def window(self) -> tuple[int, int]:
        """Return the positions of the oldest event that is kept and of the newest that ever was.

        When none is kept, the oldest is the one that comes next.
        """
        async with self._database.transaction() as conn:
            # While this holds the lock nobody numbers events, so that the sequence says no more than the rows did.
            await _place(conn)
            row = await fetch_one(conn, _WINDOW)
            oldest, newest = (0, 0) if row is None else (int(row[0]), int(row[1]))
            if newest == 0:
                row = await fetch_one(conn, _NUMBERED)
                newest = 0 if row is None else int(row[0])
                oldest = newest + 1
        return oldest, newest

    async def oldest_position(self) -> int | None:
        """Return the position of the oldest event that is kept; None when none is."""
        row = await self._database.fetch_one(_OLDEST)
        return None if row is None or row[0] is None else int(row[0])

    @staticmethod
    async def advance(conn: Connection, subscriber: str, position: int) -> None:
        """Move a subscriber's cursor to an event's id, in the transaction of its reaction to that event.

        Events must be handled in their order; several may be handled in one transaction.

        Raises:
            EventHandled: The cursor is there or beyond already, or there is no such subscriber.
        """
        if await execute(conn, _ADVANCE, {"position": position, "subscriber": subscriber}) != 1:
            raise EventHandled(subscriber, position)

    async def lag(self) -> dict[str, int]:
        """Return how many events each subscriber has still to read; counted up to 10,000."""
        return {row[0]: int(row[1]) for row in await self._database.fetch_all(_LAG)}

    async def prune(self, days: int = 7, limit: int = 1000) -> int:
        """Delete up to `limit` events that every subscriber has read and that are older than `days`."""
        async with self._database.transaction() as conn:
            return await execute(conn, _PRUNE, (days, limit))

    async def _number(self) -> None:
        row = await self._database.fetch_one(_UNPLACED)
        if row is not None and row[0]:
            async with self._database.transaction() as conn:
                await _place(conn)


async def _place(conn: Connection) -> None:
    # A statement of its own: the numbering must take its snapshot after the lock was granted.
    await fetch_one(conn, "SELECT pg_advisory_xact_lock(%s)", (_PLACE_LOCK,))
    await execute(conn, _PLACE, (_BATCH,))


def _event(row: Row) -> OutboxEvent:
    position, kind, payload, at, movie_id, traceparent = row
    return OutboxEvent(
        id=position,
        kind=EventKind(kind),
        payload=payload,
        at=at,
        movie_id=movie_id,
        traceparent=traceparent,
    )
