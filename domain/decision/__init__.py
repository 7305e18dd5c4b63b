"""Which release to take, and why not the others.

A rule is a pure function `(Candidate, Context) -> Ruling`; `RULES` lists them. A new rule is a new function with `@rule`
in that tuple, and a new `Reason`.
"""

from reeld.domain.decision._case import (
    Acquiring,
    Blocked,
    Candidate,
    Cause,
    Context,
    OwnedFile,
)
from reeld.domain.decision._comparison import Worth, is_good_enough, objection
from reeld.domain.decision._decide import Decision, decide, judge, unmatched
from reeld.domain.decision._explain import explain
from reeld.domain.decision._explanation import (
    ExplainedRelease,
    Explanation,
    InvalidExplanation,
    Lost,
    ScorePart,
)
from reeld.domain.decision._preference import CRITERIA, Criterion, preference
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._rule import Rule, rule
from reeld.domain.decision._ruling import Finding, Outcome, Ruling, not_asked, passed, rejected
from reeld.domain.decision._score import merit, merit_of, score, score_parts
from reeld.domain.decision._verdict import Verdict
from reeld.domain.decision.rules import RULES

__all__ = [
    "CRITERIA",
    "RULES",
    "Acquiring",
    "Blocked",
    "Candidate",
    "Cause",
    "Context",
    "Criterion",
    "Decision",
    "ExplainedRelease",
    "Explanation",
    "Finding",
    "InvalidExplanation",
    "Lost",
    "Outcome",
    "OwnedFile",
    "Reason",
    "Rule",
    "Ruling",
    "ScorePart",
    "Verdict",
    "Worth",
    "decide",
    "explain",
    "is_good_enough",
    "judge",
    "merit",
    "merit_of",
    "not_asked",
    "objection",
    "passed",
    "preference",
    "rejected",
    "rule",
    "score",
    "score_parts",
    "unmatched",
]
