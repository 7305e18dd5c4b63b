"""Which formats a release has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reeld.domain.custom_format._conditions import Condition
from reeld.domain.custom_format._expression import OutOfTime
from reeld.domain.custom_format._format import CustomFormat, FormatMatch
from reeld.domain.custom_format._subject import Seen, Subject


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of the formats.

    Attributes:
        matches: The formats that the release has, in the order given.
        timed_out: Those with an expression that ran out of time; they do not match.
    """

    matches: tuple[FormatMatch, ...]
    timed_out: tuple[FormatMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionVerdict:
    """What one condition says of a release; `satisfied` is None when its expression ran out of time."""

    condition: Condition
    satisfied: bool | None


@dataclass(frozen=True, slots=True)
class FormatVerdict:
    """What a format says of a release, condition by condition."""

    format: CustomFormat
    matches: bool
    conditions: tuple[ConditionVerdict, ...]


def judge_formats(subject: Subject, formats: Iterable[CustomFormat]) -> Judgement:
    """Find the formats that a release has, as Radarr's `CustomFormatCalculationService` does.

    A format matches when each kind of its conditions passes. At most some 50 ms of processor time are lost to
    expressions that do not come to an end.
    """
    seen = Seen(subject)
    matches: list[FormatMatch] = []
    timed_out: list[FormatMatch] = []
    for each in formats:
        try:
            if all(kind.passes(seen) for kind in each.kinds):
                matches.append(each.match)
        except OutOfTime:
            timed_out.append(each.match)
    return Judgement(tuple(matches), tuple(timed_out))


def formats_of(subject: Subject, formats: Iterable[CustomFormat]) -> tuple[FormatMatch, ...]:
    """Return the formats that a release has, in the order given."""
    return judge_formats(subject, formats).matches


def explain_format(subject: Subject, custom_format: CustomFormat) -> FormatVerdict:
    """Return what every condition of a format says of a release."""
    (verdict,) = explain_formats(subject, (custom_format,))
    return verdict


def explain_formats(subject: Subject, formats: Iterable[CustomFormat]) -> tuple[FormatVerdict, ...]:
    """Return what every condition of every format says of a release, in the order given."""
    seen = Seen(subject)
    return tuple(_explained(seen, each) for each in formats)


def _explained(seen: Seen, custom_format: CustomFormat) -> FormatVerdict:
    verdicts = tuple(
        ConditionVerdict(each, _satisfied(each, seen)) for each in custom_format.conditions
    )
    try:
        matches = all(kind.passes(seen) for kind in custom_format.kinds)
    except OutOfTime:
        matches = False
    return FormatVerdict(custom_format, matches, verdicts)


def _satisfied(condition: Condition, seen: Seen) -> bool | None:
    try:
        return condition.is_satisfied(seen)
    except OutOfTime:
        return None
