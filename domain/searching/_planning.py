"""Which movies are searched now."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from reeld.domain.searching._turns import Turn

HOUR_SECONDS: Final = 3600.0
ROUND_SECONDS: Final = 600.0
"""From one round of the schedule to the next."""


def room(per_hour: int, *, every_seconds: float, asked: int, waiting: int) -> int:
    """Return how many searches a round of the schedule may ask for.

    The hour's share is spread over its rounds. Nothing is asked for on top of what still waits, so that no heap grows
    while the indexer is away.

    Args:
        per_hour: The share.
        every_seconds: From one round to the next.
        asked: Searches asked for within the last hour.
        waiting: Searches asked for, whenever, and not done yet.
    """
    of_a_round = math.ceil(per_hour * min(every_seconds / HOUR_SECONDS, 1.0))
    return max(min(of_a_round - waiting, per_hour - asked), 0)


def due(turns: Iterable[Turn], now: datetime) -> list[Turn]:
    """Return the turns whose time has come, the most wanted first."""
    return sorted((turn for turn in turns if turn.is_due(now)), key=lambda turn: turn.place)


def plan(turns: Iterable[Turn], now: datetime, most: int) -> list[Turn]:
    """Return the most wanted of the turns whose time has come."""
    ready = (turn for turn in turns if turn.is_due(now))
    return heapq.nsmallest(most, ready, key=lambda turn: turn.place)
