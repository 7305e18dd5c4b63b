"""Applies the rules, and picks the best of what they accept."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reeld.domain.decision._case import Candidate, Context, Rule
from reeld.domain.decision._rules import RULES
from reeld.domain.decision._verdict import Reason, Rejection, Verdict
from reeld.domain.matching import NoMatch

_SIZE_STEP: Final = 200 * 1024 * 1024
"""Sizes nearer to each other than this count as equal (Radarr's step)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about all offers for one movie.

    Attributes:
        verdicts: One for each candidate, the accepted ones first, best first.
        best: The release to grab; None when no candidate is accepted.
    """

    verdicts: tuple[Verdict, ...]
    best: Candidate | None


def judge(candidate: Candidate, context: Context, rules: Iterable[Rule] = RULES) -> Verdict:
    """Apply every rule to one candidate, so that all reasons are told and not the first alone."""
    found = (rule(candidate, context) for rule in rules)
    return Verdict(
        release_id=candidate.release.id,
        movie_id=context.movie.id,
        quality=candidate.parsed.quality,
        revision=candidate.parsed.revision,
        rejections=tuple(rejection for rejection in found if rejection is not None),
    )


def decide(
    candidates: Iterable[Candidate], context: Context, rules: Iterable[Rule] = RULES
) -> Decision:
    """Judge all candidates for a movie and pick the best.

    The order is total, so that the same offers always end in the same choice.
    """
    applied = tuple(rules)
    judged = [(judge(candidate, context, applied), candidate) for candidate in candidates]
    judged.sort(key=lambda pair: (pair[0].is_accepted, preference(pair[1], context)), reverse=True)
    best = judged[0][1] if judged and judged[0][0].is_accepted else None
    return Decision(tuple(verdict for verdict, _ in judged), best)


def unmatched(candidate: Candidate) -> Verdict:
    """Return the verdict about a release that belongs to no wanted movie."""
    assert isinstance(candidate.match, NoMatch), (
        "a matched release is judged in its movie's context"
    )
    return Verdict(
        release_id=candidate.release.id,
        movie_id=None,
        quality=candidate.parsed.quality,
        revision=candidate.parsed.revision,
        rejections=(Rejection(Reason(candidate.match.reason.value), candidate.match.sentence),),
    )


def preference(candidate: Candidate, context: Context) -> tuple[float, ...]:
    """Return what candidates are ordered by; greater is better.

    Radarr's order: quality in the profile, revision, seeders and peers by their powers of ten,
    size; then more seeders, and the offer that was seen first.
    """
    release, revision = candidate.release, candidate.parsed.revision
    return (
        context.profile.rank(candidate.parsed.quality),
        revision.real,
        revision.version,
        _magnitude(release.seeders),
        _magnitude((release.seeders or 0) + (release.leechers or 0)),
        (release.size or 0) // _SIZE_STEP,
        release.seeders or 0,
        -release.id,
    )


def _magnitude(count: int | None) -> int:
    return round(math.log10(count)) if count and count > 0 else 0
