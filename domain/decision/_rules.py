"""The rules. Each looks at one thing and knows none of the others."""

from __future__ import annotations

import re
from typing import Final

from reeld.domain.decision._case import Candidate, Context, Rule
from reeld.domain.decision._verdict import Reason, Rejection
from reeld.domain.matching import NoMatch

_MIB: Final = 1024 * 1024
_GIB: Final = 1024 * _MIB
_SAMPLE_BYTES: Final = 70 * _MIB
"""Radarr's limit: a release called "sample" that is smaller than this is one."""
_SAMPLE: Final = re.compile(r"(?<![^\W_])sample(?![^\W_])", re.IGNORECASE)


def belongs_to_movie(candidate: Candidate, context: Context) -> Rejection | None:
    """The release must have been matched to the movie, by its ids or by title and year."""
    match = candidate.match
    if isinstance(match, NoMatch):
        return Rejection(Reason(match.reason.value), match.sentence)
    if match.movie_id != context.movie.id:
        return Rejection(Reason.WRONG_MOVIE, f"It is another movie than {context.movie.title}.")
    return None


def is_monitored(_: Candidate, context: Context) -> Rejection | None:
    """Nothing is grabbed for a movie that is not monitored, unless a person asks."""
    if context.movie.monitored or context.searched_by_person:
        return None
    sentence = f"{context.movie.title} is not monitored."
    return Rejection(Reason.NOT_MONITORED, sentence, permanent=False)


def is_wanted_quality(candidate: Candidate, context: Context) -> Rejection | None:
    """The profile must allow the quality."""
    quality = candidate.parsed.quality
    if context.profile.allows(quality):
        return None
    sentence = f"{quality.label} is not wanted in the profile {context.profile.name}."
    return Rejection(Reason.QUALITY_NOT_WANTED, sentence)


def is_not_imported_already(candidate: Candidate, context: Context) -> Rejection | None:
    """The very release that the library's file came from is not grabbed again."""
    owned, release = context.owned, candidate.release
    if owned is None:
        return None
    same_torrent = release.infohash is not None and release.infohash == owned.infohash
    if same_torrent or release.title == owned.release_title:
        return Rejection(Reason.ALREADY_IMPORTED, "The library's file came from this release.")
    return None


def improves_library(candidate: Candidate, context: Context) -> Rejection | None:
    """A file in the library is replaced by a better one alone, and until it is good enough.

    The order of the questions is Radarr's: quality, then revision, then the cutoff.
    """
    owned, profile, parsed = context.owned, context.profile, candidate.parsed
    if owned is None:
        return None
    there = f"The library has {owned.quality.label}"
    mine, theirs = profile.rank(parsed.quality), profile.rank(owned.quality)
    if mine < theirs:
        return Rejection(Reason.BETTER_QUALITY_OWNED, f"{there}, which is better.")
    if mine > theirs and not profile.upgrades_allowed:
        sentence = f"{there}, and the profile {profile.name} allows no upgrades."
        return Rejection(Reason.UPGRADES_NOT_ALLOWED, sentence)
    if mine > theirs:
        return _unless_cutoff(context, there)
    return _of_equal_quality(candidate, context, there)


def _unless_cutoff(context: Context, there: str) -> Rejection | None:
    assert context.owned is not None
    if not context.profile.meets_cutoff(context.owned.quality):
        return None
    sentence = f"{there}, which meets the cutoff {context.profile.cutoff.label}."
    return Rejection(Reason.QUALITY_CUTOFF_MET, sentence)


def _of_equal_quality(candidate: Candidate, context: Context, there: str) -> Rejection | None:
    assert context.owned is not None
    mine, theirs = candidate.parsed.revision, context.owned.revision
    if mine < theirs:
        return Rejection(Reason.BETTER_REVISION_OWNED, f"{there} in a later revision.")
    if mine > theirs and context.profile.upgrades_allowed:
        return None
    if mine > theirs:
        sentence = f"{there}, and the profile {context.profile.name} allows no upgrades."
        return Rejection(Reason.UPGRADES_NOT_ALLOWED, sentence)
    return Rejection(Reason.NOT_AN_UPGRADE, f"{there} already.")


def is_not_acquired_already(_: Candidate, context: Context) -> Rejection | None:
    """One release of a movie is acquired at a time."""
    if context.acquiring is None:
        return None
    return Rejection(Reason.ALREADY_ACQUIRING, context.acquiring, permanent=False)


def is_not_blocked(candidate: Candidate, context: Context) -> Rejection | None:
    """What failed for this movie is not grabbed again."""
    release = candidate.release
    for blocked in context.blocked:
        if blocked.covers(release.indexer, release.guid, release.infohash):
            return Rejection(Reason.BLOCKLISTED, "It is blocklisted for this movie.")
    return None


def has_seeders(candidate: Candidate, context: Context) -> Rejection | None:
    """Where the indexer says how many seeders there are, there must be enough."""
    seeders, least = candidate.release.seeders, context.settings.minimum_seeders
    if seeders is None or seeders >= least:
        return None
    sentence = f"It has {seeders} seeders, at least {least} are wanted."
    return Rejection(Reason.TOO_FEW_SEEDERS, sentence, permanent=False)


def is_no_sample(candidate: Candidate, _: Context) -> Rejection | None:
    """A small release that calls itself a sample is one."""
    size = candidate.release.size
    if not size or size >= _SAMPLE_BYTES or not _SAMPLE.search(candidate.release.title):
        return None
    return Rejection(Reason.SAMPLE, f"It is called a sample and has only {size // _MIB} MiB.")


def is_small_enough(candidate: Candidate, context: Context) -> Rejection | None:
    """No release may be bigger than the settings allow."""
    size, most = candidate.release.size, context.settings.maximum_bytes
    if not size or not most or size <= most:
        return None
    sentence = f"It has {size / _GIB:.1f} GiB, at most {most / _GIB:.1f} GiB are allowed."
    return Rejection(Reason.TOO_BIG, sentence)


RULES: Final[tuple[Rule, ...]] = (
    belongs_to_movie,
    is_monitored,
    is_wanted_quality,
    is_not_imported_already,
    improves_library,
    is_not_acquired_already,
    is_not_blocked,
    has_seeders,
    is_no_sample,
    is_small_enough,
)
"""Every rule, in the order in which its reasons are listed."""
