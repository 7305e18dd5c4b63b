"""What is decided, and everything that the rules may look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from reeld.domain.decision._verdict import Rejection
from reeld.domain.matching import Match, NoMatch
from reeld.domain.movie import Movie
from reeld.domain.parsing import ParsedRelease
from reeld.domain.profile import QualityProfile
from reeld.domain.quality import Quality, Revision
from reeld.domain.release import Release
from reeld.domain.settings import DecisionSettings


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer, what its name says, and which movie it was matched to."""

    release: Release
    parsed: ParsedRelease
    match: Match | NoMatch


@dataclass(frozen=True, slots=True)
class OwnedFile:
    """What the library has of the movie.

    Attributes:
        infohash: Of the torrent it came from; None when unknown.
        release_title: The name it was grabbed under; None when unknown.
    """

    quality: Quality
    revision: Revision
    infohash: str | None = None
    release_title: str | None = None


class Blocked(Protocol):
    """A release that is not to be grabbed again for the movie."""

    def covers(self, indexer: str, guid: str, infohash: str | None) -> bool:
        """Whether an offer is this release."""


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a decision.

    Attributes:
        owned: None when the library has no file of the movie.
        acquiring: A sentence naming what is being acquired for the movie now; None when nothing is.
        blocked: What was blocklisted for the movie.
        searched_by_person: A person asked for this movie now, so that it need not be monitored.
    """

    movie: Movie
    profile: QualityProfile
    settings: DecisionSettings = field(default_factory=DecisionSettings)
    owned: OwnedFile | None = None
    acquiring: str | None = None
    blocked: Sequence[Blocked] = ()
    searched_by_person: bool = False


Rule = Callable[[Candidate, Context], Rejection | None]
"""A pure function: what speaks against a candidate, or None."""
