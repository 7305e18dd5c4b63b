"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Observed = Mapping[str, object]


class Status(StrEnum):
    """How a finding is to be taken."""

    PASS = "pass"  # noqa: S105  a word, no password
    WARN = "warn"
    """reeld works less well than it could."""
    FAIL = "fail"
    """It must be mended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        check: Its name, in snake case.
        sentence: What is so or wrong, and how to mend it. Holds no secret.
        observed: What was seen, as plain values.
    """

    check: str
    status: Status
    sentence: str
    observed: Observed = field(default_factory=dict)


def passed(check: str, sentence: str, **observed: object) -> Finding:
    """Return that all is well."""
    return Finding(check, Status.PASS, sentence, observed)


def warned(check: str, sentence: str, **observed: object) -> Finding:
    """Return that something could be better."""
    return Finding(check, Status.WARN, sentence, observed)


def failed(check: str, sentence: str, **observed: object) -> Finding:
    """Return that something must be mended."""
    return Finding(check, Status.FAIL, sentence, observed)


def worst_of(findings: Iterable[Finding]) -> Status:
    """Return the status of all findings together."""
    found = {finding.status for finding in findings}
    if Status.FAIL in found:
        return Status.FAIL
    return Status.WARN if Status.WARN in found else Status.PASS
