"""What a release scores, and where the points come from."""

from __future__ import annotations

from reeld.domain.decision._case import Candidate, Context
from reeld.domain.decision._explanation import ScorePart
from reeld.domain.release_profile import preferred_points


def term_points(title: str, indexer: str | None, context: Context) -> dict[str, int]:
    """Return what the preferred terms of release profiles add to a release name, by term.

    Without an indexer, the release profiles that are for one are left out.
    """
    if not context.restrictions:
        return {}
    return preferred_points(title, indexer or "", context.tags, context.restrictions)


def merit(title: str | None, format_score: int, context: Context) -> int:
    """Return the score that upgrades are decided by: formats and preferred terms.

    What moves or gets lost between grab and import is not in it, so that no file is replaced for that: neither the
    reputation of a group, nor terms for one indexer's releases. The title is the name as offered or grabbed; None when
    nobody knows it.
    """
    return format_score + (sum(term_points(title, None, context).values()) if title else 0)


def merit_of(candidate: Candidate, context: Context) -> int:
    """Return the merit of an offer."""
    return merit(candidate.release.title, candidate.format_score, context)


def score(candidate: Candidate, context: Context) -> int:
    """Return the score that offers are compared by: formats, preferred terms and reputation."""
    release = candidate.release
    return candidate.score + sum(term_points(release.title, release.indexer, context).values())


def score_parts(candidate: Candidate, context: Context) -> tuple[ScorePart, ...]:
    """Return where the points of `score` come from; formats without points are told too."""
    points = context.profile.format_scores
    formats = [ScorePart("format", each.name, points.get(each.id, 0)) for each in candidate.formats]
    release = candidate.release
    terms = term_points(release.title, release.indexer, context).items()
    parts = [*formats, *(ScorePart("term", term, worth) for term, worth in terms)]
    if candidate.reputation:
        group = candidate.parsed.group or ""
        parts.append(ScorePart("reputation", group, candidate.reputation))
    return tuple(parts)
