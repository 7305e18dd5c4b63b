"""What is decided, and everything that the rules may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from reeld.domain.availability import Availability
from reeld.domain.custom_format import FormatMatch
from reeld.domain.delay import NO_DELAY, DelayProfile
from reeld.domain.indexer import IndexerRules
from reeld.domain.language import Language
from reeld.domain.matching import Match, NoMatch
from reeld.domain.movie import Movie
from reeld.domain.parsing import ParsedRelease
from reeld.domain.profile import QualityProfile
from reeld.domain.quality import FIRST_REVISION, Quality, Revision
from reeld.domain.quality_limits import QualityLimits
from reeld.domain.release import Release
from reeld.domain.release_profile import ReleaseProfile
from reeld.domain.reputation import group_key
from reeld.domain.settings import DecisionSettings


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer, what its name says, and which movie it was matched to.

    Attributes:
        formats: The custom formats that the release as offered has.
        format_score: What the movie's profile gives for them.
        reputation: The points of its group, weighed by the profile.
    """

    release: Release
    parsed: ParsedRelease
    match: Match | NoMatch
    formats: tuple[FormatMatch, ...] = ()
    format_score: int = 0
    reputation: int = 0

    @property
    def score(self) -> int:
        """What formats and reputation come to."""
        return self.format_score + self.reputation


@dataclass(frozen=True, slots=True)
class OwnedFile:
    """What the library has of the movie.

    Attributes:
        infohash: Of the torrent it came from; None when unknown.
        release_title: The name it was grabbed under; None when unknown.
        group: Who made the release it came from; None when unknown.
        formats: Those of the release as it was grabbed.
        format_score: What today's profile gives for them.
        added_at: When it came into the library; None when unknown.
        size: Bytes; None when unknown.
    """

    quality: Quality
    revision: Revision = FIRST_REVISION
    infohash: str | None = None
    release_title: str | None = None
    group: str | None = None
    formats: tuple[FormatMatch, ...] = ()
    format_score: int = 0
    added_at: datetime | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Acquiring:
    """What is on its way into the library.

    Attributes:
        release_title: The name it was grabbed under.
        quality, revision, format_score: Of the release as it was grabbed, under today's profile.
        state: A word for people: how far it has come.
        grabbed_at: None when unknown.
    """

    release_title: str
    quality: Quality
    revision: Revision = FIRST_REVISION
    format_score: int = 0
    state: str = ""
    grabbed_at: datetime | None = None


class Blocked(Protocol):
    """A release that is not to be grabbed again for the movie."""

    def covers(self, indexer: str, guid: str, infohash: str | None) -> bool:
        """Whether an offer is this release."""


class Cause(StrEnum):
    """Why there is a decision."""

    RSS = "rss"
    """Offers were seen as they came."""
    SEARCH = "search"
    """reeld searched for the movie."""
    PERSON = "person"
    """A person searched for it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a decision.

    Attributes:
        now: With a time zone.
        owned: None when the library has no file of the movie.
        acquiring: None when nothing is.
        blocked: What was blocklisted for the movie.
        searched_by_person: A person asked for this movie now, so that it need not be monitored or available.
        limits: What a person set by quality; the rest has Radarr's limits.
        indexers: What is asked of each indexer, by its name.
        delay: The delay profile that counts for the movie.
        restrictions: Every release profile; each says which releases it is for.
        free_bytes: What is free where downloads are written; None when nobody knows, or nobody wants it checked.
        history: What was grabbed for the movie lately and did not fail.
        group_rules: What a person says of groups: `block` or `prefer`, by `domain.reputation.group_key`.
        indexers_away: The names of those that are not called now.
        client_away: Whether the download client cannot be reached.
        availability: None while TMDB has not told.
        original_language: None while nobody knows it.
        tags: The movie's tags: their labels by number.
        torrents_of_others: The movie that a torrent was fetched for, by infohash, where that is another one.
        waiting_since: When the oldest release of the movie that waits was offered; None when none waits.
    """

    movie: Movie
    profile: QualityProfile
    now: datetime
    settings: DecisionSettings = field(default_factory=DecisionSettings)
    owned: OwnedFile | None = None
    acquiring: Acquiring | None = None
    blocked: Sequence[Blocked] = ()
    searched_by_person: bool = False
    cause: Cause = Cause.RSS
    limits: Mapping[Quality, QualityLimits] = field(default_factory=dict)
    indexers: Mapping[str, IndexerRules] = field(default_factory=dict)
    delay: DelayProfile = NO_DELAY
    restrictions: Sequence[ReleaseProfile] = ()
    free_bytes: int | None = None
    history: Sequence[Acquiring] = ()
    group_rules: Mapping[str, str] = field(default_factory=dict)
    indexers_away: frozenset[str] = frozenset()
    client_away: bool = False
    availability: Availability | None = None
    original_language: Language | None = None
    tags: Mapping[int, str] = field(default_factory=dict)
    torrents_of_others: Mapping[str, str] = field(default_factory=dict)
    waiting_since: datetime | None = None

    @property
    def is_asked_for(self) -> bool:
        """Whether a person is behind it."""
        return self.searched_by_person or self.cause is Cause.PERSON

    @property
    def is_from_feed(self) -> bool:
        """Whether offers came by themselves, and nobody searched for the movie."""
        return self.cause is Cause.RSS and not self.is_asked_for

    def rules_of(self, indexer: str) -> IndexerRules:
        """Return what is asked of an indexer; nothing of one that no setting names."""
        return self.indexers.get(indexer) or IndexerRules(indexer)

    def group_rule(self, group: str | None) -> str | None:
        """Return what a person says of a group, or None."""
        key = group_key(group)
        return None if key is None else self.group_rules.get(key)
