"""Rules about what the release itself is."""

from __future__ import annotations

import re
from typing import Final

from reeld.domain.decision._case import Candidate, Context
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._rule import Rule, rule
from reeld.domain.decision._ruling import Finding, not_asked, passed, rejected
from reeld.domain.decision._units import MIB, bytes_text
from reeld.domain.delay import Protocol
from reeld.domain.quality import Modifier
from reeld.domain.release_profile import ReleaseProfile, find_terms

_SAMPLE_BYTES: Final = 70 * MIB
"""Radarr's limit: a release called "sample" that is smaller than this is one."""
_SAMPLE: Final = re.compile(r"(?<![^\W_])sample(?![^\W_])", re.IGNORECASE)

_DISC: Final = re.compile(
    r"(?<![^\W_])(?:bdmv|video[ ._-]?ts|full[ ._-]?(?:blu-?ray|bd|dis[ck])|complete[ ._-](?:uhd[ ._-])?blu-?ray)(?![^\W_])"
    r"|\.(?:iso|img|vob|m2ts)$",
    re.IGNORECASE,
)


@rule(
    Reason.PROTOCOL_NOT_WANTED,
    radarr="ProtocolSpecification",
    differs="reeld fetches torrents alone: a delay profile without torrents takes nothing.",
)
def protocol(_: Candidate, context: Context) -> Finding:
    """The movie's delay profile must want the protocol that the release is fetched by."""
    if context.delay.enables(Protocol.TORRENT):
        return passed(protocol=Protocol.TORRENT.value)
    sentence = "It is a torrent, and the movie's delay profile wants none."
    return rejected(Reason.PROTOCOL_NOT_WANTED, sentence, protocol=Protocol.TORRENT.value)


@rule(
    Reason.SAMPLE,
    radarr="NotSampleSpecification",
    differs="As a word of its own: a name such as Samples is none.",
)
def not_a_sample(candidate: Candidate, _: Context) -> Finding:
    """A small release (under 70 MiB) that calls itself a sample is one."""
    size = candidate.release.size
    if not size or not _SAMPLE.search(candidate.release.title):
        return passed()
    if size >= _SAMPLE_BYTES:
        return passed("It is called a sample, but too big to be one.", size=size)
    sentence = f"It is called a sample and has only {bytes_text(size)}."
    return rejected(Reason.SAMPLE, sentence, size=size, least=_SAMPLE_BYTES)


@rule(
    Reason.HARDCODED_SUBS,
    radarr="HardcodeSubsSpecification",
)
def hardcoded_subs(candidate: Candidate, context: Context) -> Finding:
    """Subtitles must not be burnt into the picture, unless the settings allow all of them or this kind."""
    kind = candidate.parsed.hardcoded_subs
    if kind is None:
        return passed()
    settings = context.settings
    allowed = {each.casefold() for each in settings.hardcoded_subs_whitelist}
    if settings.hardcoded_subs_allowed or kind.casefold() in allowed:
        return passed(f"It has subtitles in the picture ({kind}), which is allowed.", kind=kind)
    sentence = (
        f"It has subtitles in the picture ({kind}); decision.hardcoded_subs_allowed allows them."
    )
    return rejected(Reason.HARDCODED_SUBS, sentence, kind=kind)


@rule(
    Reason.RAW_DISK,
    radarr="RawDiskSpecification",
    differs="Whatever the profile allows: reeld imports movies as one file, and a disc is none.",
)
def raw_disk(candidate: Candidate, _: Context) -> Finding:
    """The release must not be a whole disc: BR-DISK, a disc's folders or a disc's image."""
    found = _DISC.search(candidate.release.title)
    if candidate.parsed.modifier is not Modifier.BRDISK and found is None:
        return passed()
    word = found[0] if found else candidate.parsed.quality.label
    sentence = f"It is a whole disc ({word}), which cannot be imported as one file."
    return rejected(Reason.RAW_DISK, sentence, word=word)


@rule(
    Reason.REQUIRED_TERM_MISSING,
    Reason.IGNORED_TERM,
    radarr="ReleaseRestrictionsSpecification",
    differs="A regular expression that takes too long counts as not found, and is named.",
)
def release_restrictions(candidate: Candidate, context: Context) -> Finding:
    """The name must have one of the required terms of each release profile for the movie and the indexer, and no ignored one."""
    release = candidate.release
    profiles = [
        each for each in context.restrictions if each.applies(release.indexer, context.tags)
    ]
    if not profiles:
        return not_asked("No release profile is for this movie and this indexer.")
    gave_up: list[str] = []
    for profile in profiles:
        rejection = _against(profile, release.title, gave_up)
        if rejection is not None:
            return rejection
    return passed(profiles=[each.name for each in profiles], gave_up=gave_up)


def _against(profile: ReleaseProfile, title: str, gave_up: list[str]) -> Finding | None:
    required, ignored = find_terms(title, profile.required), find_terms(title, profile.ignored)
    gave_up += [*required.gave_up, *ignored.gave_up]
    by = f"the release profile {profile.name}" if profile.name else "a release profile"
    if profile.required and not required.terms:
        wanted = ", ".join(profile.required)
        sentence = f"It has none of the terms that {by} requires: {wanted}."
        values = {"profile": profile.name, "required": list(profile.required)}
        return rejected(Reason.REQUIRED_TERM_MISSING, sentence, gave_up=gave_up, **values)
    if ignored.terms:
        sentence = f"It has {', '.join(ignored.terms)}, which {by} ignores."
        values = {"profile": profile.name, "ignored": list(ignored.terms)}
        return rejected(Reason.IGNORED_TERM, sentence, gave_up=gave_up, **values)
    return None


@rule(Reason.GROUP_BLOCKED)
def group_rule(candidate: Candidate, context: Context) -> Finding:
    """Nothing is taken from a group that a person blocked; one that a person prefers wins equal scores."""
    group = candidate.parsed.group
    told = context.group_rule(group)
    if told is None:
        return not_asked("Nobody made a rule about its group." if group else "It names no group.")
    if told == "block":
        return rejected(Reason.GROUP_BLOCKED, f"The group {group} is blocked.", group=group)
    return passed(f"The group {group} is preferred.", group=group, told=told)


RULES: Final[tuple[Rule, ...]] = (
    protocol,
    not_a_sample,
    hardcoded_subs,
    raw_disk,
    release_restrictions,
    group_rule,
)
