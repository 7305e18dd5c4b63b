"""The Beta distribution, held against what can be computed exactly."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reeld.domain.reputation import quantile, share_below

SIZES = st.floats(min_value=1.0, max_value=5_000.0)
SHARES = st.floats(min_value=0.001, max_value=0.999)
INSIDE = st.floats(min_value=0.001, max_value=0.999)


def by_counting(x: Fraction, a: int, b: int) -> float:
    """For whole numbers the share is the probability of at least `a` heads in `a + b - 1` throws."""
    throws = a + b - 1
    return float(
        sum(comb(throws, k) * x**k * (1 - x) ** (throws - k) for k in range(a, throws + 1))
    )


@pytest.mark.parametrize(("a", "b"), [(1, 1), (4, 1), (1, 7), (2, 3), (28, 2), (100, 40), (700, 1)])
@pytest.mark.parametrize("x", ["1/1000", "1/10", "1/2", "4/5", "19/20", "999/1000"])
def test_whole_parameters_come_to_what_counting_gives(a: int, b: int, x: str) -> None:
    exact = by_counting(Fraction(x), a, b)
    assert share_below(float(Fraction(x)), a, b) == pytest.approx(exact, rel=1e-11, abs=1e-13)


@given(INSIDE, SIZES)
def test_a_distribution_of_one_side_is_a_power(x: float, a: float) -> None:
    assert share_below(x, a, 1.0) == pytest.approx(x**a, rel=1e-9, abs=1e-12)


@given(INSIDE, SIZES, SIZES)
def test_the_mirrored_distribution_has_the_other_share(x: float, a: float, b: float) -> None:
    assert share_below(x, a, b) == pytest.approx(1 - share_below(1 - x, b, a), abs=1e-10)


@given(SHARES, SIZES, SIZES)
def test_a_quantile_has_its_share_below_it(share: float, a: float, b: float) -> None:
    found = quantile(share, a, b)
    assert 0.0 < found < 1.0
    below, above = share_below(found - 1e-8, a, b), share_below(found + 1e-8, a, b)
    assert below - 1e-9 <= share <= above + 1e-9


@given(SHARES, SIZES)
def test_quantiles_of_one_side_are_roots(share: float, a: float) -> None:
    assert quantile(share, a, 1.0) == pytest.approx(share ** (1 / a), abs=1e-9)


def test_the_ends_hold_everything_and_nothing() -> None:
    assert (share_below(0.0, 2, 3), share_below(1.0, 2, 3)) == (0.0, 1.0)
    assert (share_below(-1.0, 2, 3), share_below(2.0, 2, 3)) == (0.0, 1.0)
