"""Rules about what the quality profile wishes."""

from __future__ import annotations

from typing import Final

from reeld.domain.decision._case import Candidate, Context
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._rule import Rule, rule
from reeld.domain.decision._ruling import Finding, not_asked, passed, rejected
from reeld.domain.decision._score import merit_of
from reeld.domain.decision._units import bytes_text
from reeld.domain.language import ANY, ORIGINAL, Language, spoken_languages
from reeld.domain.quality_limits import UNKNOWN_RUNTIME, limits_for


@rule(Reason.QUALITY_NOT_WANTED, radarr="QualityAllowedByProfileSpecification")
def quality_allowed(candidate: Candidate, context: Context) -> Finding:
    """The profile must allow the quality."""
    quality, profile = candidate.parsed.quality, context.profile
    if profile.allows(quality):
        return passed(quality=quality.label, profile=profile.name)
    sentence = f"{quality.label} is not wanted in the profile {profile.name}."
    return rejected(
        Reason.QUALITY_NOT_WANTED, sentence, quality=quality.label, profile=profile.name
    )


@rule(
    Reason.LANGUAGE_NOT_WANTED,
    radarr="LanguageSpecification",
    differs="A profile that wants the original language accepts any while nobody knows which that is.",
)
def language(candidate: Candidate, context: Context) -> Finding:
    """The release must be spoken in the profile's language: any, the movie's original one, or one by name.

    A name that says none has the movie's original language, as in Radarr.
    """
    wish, original = context.profile.language, context.original_language
    if wish == ANY:
        return not_asked("The profile takes any language.")
    wanted = original if wish == ORIGINAL else Language.by_label(wish)
    if wanted is None:
        return not_asked("Nobody knows the movie's original language.")
    spoken = spoken_languages(candidate.parsed.languages, original)
    found: list[str] = sorted(each.label for each in spoken)
    if wanted in spoken:
        return passed(wanted=wanted.label, found=found)
    whose = f"{wanted.label}, the original language," if wish == ORIGINAL else wanted.label
    sentence = f"{whose} is wanted, and it has {', '.join(found)}."
    return rejected(Reason.LANGUAGE_NOT_WANTED, sentence, wanted=wanted.label, found=found)


@rule(
    Reason.SCORE_TOO_LOW,
    radarr="CustomFormatAllowedbyProfileSpecification",
    differs="Preferred terms of release profiles, which Radarr has no more, count too.",
)
def minimum_score(candidate: Candidate, context: Context) -> Finding:
    """Custom formats and preferred terms must come to the profile's minimum score."""
    mine, least = merit_of(candidate, context), context.profile.min_format_score
    if mine >= least:
        return passed(score=mine, least=least)
    names = ", ".join(each.name for each in candidate.formats) or "none"
    sentence = f"It scores {mine}, and at least {least} is wanted. Its custom formats: {names}."
    return rejected(Reason.SCORE_TOO_LOW, sentence, score=mine, least=least)


@rule(
    Reason.TOO_SMALL_FOR_QUALITY, Reason.TOO_BIG_FOR_QUALITY, radarr="AcceptableSizeSpecification"
)
def acceptable_size(candidate: Candidate, context: Context) -> Finding:
    """The size must lie within the limits of the quality, in megabytes a minute of running time.

    A movie whose running time nobody knows is taken to run 110 minutes; a size that nobody knows is accepted.
    """
    size, quality = candidate.release.size, candidate.parsed.quality
    if not size:
        return not_asked("Its size is not known.")
    limits, minutes = limits_for(quality, context.limits), context.movie.runtime_minutes
    least, most = limits.smallest(minutes), limits.largest(minutes)
    runs = minutes or UNKNOWN_RUNTIME
    values = {"size": size, "least": least, "most": most, "minutes": runs}
    of_what = f"{quality.label} of {runs} minutes"
    if size < least:
        sentence = f"It has {bytes_text(size)}; {of_what} has at least {bytes_text(least)}."
        return rejected(Reason.TOO_SMALL_FOR_QUALITY, sentence, **values)
    if most is not None and size > most:
        sentence = f"It has {bytes_text(size)}; {of_what} has at most {bytes_text(most)}."
        return rejected(Reason.TOO_BIG_FOR_QUALITY, sentence, **values)
    return passed(f"{bytes_text(size)} is right for {of_what}.", **values)


@rule(Reason.TOO_BIG, radarr="MaximumSizeSpecification")
def maximum_size(candidate: Candidate, context: Context) -> Finding:
    """No release may be bigger than `decision.maximum_bytes` allows."""
    size, most = candidate.release.size, context.settings.maximum_bytes
    if not size or not most:
        return not_asked("There is no limit." if size else "Its size is not known.")
    if size <= most:
        return passed(size=size, most=most)
    sentence = f"It has {bytes_text(size)}, at most {bytes_text(most)} are allowed."
    return rejected(Reason.TOO_BIG, sentence, size=size, most=most)


RULES: Final[tuple[Rule, ...]] = (
    quality_allowed,
    language,
    minimum_score,
    acceptable_size,
    maximum_size,
)
