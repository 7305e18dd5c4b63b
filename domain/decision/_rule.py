"""What a rule is: a pure function, with what people want to know about it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from reeld.domain.decision._case import Candidate, Context
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._ruling import Finding, Ruling, rejected, sign

Judge: TypeAlias = Callable[[Candidate, Context], Finding]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a release must fulfil.

    Attributes:
        name: The function's name.
        reasons: Why it may reject.
        radarr: What Radarr calls it; None where it is reeld's own.
        differs: Where it decides otherwise than Radarr, and why; empty where it does not.
        is_last: Asked only when no other rule rejects, since its answer costs more or helps nobody otherwise.
        judge: The function.
    """

    name: str
    reasons: tuple[Reason, ...]
    radarr: str | None
    differs: str
    is_last: bool
    judge: Judge

    def __call__(self, candidate: Candidate, context: Context) -> Ruling:
        """Ask it about a candidate. What goes wrong in it is a rejection: one bad name must not hide the others."""
        try:
            return sign(self.name, self.judge(candidate, context))
        except Exception as error:  # noqa: BLE001 - the rejection is counted by its reason, and names the error
            return sign(self.name, _failed(self.name, error))

    @property
    def about(self) -> str:
        """What it asks, in sentences."""
        return inspect.getdoc(self.judge) or ""


def rule(
    *reasons: Reason, radarr: str | None = None, differs: str = "", is_last: bool = False
) -> Callable[[Judge], Rule]:
    """Make a rule of a function."""

    def of(judge: Judge) -> Rule:
        return Rule(judge.__name__, reasons, radarr, differs, is_last, judge)

    return of


def _failed(name: str, error: Exception) -> Finding:
    kind = type(error).__name__
    sentence = f"The rule {name} failed with {kind}, so that nobody knows; tell reeld's makers."
    return rejected(Reason.RULE_FAILED, sentence, error=kind)
