"""Rules about what the library has of the movie."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from reeld.domain.decision._case import Candidate, Context, OwnedFile
from reeld.domain.decision._comparison import Worth, mends, objection
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._rule import Rule, rule
from reeld.domain.decision._ruling import JSON, Finding, not_asked, passed, rejected
from reeld.domain.decision._score import merit, merit_of
from reeld.domain.decision._units import span_text
from reeld.domain.settings import PropersPolicy

PROPER_AGE: Final = timedelta(days=7)
"""How old a file may be to be replaced by a proper that a feed brings (Radarr's `ProperSpecification`)."""

_NOTHING: Final = "The library has no file of the movie."


def worth_of(candidate: Candidate, context: Context) -> Worth:
    """Return what upgrades are decided by of an offer."""
    parsed = candidate.parsed
    return Worth(parsed.quality, parsed.revision, merit_of(candidate, context))


def worth_of_file(owned: OwnedFile, context: Context) -> Worth:
    """Return the same of the library's file, by the name and the formats it was grabbed with."""
    score = merit(owned.release_title, owned.format_score, context)
    return Worth(owned.quality, owned.revision, score)


@rule(
    Reason.ALREADY_IMPORTED,
    radarr="AlreadyImportedSpecification",
    differs="By the file in the library, so that it holds however old the grab is.",
)
def already_imported(candidate: Candidate, context: Context) -> Finding:
    """The very release that the library's file came from is not grabbed again."""
    owned, release = context.owned, candidate.release
    if owned is None:
        return not_asked(_NOTHING)
    same_torrent = release.infohash is not None and release.infohash == owned.infohash
    if same_torrent or release.title == owned.release_title:
        by = "infohash" if same_torrent else "title"
        return rejected(
            Reason.ALREADY_IMPORTED, "The library's file came from this release.", by=by
        )
    return passed()


@rule(
    Reason.UPGRADES_NOT_ALLOWED,
    radarr="UpgradeAllowedSpecification",
    differs=(
        "As there, a proper or repack of the very quality is no upgrade but mends the file: the propers policy decides"
        " about it."
    ),
)
def upgrade_allowed(candidate: Candidate, context: Context) -> Finding:
    """A file is replaced by one of better quality or score only where the profile allows upgrades."""
    if context.owned is None:
        return not_asked(_NOTHING)
    profile = context.profile
    if profile.upgrades_allowed:
        return passed(profile=profile.name)
    if _objection(candidate, context, context.owned) is not Reason.UPGRADES_NOT_ALLOWED:
        return not_asked("It is no upgrade.")
    there = context.owned.quality.label
    sentence = f"The library has {there}, and the profile {profile.name} allows no upgrades."
    return rejected(Reason.UPGRADES_NOT_ALLOWED, sentence, profile=profile.name)


@rule(
    Reason.BETTER_QUALITY_OWNED,
    Reason.BETTER_REVISION_OWNED,
    Reason.BETTER_SCORE_OWNED,
    Reason.QUALITY_CUTOFF_MET,
    Reason.SCORE_CUTOFF_MET,
    Reason.SCORE_GAIN_TOO_SMALL,
    Reason.NOT_AN_UPGRADE,
    radarr="UpgradeDiskSpecification, UpgradableSpecification",
    differs=(
        "The score of a file is that of the release as it was grabbed, never found anew from file names. A file that meets"
        " the cutoff by quality but not by score is replaced by one of better quality and score: Radarr wants both to be"
        " met and yet refuses it. A proper of better quality does not pass over the cutoff."
    ),
)
def upgrade_disk(candidate: Candidate, context: Context) -> Finding:
    """A file is replaced only by a better one, and until it is good enough: by quality, then revision, then score."""
    owned = context.owned
    if owned is None:
        return not_asked(_NOTHING)
    mine, theirs = worth_of(candidate, context), worth_of_file(owned, context)
    reason = objection(mine, theirs, context.profile, context.settings.propers)
    if reason is None:
        return passed(f"It improves on {told(theirs)}.", **compared(mine, theirs))
    if reason is Reason.UPGRADES_NOT_ALLOWED:
        return not_asked("The profile allows no upgrades.")
    sentence = f"The library has {told(theirs)}, {_WHY[reason].format(profile=context.profile)}."
    return rejected(reason, sentence, **compared(mine, theirs))


_WHY: Final = {
    Reason.BETTER_QUALITY_OWNED: "which is better",
    Reason.BETTER_REVISION_OWNED: "a later revision",
    Reason.BETTER_SCORE_OWNED: "which scores more",
    Reason.QUALITY_CUTOFF_MET: "which meets the cutoff {profile.cutoff.label}",
    Reason.SCORE_CUTOFF_MET: "which meets the cutoff score {profile.cutoff_format_score}",
    Reason.SCORE_GAIN_TOO_SMALL: "and must gain {profile.min_upgrade_format_score} points at least",
    Reason.NOT_AN_UPGRADE: "which is as good",
}


def told(worth: Worth) -> str:
    """Return a worth for people."""
    version = "" if worth.revision.version < 2 else f" v{worth.revision.version}"
    real = " REAL" * min(worth.revision.real, 3)
    return f"{worth.quality.label}{version}{real} (score {worth.score})"


def compared(mine: Worth, theirs: Worth) -> dict[str, JSON]:
    """Return both sides of a comparison for machines."""
    return {"mine": _values(mine), "theirs": _values(theirs)}


def _values(worth: Worth) -> dict[str, JSON]:
    return {
        "quality": worth.quality.label,
        "revision": worth.revision.version,
        "real": worth.revision.real,
        "score": worth.score,
    }


def _objection(candidate: Candidate, context: Context, owned: OwnedFile) -> Reason | None:
    mine, theirs = worth_of(candidate, context), worth_of_file(owned, context)
    return objection(mine, theirs, context.profile, context.settings.propers)


@rule(
    Reason.REPACK_OF_ANOTHER_GROUP,
    Reason.REPACK_GROUP_UNKNOWN,
    radarr="RepackSpecification",
)
def repack(candidate: Candidate, context: Context) -> Finding:
    """A repack mends what its own group made: it must be of the group that the file is of.

    Where propers and repacks are not preferred it is a release like others.
    """
    owned, parsed = context.owned, candidate.parsed
    if owned is None or not parsed.revision.is_repack or not _mends(candidate, context, owned):
        return not_asked("It is no repack of the library's file.")
    if context.settings.propers is PropersPolicy.DO_NOT_PREFER:
        return not_asked("Repacks are not preferred.")
    if not owned.group or not parsed.group:
        whose = "It" if owned.group else "The library's file"
        sentence = f"{whose} names no group, so that nobody knows whether the repack mends it."
        return rejected(
            Reason.REPACK_GROUP_UNKNOWN, sentence, mine=parsed.group, theirs=owned.group
        )
    if owned.group.casefold() == parsed.group.casefold():
        return passed(group=parsed.group)
    sentence = f"It is a repack by {parsed.group}, and the library's file is by {owned.group}."
    return rejected(Reason.REPACK_OF_ANOTHER_GROUP, sentence, mine=parsed.group, theirs=owned.group)


@rule(
    Reason.PROPERS_NOT_WANTED,
    Reason.TOO_LATE_FOR_PROPER,
    radarr="RssSync/ProperSpecification, RepackSpecification",
    differs="The policy `do_not_upgrade` holds for reeld's own searches too; Radarr asks it of propers from feeds alone.",
)
def proper(candidate: Candidate, context: Context) -> Finding:
    """A proper or repack replaces a file as `decision.propers` says, and from a feed only while the file is under a week old."""
    owned, policy = context.owned, context.settings.propers
    if owned is None or not _is_later_revision(candidate, context, owned):
        return not_asked("It is no proper of the library's file.")
    if policy is PropersPolicy.DO_NOT_PREFER:
        return not_asked("Propers are not preferred.")
    if policy is PropersPolicy.DO_NOT_UPGRADE and not context.is_asked_for:
        sentence = "It mends the library's file, and decision.propers wants no such upgrades."
        return rejected(Reason.PROPERS_NOT_WANTED, sentence, policy=policy.value)
    is_mended = _mends(candidate, context, owned)
    if owned.added_at is None or not is_mended or not context.is_from_feed:
        return passed(policy=policy.value)
    age = context.now - owned.added_at
    days, most = age.days, PROPER_AGE.days
    if age <= PROPER_AGE:
        return passed(age_days=days, most_days=most)
    sentence = (
        f"It mends a file that is {span_text(age)} old, and {span_text(PROPER_AGE)} are the most."
    )
    return rejected(Reason.TOO_LATE_FOR_PROPER, sentence, age_days=days, most_days=most)


def _is_later_revision(candidate: Candidate, context: Context, owned: OwnedFile) -> bool:
    parsed, rank = candidate.parsed, context.profile.rank
    is_equal = rank(parsed.quality) == rank(owned.quality)
    return is_equal and parsed.revision > owned.revision


def _mends(candidate: Candidate, context: Context, owned: OwnedFile) -> bool:
    return mends(worth_of(candidate, context), worth_of_file(owned, context))


RULES: Final[tuple[Rule, ...]] = (
    already_imported,
    upgrade_allowed,
    upgrade_disk,
    repack,
    proper,
)
