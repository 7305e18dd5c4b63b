"""What a schedule needs to know of a movie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reeld.domain.profile import QualityProfile
from reeld.domain.quality import Quality


class SearchCause(StrEnum):
    """Why a movie is searched on schedule."""

    NEWLY_AVAILABLE = "newly_available"
    """It was not out when it was searched last, or when it was added."""
    ADDED_LATELY = "added_lately"
    NEVER_SEARCHED = "never_searched"
    MISSING = "missing"
    CUTOFF_UNMET = "cutoff_unmet"
    """It has a file, and its profile asks for a better one."""


@dataclass(frozen=True, slots=True)
class Owned:
    """The file of a movie, as far as it can be good enough.

    Attributes:
        format_score: Of its custom formats, under the profile of today.
    """

    quality: Quality
    format_score: int = 0


@dataclass(frozen=True, slots=True)
class WantedMovie:
    """A monitored movie that has no file, or one below its profile's cutoff, and for which nothing is under way.

    Attributes:
        is_searchable: Whether the indexer can be asked for it: it has an IMDb number.
        available_from: None when nobody knows.
        searched_at: When an indexer was last asked for it, by whomever.
        scheduled_at: When its schedule last asked for a search, whatever became of that.
        searches_in_vain: Searches since a release of it was last taken.
        has_file: Whether it has a file, which is not good enough.
    """

    id: int
    added_at: datetime
    available_from: datetime | None
    is_searchable: bool = True
    searched_at: datetime | None = None
    scheduled_at: datetime | None = None
    searches_in_vain: int = 0
    has_file: bool = False

    @property
    def last_looked_for(self) -> datetime | None:
        """The later of the two; None when it was never looked for."""
        times = [at for at in (self.searched_at, self.scheduled_at) if at is not None]
        return max(times, default=None)


def is_good_enough(profile: QualityProfile, owned: Owned) -> bool:
    """Whether a profile asks for nothing better than a file.

    Quality and score must both have reached their cutoffs, unless the profile allows no upgrade at all.
    """
    return profile.meets_cutoff(owned.quality)
