"""Whether a release is worth more than another one of the same movie: the question behind every upgrade.

Radarr's `UpgradableSpecification`, with its order: quality, then revision, then score. What is accepted is greater in that
order, so that no two releases of a profile can replace each other in turns.
"""

from __future__ import annotations

from dataclasses import dataclass

from reeld.domain.decision._reason import Reason
from reeld.domain.profile import QualityProfile
from reeld.domain.quality import Quality, Revision
from reeld.domain.settings import PropersPolicy


@dataclass(frozen=True, slots=True)
class Worth:
    """What upgrades are decided by.

    Attributes:
        score: Of formats and preferred terms.
    """

    quality: Quality
    revision: Revision
    score: int


def objection(
    new: Worth, old: Worth, profile: QualityProfile, propers: PropersPolicy
) -> Reason | None:
    """Return why a release does not replace another one; None when it is worth more."""
    mine, theirs = profile.rank(new.quality), profile.rank(old.quality)
    if mine < theirs:
        return Reason.BETTER_QUALITY_OWNED
    if mine > theirs:
        return _of_better_quality(new, old, profile)
    if propers is not PropersPolicy.DO_NOT_PREFER and new.revision != old.revision:
        return _of_other_revision(new, old, profile)
    return _of_other_score(new, old, profile)


def mends(new: Worth, old: Worth) -> bool:
    """Whether one is a proper or repack of the other: the very quality, since a WEBRip mends no WEBDL."""
    return new.quality is old.quality and new.revision > old.revision


def _of_better_quality(new: Worth, old: Worth, profile: QualityProfile) -> Reason | None:
    if not profile.upgrades_allowed:
        return Reason.UPGRADES_NOT_ALLOWED
    if profile.rank(old.quality) < profile.cutoff_rank:
        return None
    # The cutoff has two halves: a file whose score is too low is replaced by one that is better in both.
    is_wanting = old.score < profile.cutoff_format_score
    gains = new.score - old.score >= profile.min_upgrade_format_score
    return None if is_wanting and gains else Reason.QUALITY_CUTOFF_MET


def _of_other_revision(new: Worth, old: Worth, profile: QualityProfile) -> Reason | None:
    if new.revision < old.revision:
        return Reason.BETTER_REVISION_OWNED
    if mends(new, old):
        return None
    if not profile.upgrades_allowed:
        return Reason.UPGRADES_NOT_ALLOWED
    if is_good_enough(old, profile):
        return Reason.QUALITY_CUTOFF_MET
    return None


def _of_other_score(new: Worth, old: Worth, profile: QualityProfile) -> Reason | None:
    if new.score < old.score:
        return Reason.BETTER_SCORE_OWNED
    if new.score == old.score:
        return Reason.NOT_AN_UPGRADE
    if not profile.upgrades_allowed:
        return Reason.UPGRADES_NOT_ALLOWED
    if old.score >= profile.cutoff_format_score:
        return Reason.SCORE_CUTOFF_MET
    if new.score - old.score < profile.min_upgrade_format_score:
        return Reason.SCORE_GAIN_TOO_SMALL
    return None


def is_good_enough(owned: Worth, profile: QualityProfile) -> bool:
    """Whether both halves of the cutoff are met, so that nothing better is looked for."""
    meets_score = owned.score >= profile.cutoff_format_score
    return profile.meets_cutoff(owned.quality) and meets_score
