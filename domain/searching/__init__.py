"""Which movies reeld searches by itself, when, and in which order."""

from reeld.domain.searching._planning import ROUND_SECONDS, due, plan, room
from reeld.domain.searching._turns import HEAD_STARTS, Turn, next_turn
from reeld.domain.searching._wanted import (
    OwnedFacts,
    SearchCause,
    SearchFacts,
    WantedMovie,
    is_good_enough,
    wanted,
)

__all__ = [
    "HEAD_STARTS",
    "ROUND_SECONDS",
    "OwnedFacts",
    "SearchCause",
    "SearchFacts",
    "Turn",
    "WantedMovie",
    "due",
    "is_good_enough",
    "next_turn",
    "plan",
    "room",
    "wanted",
]
