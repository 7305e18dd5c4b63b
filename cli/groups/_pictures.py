"""Reputations and evidence as small pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from rich.text import Text

from reeld.cli.output import printable
from reeld.domain.reputation import EvidenceKind

_WIDTH: Final = 10
_COLOURS: Final = {
    "poor": "red",
    "doubtful": "yellow",
    "unproven": "dim",
    "good": "green",
    "proven": "green bold",
}
_MONTHS: Final = 12
_HEIGHT: Final = 5


def bar(group: Any) -> Text:
    """Return a reputation as a bar and a number; a rule decides its colour."""
    full = round(group["reputation"] * _WIDTH)
    drawn = "#" * full + "-" * (_WIDTH - full)
    colour = _COLOURS.get(group["band"], "")
    if group["rule"]:
        colour = "red" if group["rule"]["rule"] == "block" else "green bold"
    return Text(f"{drawn} {group['reputation']:.2f}", style=colour)


def words_of_rule(rule: Any) -> Text:
    """Return what a person says of a group."""
    if rule is None:
        return Text("")
    word, colour = ("blocked", "red") if rule["rule"] == "block" else ("preferred", "green")
    note = f" ({printable(rule['note'])})" if rule["note"] else ""
    return Text(f"{word}{note}", style=colour)


def styled(kind: str, words: str) -> Text:
    """Return a kind of evidence in the colour of what it says."""
    return Text(words, style={"+": "green", "-": "red"}.get(_sign(kind), ""))


def history_of(events: Sequence[Any]) -> Text:
    """Return what happened month by month: a column of `+` above the line, one of `-` below it.

    A column that is cut off ends with `^` or `v`.
    """
    good, bad = Counter[str](), Counter[str]()
    for event in events:
        month = datetime.fromisoformat(event["at"]).strftime("%Y-%m")
        good[month] += _sign(event["kind"]) == "+"
        bad[month] += _sign(event["kind"]) == "-"
    months = sorted(good)[-_MONTHS:]
    rows = [_row(months, good, level, "+", "^") for level in range(_HEIGHT, 0, -1)]
    rows.append("".join(f"{month[2:]:<7}" for month in months))
    rows += [_row(months, bad, level, "-", "v") for level in range(1, _HEIGHT + 1)]
    return Text("\n".join(row.rstrip() for row in rows if row.strip()))


def _row(months: Sequence[str], counts: Counter[str], level: int, mark: str, cut: str) -> str:
    def cell(month: str) -> str:
        if counts[month] < level:
            return ""
        return cut if level == _HEIGHT and counts[month] > _HEIGHT else mark

    return "".join(f"  {cell(month):<5}" for month in months)


def _sign(kind: str) -> str:
    try:
        known = EvidenceKind(kind)
    except ValueError:  # a newer daemon's
        return ""
    return "+" if known.good else "-" if known.bad else ""
