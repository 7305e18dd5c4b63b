"""docs/groups.md tells how the number comes about; this computes what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from reeld.domain.reputation import (
    HALF_LIFE_DAYS,
    KEPT_DAYS,
    PRIOR_BAD,
    PRIOR_GOOD,
    PRIOR_LOWER,
    WEIGHTLESS_DAYS,
    Band,
    EvidenceKind,
    Tally,
    age_factor,
    band_of,
    judge_group,
)

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "groups.md"
TEXT: Final = " ".join(PAGE.read_text(encoding="utf-8").split())


def table(heading: str) -> list[list[str]]:
    """The rows below a heading of a table."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    [start] = [number for number, line in enumerate(lines) if line.startswith(f"| {heading} ")]
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip(" `") for cell in line.strip("|").split("|")])
    return rows


def test_every_kind_of_evidence_is_told_with_its_weights() -> None:
    told = {kind: (float(good), float(bad)) for kind, _, good, bad in table("evidence | when")}
    assert told == {str(kind): (kind.good, kind.bad) for kind in EvidenceKind}


def test_the_worked_example_is_what_the_code_computes() -> None:
    tallies = []
    for kind_name, times, days, left, good, bad in table("evidence | times"):
        kind, factor = EvidenceKind(kind_name), age_factor(EvidenceKind(kind_name), float(days))
        tallies.append(Tally(kind, int(times), int(times) * factor))
        assert (left, good, bad) == (
            f"{factor:.3f}",
            f"{int(times) * factor * kind.good:.3f}",
            f"{int(times) * factor * kind.bad:.3f}",
        )
    found = judge_group("GRP", tallies)
    good = PRIOR_GOOD + sum(each.kind.good * each.weight for each in tallies)
    bad = PRIOR_BAD + sum(each.kind.bad * each.weight for each in tallies)
    for said in (
        f"= {good:.3f} for it",
        f"= {bad:.3f} against it",
        f"Beta({good:.3f}, {bad:.3f}) has a mean of {found.mean:.3f}",
        f"5 % quantile of **{found.lower:.3f}**",
        f"({found.lower:.3f} - {PRIOR_LOWER:.3f}) / (1 - {PRIOR_LOWER:.3f}) = {found.standing:.3f}",
        f"its releases get {found.points(100)} points",
    ):
        assert said in TEXT
    assert found.sentence == "23 of 24 imports kept, 1 replaced by a repack, 1 download stalled"


@pytest.mark.parametrize("row", table("what is known"), ids=lambda row: row[0])
def test_the_small_examples_are_too(row: list[str]) -> None:
    what, reputation, points = row
    tallies = []
    if number := re.match(r"\d+", what):
        count = int(number[0])
        kinds = {"stalled": ["stalled"], "with wrong content": ["wrong_content"]}
        names = kinds.get(what.partition(" ")[2], ["completed", "kept"])
        tallies = [Tally(EvidenceKind(name), count, float(count)) for name in names]
    found = judge_group("GRP", tallies)
    assert (reputation, int(points)) == (f"{found.lower:.3f}", found.points(100))


def test_the_spans_and_bounds_are_those_of_the_code() -> None:
    assert f"fully after {KEPT_DAYS:g} days" in TEXT
    assert f"weighs half after {HALF_LIFE_DAYS:g} days" in TEXT
    assert f"older than {WEIGHTLESS_DAYS:g} days is deleted" in TEXT
    assert f"unknown group is {PRIOR_LOWER:.3f}" in TEXT
    bounds = [0.0, 0.25, PRIOR_LOWER, 0.6, 0.8]
    assert [band_of(bound) for bound in bounds] == list(Band)
    assert [band_of(bound - 0.01) for bound in bounds[1:]] == list(Band)[:-1]
