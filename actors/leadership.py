"""Taking the lead from a daemon that may be gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import structlog
import trio

from reeld.storage.errors import LeadershipHeld

log = structlog.get_logger("reeld.actors")

LOOK_SECONDS: Final = 1.0
"""How often to look whether the lead is free, or its holder lives."""
RENEWED_SECONDS: Final = 2.0
"""A lease that ends so much later than at the first look was renewed. Each renewal puts the end off by ten."""


async def outlast(
    acquire: Callable[[], Awaitable[int]],
    tell: Callable[[str], None],
    *,
    alive: datetime | None = None,
) -> int:
    """Take the lead as soon as it is free. A holder that does not renew its lease is gone, and is outlasted.

    The server frees the lead of a daemon whose process ended at once. When its machine lost power, the server may keep
    its session for hours, and only the end of the lease says that it is gone.

    Args:
        acquire: Takes the lead.
        tell: Called with a sentence that says what is waited for.
        alive: When the holder took the lead that is known to live: it is not waited for again.

    Returns:
        The epoch.

    Raises:
        LeadershipHeld: The holder renewed its lease, so it lives.
    """
    ends: float | None = None
    while True:
        try:
            return await acquire()
        except LeadershipHeld as held:
            seen = trio.current_time() + held.lease_seconds
            ends = seen if ends is None else ends
            if held.since == alive or seen - ends > RENEWED_SECONDS:
                raise
            tell(
                f"{held.sentence} If it is gone already, this one takes over in {held.lease_seconds:.0f} s at most."
            )
            log.warning(
                "leadership_awaited",
                host=held.host,
                pid=held.pid,
                seconds=round(held.lease_seconds),
            )
        await trio.sleep(LOOK_SECONDS)
