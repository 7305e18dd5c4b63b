"""What has become of the releases of each group, and how far that lets the next one be trusted. Pure; docs/groups.md."""

from reeld.domain.reputation._bands import Band, band_of
from reeld.domain.reputation._beta import quantile, share_below
from reeld.domain.reputation._evidence import (
    HALF_LIFE_DAYS,
    KEPT_DAYS,
    VERDICTS,
    WEIGHTLESS_DAYS,
    EvidenceKind,
    GroupRule,
    InvalidGroup,
    NewEvidence,
    age_factor,
    group_key,
    require_key,
)
from reeld.domain.reputation._facts import IndexerFacts, SeedersOfMonth
from reeld.domain.reputation._lessons import evidence_after
from reeld.domain.reputation._reputation import (
    LEVEL,
    PRIOR_BAD,
    PRIOR_GOOD,
    PRIOR_LOWER,
    Reputation,
    Tally,
    judge_group,
)

__all__ = [
    "HALF_LIFE_DAYS",
    "KEPT_DAYS",
    "LEVEL",
    "PRIOR_BAD",
    "PRIOR_GOOD",
    "PRIOR_LOWER",
    "VERDICTS",
    "WEIGHTLESS_DAYS",
    "Band",
    "EvidenceKind",
    "GroupRule",
    "IndexerFacts",
    "InvalidGroup",
    "NewEvidence",
    "Reputation",
    "SeedersOfMonth",
    "Tally",
    "age_factor",
    "band_of",
    "evidence_after",
    "group_key",
    "judge_group",
    "quantile",
    "require_key",
    "share_below",
]
