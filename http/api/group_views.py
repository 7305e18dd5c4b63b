"""What the API shows of release groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from reeld.domain.reputation import (
    Band,
    EvidenceKind,
    GroupRule,
    IndexerFacts,
    Reputation,
    Tally,
    band_of,
)
from reeld.storage.repositories.evidence import Evidence
from reeld.storage.repositories.groups import Ruled, Weighed


class GroupOrder(StrEnum):
    """In which order groups are listed."""

    WORST = "worst"
    BEST = "best"
    NAME = "name"
    EVIDENCE = "evidence"
    """Most evidence first."""
    LATEST = "latest"
    """Those of which something was learned last come first."""


@dataclass(frozen=True, slots=True)
class RuleView:
    """What a person says of a group, and why."""

    rule: GroupRule
    note: str
    at: datetime

    @classmethod
    def of(cls, ruled: Ruled) -> RuleView:
        """Show a rule."""
        return cls(ruled.rule, ruled.note, ruled.at)


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group and its reputation.

    Attributes:
        reputation: The lower bound of its share of good releases, 0 to 1.
        mean: The expected share.
        standing: -1 to 1: how much of a profile's weight it gets as points; 0 is an unknown group's.
        evidence: The same in a sentence.
        counts: How often what was seen.
    """

    group: str
    reputation: float
    mean: float
    standing: float
    band: Band
    evidence: str
    counts: Mapping[EvidenceKind, int]
    rule: RuleView | None
    last_at: datetime | None

    @classmethod
    def of(cls, known: Weighed, judged: Reputation) -> GroupView:
        """Show a group."""
        return cls(
            group=known.group,
            reputation=round(judged.lower, 4),
            mean=round(judged.mean, 4),
            standing=round(judged.standing, 4),
            band=band_of(judged.lower),
            evidence=judged.sentence,
            counts=judged.counts,
            rule=RuleView.of(known.ruled) if known.ruled else None,
            last_at=known.last_at,
        )


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Some groups of `total`; `next` is what to pass as `offset` for more, None at the end."""

    groups: list[GroupView]
    total: int
    next: int | None


@dataclass(frozen=True, slots=True)
class Share:
    """What one kind of evidence adds to the reputation.

    Attributes:
        remembered: How many of `count` are left after forgetting.
        good: What they weigh for the group.
        bad: What they weigh against it.
    """

    kind: EvidenceKind
    count: int
    remembered: float
    good: float
    bad: float

    @classmethod
    def of(cls, tally: Tally) -> Share:
        """Show a tally."""
        kind, left = tally.kind, tally.weight
        return cls(
            kind,
            tally.count,
            round(left, 3),
            round(kind.good * left, 3),
            round(kind.bad * left, 3),
        )


@dataclass(frozen=True, slots=True)
class GroupDetail:
    """A group, how its reputation comes about, what indexers say, and what happened."""

    group: GroupView
    shares: list[Share]
    indexers: IndexerFacts
    events: list[Evidence]

    @classmethod
    def of(cls, known: Weighed, facts: IndexerFacts, events: list[Evidence]) -> GroupDetail:
        """Show a group in full."""
        shares = [Share.of(tally) for tally in known.tallies]
        return cls(GroupView.of(known, known.judged()), shares, facts, events)


def page_of(
    known: Sequence[Weighed],
    search: str | None,
    rule: GroupRule | None,
    order: GroupOrder,
    offset: int,
    limit: int,
) -> GroupPage:
    """Return one page of groups, judged and in order; for a worker thread when there are many."""
    part = (search or "").strip().casefold()
    found = [
        (each, each.judged())
        for each in known
        if part in each.key and (rule is None or (each.ruled and each.ruled.rule is rule))
    ]
    found.sort(key=_ORDERS[order])
    shown = [GroupView.of(*pair) for pair in found[offset : offset + limit]]
    more = offset + limit if offset + limit < len(found) else None
    return GroupPage(shown, len(found), more)


_Pair = tuple[Weighed, Reputation]
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_ORDERS: Final[Mapping[GroupOrder, Callable[[_Pair], Any]]] = {
    GroupOrder.WORST: lambda pair: (pair[1].lower, pair[0].key),
    GroupOrder.BEST: lambda pair: (-pair[1].lower, pair[0].key),
    GroupOrder.NAME: lambda pair: pair[0].key,
    GroupOrder.EVIDENCE: lambda pair: (-sum(pair[1].counts.values()), pair[0].key),
    GroupOrder.LATEST: lambda pair: (
        -(pair[0].last_at or _NEVER).timestamp(),
        pair[0].key,
    ),
}
