"""What a person asks of an indexer or a feed, beyond what is asked of every release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reeld.domain.release import NO_FLAGS, IndexerFlag

DEFAULT_PRIORITY: Final = 25
"""Radarr's, of 1 (asked first) to 50."""


@dataclass(frozen=True, slots=True)
class IndexerRules:
    """What holds for the releases of one indexer.

    Attributes:
        name: The indexer's own name: `hdbits`, or the name of the feed.
        priority: 1 to 50; of equal releases the one of the lower number is taken.
        minimum_seeders: None leaves it to what every release must have.
        required_flags: At least one of these must be on a release; none of them when empty.
        tags: Only movies that have one of these get releases from here; every movie when empty.
    """

    name: str
    priority: int = DEFAULT_PRIORITY
    minimum_seeders: int | None = None
    required_flags: IndexerFlag = NO_FLAGS
    tags: frozenset[str] = frozenset()
