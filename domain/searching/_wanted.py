"""What a schedule needs to know of a movie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from reeld.domain.availability import ALWAYS, MinimumAvailability, available_from
from reeld.domain.errors import Refused
from reeld.domain.movie import MovieStatus, ReleaseDates
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
class WantedMovie:
    """A monitored movie that has no file, or one below its profile's cutoff, and for which nothing is under way.

    Attributes:
        is_searchable: Whether the indexer can be asked for it: it has an IMDb number.
        available_from: None when nobody knows.
        searched_at: When an indexer was last asked for it, by whomever.
        scheduled_at: When its schedule last asked for a search, whatever became of that.
        searches_in_vain: Searches since a release of it was last taken.
        has_file: Whether it has a file, which is not good enough.
        is_being_searched: Whether a search of it waits or runs, whoever asked for it.
    """

    id: int
    added_at: datetime
    available_from: datetime | None
    is_searchable: bool = True
    searched_at: datetime | None = None
    scheduled_at: datetime | None = None
    searches_in_vain: int = 0
    has_file: bool = False
    is_being_searched: bool = False

    @property
    def last_looked_for(self) -> datetime | None:
        """The later of the two; None when it was never looked for."""
        times = [at for at in (self.searched_at, self.scheduled_at) if at is not None]
        return max(times, default=None)


class SearchFacts(msgspec.Struct, frozen=True):
    """What the rows say of a monitored movie for which nothing is under way.

    Attributes:
        profile: The name of its quality profile.
        is_known: Whether TMDB's facts of it were ever read.
        quality: The name of its file's quality; None when it has no file.
        format_score: The points of the file's custom formats, under the profile of today.
        cutoff_format_score: The points that the profile asks for.
    """

    id: int
    title: str
    profile: str
    added_at: datetime
    status: MovieStatus
    minimum_availability: MinimumAvailability
    release_dates: ReleaseDates
    is_known: bool
    is_searchable: bool
    is_being_searched: bool = False
    year: int | None = None
    searched_at: datetime | None = None
    scheduled_at: datetime | None = None
    searches_in_vain: int = 0
    quality: str | None = None
    format_score: int = 0
    cutoff_format_score: int = 0


def wanted(
    facts: SearchFacts, profile_of: Callable[[str], QualityProfile], *, delay_days: int = 0
) -> WantedMovie | None:
    """Return what the schedule needs to know of a movie; None when its file is good enough.

    Args:
        facts: What its rows say.
        profile_of: Returns a profile by name; raises `Refused` when there is none.
        delay_days: Of the availability.
    """
    if facts.quality is not None and is_good_enough(
        facts.profile,
        facts.quality,
        facts.format_score,
        facts.cutoff_format_score,
        profile_of,
    ):
        return None
    known = available_from(
        facts.minimum_availability, facts.status, facts.release_dates, delay_days=delay_days
    )
    return WantedMovie(
        facts.id,
        facts.added_at,
        # Nobody says that it is not out, and somebody wants it.
        known if facts.is_known else ALWAYS,
        facts.is_searchable,
        facts.searched_at,
        facts.scheduled_at,
        facts.searches_in_vain,
        has_file=facts.quality is not None,
        is_being_searched=facts.is_being_searched,
    )


def is_good_enough(
    profile: str,
    quality: str,
    format_score: int,
    cutoff_format_score: int,
    profile_of: Callable[[str], QualityProfile],
) -> bool:
    """Whether a profile asks for nothing better than a file: neither for its quality nor for its score.

    Args:
        profile: The profile's name.
        quality: The name of the file's quality.
        format_score: The points of the file's custom formats, under the profile of today.
        cutoff_format_score: The points that the profile asks for.
        profile_of: Returns a profile by name; raises `Refused` when there is none.
    """
    try:
        known = profile_of(profile)
        reached = known.meets_cutoff(Quality.by_label(quality))
    except (Refused, KeyError):
        # A profile or a quality of another version of reeld: nobody can say.
        return True
    return not known.upgrades_allowed or (reached and format_score >= cutoff_format_score)
