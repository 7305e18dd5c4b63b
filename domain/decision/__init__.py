"""Which release to take, and why not the others.

A rule is a pure function `(Candidate, Context) -> Rejection | None`; `RULES` lists them. A new rule
is a new function in that tuple, and a new `Reason`.
"""

from reeld.domain.decision._case import Blocked, Candidate, Context, OwnedFile, Rule
from reeld.domain.decision._decide import Decision, decide, judge, preference, unmatched
from reeld.domain.decision._rules import RULES
from reeld.domain.decision._verdict import Reason, Rejection, Verdict

__all__ = [
    "RULES",
    "Blocked",
    "Candidate",
    "Context",
    "Decision",
    "OwnedFile",
    "Reason",
    "Rejection",
    "Rule",
    "Verdict",
    "decide",
    "judge",
    "preference",
    "unmatched",
]
