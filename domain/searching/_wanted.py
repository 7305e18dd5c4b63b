"""What a schedule needs to know of a movie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from reeld.domain.availability import ALWAYS, Availability, MinimumAvailability
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


class FormatId(msgspec.Struct, frozen=True, gc=False):
    """A custom format that a release had when it was grabbed."""

    id: int


class OwnedFacts(msgspec.Struct, frozen=True, gc=False):
    """What the rows say of a movie's file.

    Attributes:
        quality: The name of its quality.
        formats: None for a file that was not grabbed.
        format_score: As it was when the file was grabbed.
    """

    quality: str
    formats: tuple[FormatId, ...] | None = None
    format_score: int | None = None

    def score(self, profile: QualityProfile) -> int:
        """Return its points under the profile of today."""
        if self.formats is None:
            return self.format_score or 0
        return sum(profile.format_scores.get(each.id, 0) for each in self.formats)


class SearchFacts(msgspec.Struct, frozen=True, gc=False):
    """What the rows say of a monitored movie for which nothing is under way.

    Attributes:
        profile: The name of its quality profile.
        is_known: Whether TMDB's facts of it were ever read.
        owned: Its file; None when it has none.
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
    owned: OwnedFacts | None = None


def wanted(
    facts: SearchFacts, profiles: Mapping[str, QualityProfile], *, delay_days: int = 0
) -> WantedMovie | None:
    """Return what the schedule needs to know of a movie; None when its file is good enough.

    Args:
        facts: What its rows say.
        profiles: By name.
        delay_days: Of the availability.
    """
    owned = facts.owned
    if owned is not None and is_good_enough(owned, profiles.get(facts.profile)):
        return None
    known = Availability(facts.minimum_availability, facts.status, facts.release_dates)
    return WantedMovie(
        facts.id,
        facts.added_at,
        # Where TMDB has not told, nobody says that it is not out, and somebody wants it.
        known.since(delay_days) if facts.is_known else ALWAYS,
        facts.is_searchable,
        facts.searched_at,
        facts.scheduled_at,
        facts.searches_in_vain,
        has_file=owned is not None,
        is_being_searched=facts.is_being_searched,
    )


def is_good_enough(owned: OwnedFacts, profile: QualityProfile | None) -> bool:
    """Whether a profile asks for nothing better than a file: neither for its quality nor for its score.

    So it is, too, when nobody can say: the profile or the quality is of another version of reeld.
    """
    if profile is None or not profile.upgrades_allowed:
        return True
    try:
        quality = Quality.by_label(owned.quality)
    except KeyError:
        return True
    return profile.meets_cutoff(quality) and owned.score(profile) >= profile.cutoff_format_score
