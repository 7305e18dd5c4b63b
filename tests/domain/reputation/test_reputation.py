"""What the number promises, whatever the evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reeld.domain.reputation import (
    HALF_LIFE_DAYS,
    KEPT_DAYS,
    LEVEL,
    PRIOR_LOWER,
    WEIGHTLESS_DAYS,
    EvidenceKind,
    GroupRule,
    Reputation,
    Tally,
    age_factor,
    group_key,
    judge_group,
)

KINDS = tuple(EvidenceKind)
GOOD = [kind for kind in KINDS if kind.good]
BAD = [kind for kind in KINDS if kind.bad]
AGES = st.floats(min_value=0, max_value=4000)
ROWS = st.lists(st.tuples(st.sampled_from(KINDS), AGES), max_size=60)
A_LITTLE = 1e-8
"""More than what the quantile is exact to."""

Rows = list[tuple[EvidenceKind, float]]


def of(rows: Rows, rule: GroupRule | None = None) -> Reputation:
    tallies = [Tally(kind, 1, age_factor(kind, age)) for kind, age in rows]
    counts: dict[EvidenceKind, list[Tally]] = {}
    for tally in tallies:
        counts.setdefault(tally.kind, []).append(tally)
    summed = [
        Tally(kind, len(each), sum(tally.weight for tally in each)) for kind, each in counts.items()
    ]
    return judge_group("GRP", summed, rule)


@given(ROWS, st.sampled_from(GOOD), AGES)
def test_more_good_evidence_never_lowers_the_reputation(
    rows: Rows, kind: EvidenceKind, age: float
) -> None:
    assert of([*rows, (kind, age)]).lower >= of(rows).lower - A_LITTLE


@given(ROWS, st.sampled_from(BAD), AGES)
def test_more_bad_evidence_never_raises_the_reputation(
    rows: Rows, kind: EvidenceKind, age: float
) -> None:
    assert of([*rows, (kind, age)]).lower <= of(rows).lower + A_LITTLE


@given(ROWS, st.sampled_from(KINDS))
def test_a_fresh_piece_of_evidence_moves_it_the_way_it_points(
    rows: Rows, kind: EvidenceKind
) -> None:
    before, after = of(rows).lower, of([*rows, (kind, KEPT_DAYS)]).lower
    assert (after > before, after < before) == (kind.good > 0, kind.bad > 0)


@given(ROWS)
def test_it_lies_between_nothing_and_all_and_below_what_is_expected(rows: Rows) -> None:
    found = of(rows)
    assert 0.0 < found.lower < found.mean < 1.0


@given(st.lists(st.sampled_from(GOOD), min_size=1), st.floats(KEPT_DAYS, 3000), st.floats(0, 1000))
def test_forgetting_good_moves_down_to_the_prior(
    kinds: list[EvidenceKind], age: float, later: float
) -> None:
    now, then = of([(kind, age) for kind in kinds]), of([(kind, age + later) for kind in kinds])
    assert PRIOR_LOWER - A_LITTLE <= then.lower <= now.lower + A_LITTLE


@given(st.lists(st.sampled_from(BAD), min_size=1), AGES, st.floats(0, 1000))
def test_forgetting_bad_moves_up_to_the_prior(
    kinds: list[EvidenceKind], age: float, later: float
) -> None:
    now, then = of([(kind, age) for kind in kinds]), of([(kind, age + later) for kind in kinds])
    assert now.lower - A_LITTLE <= then.lower <= PRIOR_LOWER + A_LITTLE


@given(ROWS)
def test_everything_is_forgotten_in_the_end(rows: Rows) -> None:
    assert of([(kind, 100_000.0) for kind, _ in rows]).lower == pytest.approx(PRIOR_LOWER, abs=1e-6)


@given(ROWS, st.integers(0, 10_000), st.sampled_from([None, *GroupRule]))
def test_points_lie_within_the_weight_and_follow_the_reputation(
    rows: Rows, weight: int, rule: GroupRule | None
) -> None:
    found = of(rows, rule)
    assert -weight <= found.points(weight) <= weight
    assert found.points(0) == 0
    assert found.points(weight) <= of([*rows, (EvidenceKind.KEPT, KEPT_DAYS)], rule).points(weight)
    assert found.points(weight) >= of([*rows, (EvidenceKind.FAILED, 0)], rule).points(weight)


@given(st.integers(0, 10_000))
def test_a_group_of_which_nothing_is_known_is_neither_punished_nor_favoured(weight: int) -> None:
    assert judge_group("NEW", []).points(weight) == 0
    assert Reputation("NEW").points(weight) == 0
    assert of([(EvidenceKind.GRABBED, 0.0)] * 20).points(weight) == 0


def test_a_person_overrides_the_evidence() -> None:
    good, bad = [(EvidenceKind.KEPT, 30.0)] * 50, [(EvidenceKind.WRONG_CONTENT, 0.0)] * 50
    assert of(good, GroupRule.BLOCK).points(100) == -100
    assert of(bad, GroupRule.PREFER).points(100) == 100
    assert of(bad, GroupRule.PREFER).lower == of(bad).lower, "the evidence stays as it was"


def test_without_evidence_the_bound_is_that_of_the_prior() -> None:
    # Beta(4, 1) has the distribution function x to the fourth.
    assert pytest.approx(LEVEL ** (1 / 4), abs=1e-9) == PRIOR_LOWER
    assert judge_group("NEW", []) == Reputation("NEW")


def test_evidence_weighs_half_after_a_half_life_and_next_to_nothing_when_it_may_go() -> None:
    assert age_factor(EvidenceKind.STALLED, 0.0) == 1.0
    assert age_factor(EvidenceKind.STALLED, HALF_LIFE_DAYS) == 0.5
    assert age_factor(EvidenceKind.WRONG_CONTENT, WEIGHTLESS_DAYS) == 1 / 64
    assert age_factor(EvidenceKind.STALLED, -3.0) == 1.0, "a clock that was set back"


def test_a_file_counts_as_kept_by_and_by() -> None:
    assert age_factor(EvidenceKind.KEPT, 0.0) == 0.0
    half = age_factor(EvidenceKind.KEPT, KEPT_DAYS / 2)
    assert half == pytest.approx(0.5, abs=0.01)
    assert age_factor(EvidenceKind.KEPT, KEPT_DAYS) == pytest.approx(1.0, abs=0.03)


def test_a_name_is_known_however_it_is_capitalised() -> None:
    assert group_key("SPARKS") == group_key(" sparks ") == "sparks"
    assert group_key("Straße") == group_key("STRASSE")
    for nothing in (None, "", "  ", "x" * 101, "a\x00b", "a\u202eb", "a\nb", "a/b"):
        assert group_key(nothing) is None


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"kept": 23, "replaced_by_repack": 1}, "23 of 24 imports kept, 1 replaced by a repack"),
        ({"kept": 1, "grabbed": 1, "completed": 1}, "1 of 1 import kept"),
        (
            {"kept": 2, "replaced_by_proper": 3, "fake_quality": 1, "wrong_content": 4},
            "2 of 10 imports kept, 3 replaced by a proper, 1 of a lower quality than named, 4 with wrong content",
        ),
        ({"stalled": 1, "failed": 2, "grabbed": 3}, "1 download stalled, 2 downloads failed"),
        ({"grabbed": 2, "completed": 1}, "2 grabbed, nothing imported yet"),
        ({}, "nothing is known of it yet"),
    ],
)
def test_the_evidence_is_told_in_a_sentence(counts: dict[str, int], sentence: str) -> None:
    found = Reputation("GRP", counts={EvidenceKind(kind): n for kind, n in counts.items()})
    assert found.sentence == sentence
