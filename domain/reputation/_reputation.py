"""From counted evidence to a number that a decision can use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from reeld.domain.reputation._beta import quantile
from reeld.domain.reputation._evidence import EvidenceKind, GroupRule
from reeld.domain.reputation._sentence import sentence_of

PRIOR_GOOD: Final = 4.0
PRIOR_BAD: Final = 1.0
"""A group that nobody knows counts as if five of its releases had been seen and four of them been good: most releases
that an indexer keeps are, and five are so few that ten of one's own outweigh them."""

LEVEL: Final = 0.05
"""The reputation is the 5 % quantile: with a probability of 95 % the group's share of good releases is higher."""

PRIOR_LOWER: Final = quantile(LEVEL, PRIOR_GOOD, PRIOR_BAD)
"""The reputation of a group without evidence, 0.473: the zero of the points."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The evidence of one kind about one group.

    Attributes:
        count: How often it happened, as far back as evidence is kept.
        weight: How much of that is not forgotten: the sum of `age_factor`.
    """

    kind: EvidenceKind
    count: int
    weight: float


@dataclass(frozen=True, slots=True)
class Reputation:
    """What is to be thought of a group.

    Attributes:
        group: Its name as it was last written.
        lower: The lower credible bound of its share of good releases, 0 to 1: the reputation.
        mean: The expected share.
        counts: How often each kind of evidence was seen; what was never seen is left out.
        rule: What a person says of it.
    """

    group: str
    lower: float = PRIOR_LOWER
    mean: float = PRIOR_GOOD / (PRIOR_GOOD + PRIOR_BAD)
    counts: Mapping[EvidenceKind, int] = field(default_factory=dict)
    rule: GroupRule | None = None

    @property
    def standing(self) -> float:
        """Between -1 and 1; 0 is a group of which nothing is known, and the rule of a person is an end of it."""
        match self.rule:
            case GroupRule.PREFER:
                return 1.0
            case GroupRule.BLOCK:
                return -1.0
            case None if self.lower >= PRIOR_LOWER:
                return (self.lower - PRIOR_LOWER) / (1.0 - PRIOR_LOWER)
            case None:
                return (self.lower - PRIOR_LOWER) / PRIOR_LOWER

    def points(self, weight: int) -> int:
        """Return the points of score of a release of this group, from `-weight` to `weight`.

        A group without evidence gets none: it is neither punished nor favoured. The points never fall when the
        reputation rises.

        Args:
            weight: What the profile lets the best possible reputation be worth, 0 or more.
        """
        return round(weight * self.standing)

    @property
    def sentence(self) -> str:
        """The evidence in words: `23 of 24 imports kept, 1 replaced by a repack`."""
        return sentence_of(self.counts)


def judge_group(group: str, tallies: Iterable[Tally], rule: GroupRule | None = None) -> Reputation:
    """Return the reputation that follows from the evidence about a group; takes some 50 microseconds.

    The posterior is Beta(good + prior, bad + prior) of the weights that are left.
    """
    there = tuple(tallies)
    good = PRIOR_GOOD + sum(tally.kind.good * tally.weight for tally in there)
    bad = PRIOR_BAD + sum(tally.kind.bad * tally.weight for tally in there)
    known = (good, bad) != (PRIOR_GOOD, PRIOR_BAD)
    return Reputation(
        group,
        lower=quantile(LEVEL, good, bad) if known else PRIOR_LOWER,
        mean=good / (good + bad),
        counts={tally.kind: tally.count for tally in there if tally.count},
        rule=rule,
    )
