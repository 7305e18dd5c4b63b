"""Tells why a decision ended as it did."""

from __future__ import annotations

from collections.abc import Iterator

from reeld.domain.decision._case import Candidate, Context
from reeld.domain.decision._decide import Decision
from reeld.domain.decision._explanation import ExplainedRelease, Explanation, Lost
from reeld.domain.decision._preference import CRITERIA, Criterion
from reeld.domain.decision._score import score, score_parts
from reeld.domain.decision._verdict import Verdict
from reeld.domain.matching import Match


def explain(decision: Decision, context: Context) -> Explanation:
    """Return what a decision was made of. Cheap beside the decision itself, and needed only by who stores or shows it."""
    return Explanation(
        movie_id=context.movie.id,
        movie_title=context.movie.title,
        profile=context.profile.name,
        cause=context.cause,
        decided_at=context.now,
        taken=decision.best.release.id if decision.best else None,
        releases=tuple(_releases(decision, context)),
    )


def _releases(decision: Decision, context: Context) -> Iterator[ExplainedRelease]:
    pairs = zip(decision.candidates, decision.verdicts, strict=True)
    for rank, (candidate, verdict) in enumerate(pairs, 1):
        yield _release(candidate, verdict, rank, decision.best, context)


def _release(
    candidate: Candidate, verdict: Verdict, rank: int, best: Candidate | None, context: Context
) -> ExplainedRelease:
    release, match = candidate.release, candidate.match
    is_right = verdict.is_accepted
    return ExplainedRelease(
        release_id=release.id,
        title=release.title,
        indexer=release.indexer,
        size=release.size,
        seeders=release.seeders,
        understood=_understood(candidate),
        matched=match.by.value if isinstance(match, Match) else match.sentence,
        accepted=is_right,
        temporary=verdict.is_temporary,
        rulings=verdict.rulings,
        score=score(candidate, context),
        score_parts=score_parts(candidate, context),
        rank=rank if is_right else None,
        lost=lost(candidate, best, context) if is_right and best is not None else None,
    )


def _understood(candidate: Candidate) -> dict[str, object]:
    read = candidate.parsed.to_json()
    # The name itself is there as the title, and what it does not say needs no room in hundreds of stored releases.
    return {name: value for name, value in read.items() if name != "name" and value}


def lost(candidate: Candidate, best: Candidate, context: Context) -> Lost | None:
    """Return by what a release lost to the one that was taken; None when it is that one."""
    for criterion in CRITERIA:
        if criterion.key(candidate, context) != criterion.key(best, context):
            return _lost_by(criterion, candidate, best, context)
    return None


def _lost_by(criterion: Criterion, candidate: Candidate, best: Candidate, context: Context) -> Lost:
    mine, theirs = criterion.told(candidate, context), criterion.told(best, context)
    title = best.release.title
    sentence = f"{title} is preferred by {criterion.name}: {theirs}, here {mine}."
    return Lost(best.release.id, title, criterion.name, mine, theirs, sentence)
