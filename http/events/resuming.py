"""What a client has missed, from the rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from reeld.domain.topics import StreamKind, Topic, topic_of
from reeld.http.events.frames import Frame, frame_of, stream_frame
from reeld.http.events.hub import Hub
from reeld.storage.events import Events

BATCH: Final = 200


async def replay(
    events: Events,
    hub: Hub,
    since: int,
    topics: frozenset[Topic],
    say: Callable[[Frame], Awaitable[None]],
) -> None:
    """Tell every event after `since` up to the hub's head, as it is when this returns: join the hub at once then.

    When some of them are not kept any more, that is told first.

    Raises:
        DatabaseUnavailable: The rows cannot be read now.
    """
    place = since
    if since > hub.head:
        # Of another database, or of this one before an older state of it was restored.
        await say(_gap(since, hub.head + 1))
        return
    while place < hub.head:
        head = hub.head
        rows = [row for row in await events.read_from(place, BATCH) if row.id <= head]
        if place == since:
            # Looked at after the rows were read: what was deleted before, or meanwhile, is noticed.
            oldest = await events.oldest_position() or head + 1
            if oldest > since + 1:
                await say(_gap(since, oldest))
        for row in rows:
            if topic_of(row.kind) in topics:
                await say(frame_of(row))
        place = rows[-1].id if rows else head


def _gap(since: int, oldest: int) -> Frame:
    return stream_frame(StreamKind.GAP, since, {"since": since, "oldest": oldest})
