"""Rules about the indexer that offers the release, and what it says of it."""

from __future__ import annotations

from typing import Final

from reeld.domain.decision._case import Candidate, Context
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._rule import Rule, rule
from reeld.domain.decision._ruling import Finding, not_asked, passed, rejected
from reeld.domain.release import IndexerFlag


@rule(Reason.INDEXER_AWAY, radarr="BlockedIndexerSpecification")
def indexer_available(candidate: Candidate, context: Context) -> Finding:
    """The indexer must be called at present: one that fails is left alone for a while."""
    indexer = candidate.release.indexer
    if indexer not in context.indexers_away:
        return passed(indexer=indexer)
    sentence = f"{indexer} is not called at present, since it fails."
    return rejected(Reason.INDEXER_AWAY, sentence, indexer=indexer)


@rule(Reason.INDEXER_TAGS_DIFFER, radarr="RssSync/IndexerTagSpecification")
def indexer_tags(candidate: Candidate, context: Context) -> Finding:
    """The movie must have one of the indexer's tags, if that has any."""
    indexer = context.rules_of(candidate.release.indexer)
    if not indexer.tags:
        return not_asked(f"{indexer.name} is for every movie.")
    has, wants = sorted(context.tags.values()), sorted(indexer.tags)
    if not indexer.tags.isdisjoint(has):
        return passed(has=has, wants=wants)
    sentence = f"{indexer.name} is for movies with the tag {' or '.join(wants)}."
    return rejected(Reason.INDEXER_TAGS_DIFFER, sentence, has=has, wants=wants)


@rule(Reason.FLAGS_MISSING, radarr="RequiredIndexerFlagsSpecification")
def required_flags(candidate: Candidate, context: Context) -> Finding:
    """The release must have one of the flags that the settings of its indexer require."""
    indexer, flags = context.rules_of(candidate.release.indexer), candidate.release.flags
    if not indexer.required_flags:
        return not_asked(f"No flag is required of {indexer.name}.")
    has, wants = flag_names(flags), flag_names(indexer.required_flags)
    if flags & indexer.required_flags:
        return passed(has=has, wants=wants)
    sentence = f"It is not {' or '.join(wants)}, as is required of {indexer.name}."
    return rejected(Reason.FLAGS_MISSING, sentence, has=has, wants=wants)


def flag_names(flags: IndexerFlag) -> list[str]:
    """Return the names of flags, in lower case."""
    return [str(flag.name).lower() for flag in IndexerFlag if flag in flags]


@rule(
    Reason.TOO_FEW_SEEDERS,
    radarr="TorrentSeedingSpecification",
    differs="Temporary, since seeders come and go.",
)
def seeders(candidate: Candidate, context: Context) -> Finding:
    """There must be enough seeders, by the indexer's own setting or else by `decision.minimum_seeders`.

    A number that the indexer does not tell is accepted.
    """
    has = candidate.release.seeders
    own = context.rules_of(candidate.release.indexer).minimum_seeders
    least = context.settings.minimum_seeders if own is None else own
    if has is None:
        return not_asked("The indexer does not say how many seeders there are.")
    if has >= least:
        return passed(seeders=has, least=least)
    sentence = f"It has {has} seeders, at least {least} are wanted."
    return rejected(Reason.TOO_FEW_SEEDERS, sentence, seeders=has, least=least)


@rule(
    Reason.BLOCKLISTED,
    radarr="BlocklistSpecification",
    differs="By the torrent or the indexer's own number of the offer, not by the name: names come back mended.",
)
def blocklist(candidate: Candidate, context: Context) -> Finding:
    """What failed for this movie is not grabbed again."""
    if not context.blocked:
        return not_asked("Nothing is blocklisted for this movie.")
    release = candidate.release
    for blocked in context.blocked:
        if blocked.covers(release.indexer, release.guid, release.infohash):
            return rejected(Reason.BLOCKLISTED, "It is blocklisted for this movie.")
    return passed()


RULES: Final[tuple[Rule, ...]] = (
    indexer_available,
    indexer_tags,
    required_flags,
    seeders,
    blocklist,
)
