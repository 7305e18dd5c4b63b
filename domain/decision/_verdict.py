"""What a decision says: verdicts and rejections, for machines and for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reeld.domain.quality import Quality, Revision


class Reason(StrEnum):
    """Why a release was rejected."""

    UNPARSEABLE = "unparseable"
    EPISODE = "episode"
    MOVIE_UNKNOWN = "movie_unknown"
    MOVIE_AMBIGUOUS = "movie_ambiguous"
    WRONG_MOVIE = "wrong_movie"
    YEAR_MISSING = "year_missing"
    WRONG_YEAR = "wrong_year"
    NOT_MONITORED = "not_monitored"
    QUALITY_NOT_WANTED = "quality_not_wanted"
    QUALITY_CUTOFF_MET = "quality_cutoff_met"
    BETTER_QUALITY_OWNED = "better_quality_owned"
    BETTER_REVISION_OWNED = "better_revision_owned"
    NOT_AN_UPGRADE = "not_an_upgrade"
    UPGRADES_NOT_ALLOWED = "upgrades_not_allowed"
    ALREADY_IMPORTED = "already_imported"
    ALREADY_ACQUIRING = "already_acquiring"
    BLOCKLISTED = "blocklisted"
    TOO_FEW_SEEDERS = "too_few_seeders"
    SAMPLE = "sample"
    TOO_BIG = "too_big"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One reason against a release.

    Attributes:
        sentence: The reason for people, with the values that were compared.
        permanent: Whether the same offer would be rejected again tomorrow; a temporary one is
            worth another look.
    """

    reason: Reason
    sentence: str
    permanent: bool = True

    def to_json(self) -> dict[str, object]:
        """Return the rejection as a JSON object."""
        return {
            "reason": self.reason.value,
            "permanent": self.permanent,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one release for one movie.

    Attributes:
        movie_id: None when the release belongs to no movie.
        rejections: Every reason against it; none when it is accepted.
    """

    release_id: int
    movie_id: int | None
    quality: Quality
    revision: Revision
    rejections: tuple[Rejection, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether nothing speaks against the release."""
        return not self.rejections

    @property
    def is_temporary(self) -> bool:
        """Whether only temporary reasons speak against it."""
        return bool(self.rejections) and not any(r.permanent for r in self.rejections)

    def to_json(self) -> dict[str, object]:
        """Return the verdict as a JSON object, to be stored with the release."""
        return {
            "release_id": self.release_id,
            "movie_id": self.movie_id,
            "accepted": self.is_accepted,
            "quality": self.quality.label,
            "revision": self.revision.version,
            "rejections": [rejection.to_json() for rejection in self.rejections],
        }
