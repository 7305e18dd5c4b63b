"""Applies the rules, and picks the best of what they accept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reeld.domain.decision._case import Candidate, Context
from reeld.domain.decision._duplicates import not_compared, rule_on_duplicates
from reeld.domain.decision._preference import preference
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._rule import Rule
from reeld.domain.decision._ruling import Finding, Outcome, Ruling, not_asked, sign
from reeld.domain.decision._verdict import Verdict
from reeld.domain.decision.rules import RULES
from reeld.domain.matching import NoMatch


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about all offers for one movie.

    Attributes:
        verdicts: One for each candidate, the accepted ones first, best first.
        best: The release to grab; None when no candidate is accepted.
        candidates: In the order of the verdicts.
    """

    verdicts: tuple[Verdict, ...]
    best: Candidate | None
    candidates: tuple[Candidate, ...] = ()


def judge(candidate: Candidate, context: Context, rules: Iterable[Rule] = RULES) -> Verdict:
    """Apply every rule to one candidate, so that all reasons are told and not the first alone."""
    applied = tuple(rules)
    rulings = [rule(candidate, context) for rule in applied if not rule.is_last]
    is_right = not any(ruling.is_rejected for ruling in rulings)
    last = [rule for rule in applied if rule.is_last]
    rulings += [rule(candidate, context) if is_right else _not_asked(rule) for rule in last]
    return Verdict(
        release_id=candidate.release.id,
        movie_id=context.movie.id,
        quality=candidate.parsed.quality,
        revision=candidate.parsed.revision,
        rulings=tuple(rulings),
    )


def _not_asked(rule: Rule) -> Ruling:
    return sign(rule.name, not_asked("Another rule rejects it."))


def decide(
    candidates: Iterable[Candidate], context: Context, rules: Iterable[Rule] = RULES
) -> Decision:
    """Judge all candidates for a movie and pick the best.

    The order is total, so that the same offers always end in the same choice.
    """
    applied = tuple(rules)
    ordered = sorted(candidates, key=lambda each: preference(each, context), reverse=True)
    judged = [(each, judge(each, context, applied)) for each in ordered]
    judged = _without_duplicates(judged)
    judged.sort(key=lambda pair: not pair[1].is_accepted)
    best = judged[0][0] if judged and judged[0][1].is_accepted else None
    return Decision(
        verdicts=tuple(verdict for _, verdict in judged),
        best=best,
        candidates=tuple(candidate for candidate, _ in judged),
    )


def _without_duplicates(
    judged: list[tuple[Candidate, Verdict]],
) -> list[tuple[Candidate, Verdict]]:
    right = [candidate for candidate, verdict in judged if verdict.is_accepted]
    rulings = iter(rule_on_duplicates(right))
    return [
        (candidate, _with(verdict, next(rulings) if verdict.is_accepted else not_compared()))
        for candidate, verdict in judged
    ]


def _with(verdict: Verdict, ruling: Ruling) -> Verdict:
    return replace(verdict, rulings=(*verdict.rulings, ruling))


def unmatched(candidate: Candidate) -> Verdict:
    """Return the verdict about a release that belongs to no wanted movie."""
    assert isinstance(candidate.match, NoMatch), (
        "a matched release is judged in its movie's context"
    )
    match = candidate.match
    finding = Finding(Outcome.REJECTED, match.sentence, {}, Reason(match.reason.value))
    return Verdict(
        release_id=candidate.release.id,
        movie_id=None,
        quality=candidate.parsed.quality,
        revision=candidate.parsed.revision,
        rulings=(sign("movie_match", finding),),
    )
