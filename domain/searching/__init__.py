"""Which movies reeld searches by itself, when, and in which order."""

from reeld.domain.searching._planning import due, plan, room
from reeld.domain.searching._turns import HEAD_STARTS, Turn, next_turn
from reeld.domain.searching._wanted import Owned, SearchCause, WantedMovie, is_good_enough

__all__ = [
    "HEAD_STARTS",
    "Owned",
    "SearchCause",
    "Turn",
    "WantedMovie",
    "due",
    "is_good_enough",
    "next_turn",
    "plan",
    "room",
]
