"""What one rule says of one release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

import msgspec

from reeld.domain.decision._reason import Reason

JSON: TypeAlias = "str | int | float | bool | Sequence[JSON] | Mapping[str, JSON] | None"


class Outcome(StrEnum):
    """What came of asking a rule."""

    PASSED = "passed"
    REJECTED = "rejected"
    NOT_ASKED = "not_asked"
    """There was nothing to compare."""


class Finding(NamedTuple):
    """What a rule found, before it is signed with the rule's name."""

    outcome: Outcome
    sentence: str
    values: Mapping[str, JSON]
    reason: Reason | None = None


def passed(sentence: str = "", **values: JSON) -> Finding:
    """Nothing speaks against the release."""
    return Finding(Outcome.PASSED, sentence, values)


def rejected(reason: Reason, sentence: str, **values: JSON) -> Finding:
    """Something does; the sentence names what was compared."""
    return Finding(Outcome.REJECTED, sentence, values, reason)


def not_asked(sentence: str) -> Finding:
    """There is nothing to compare; the sentence says what is missing."""
    return Finding(Outcome.NOT_ASKED, sentence, {})


class Ruling(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one rule says of one release.

    Attributes:
        rule: The rule's name.
        reason: Set exactly when it is rejected.
        permanent: Whether the same offer would be rejected again tomorrow; a temporary rejection is worth another
            look. False for what is not rejected.
        sentence: For people, with the values that were compared; never empty for a rejection.
        values: What was compared, for machines: bytes, minutes, labels of qualities.
    """

    rule: str
    outcome: Outcome
    reason: Reason | None = None
    permanent: bool = False
    sentence: str = ""
    values: Mapping[str, Any] = msgspec.field(default_factory=dict)

    @property
    def is_rejected(self) -> bool:
        """Whether the rule speaks against the release."""
        return self.outcome is Outcome.REJECTED


def sign(rule: str, finding: Finding) -> Ruling:
    """Return a finding as the ruling of a rule."""
    reason = finding.reason
    permanent = reason is not None and not reason.is_temporary
    return Ruling(rule, finding.outcome, reason, permanent, finding.sentence, finding.values)
