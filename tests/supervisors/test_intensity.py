"""OTP's intensity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reeld.supervisors import Intensity, RestartBudget


def test_as_many_restarts_as_the_intensity_are_within_the_budget() -> None:
    budget = RestartBudget(Intensity(3, 5))
    assert [budget.spend(0.0) for _ in range(4)] == [True, True, True, False]


def test_a_restart_exactly_as_old_as_the_window_still_counts() -> None:
    budget = RestartBudget(Intensity(1, 5))
    assert budget.spend(0.0)
    assert not budget.spend(5.0)


def test_a_restart_just_older_than_the_window_does_not_count() -> None:
    budget = RestartBudget(Intensity(1, 5))
    assert budget.spend(0.0)
    assert budget.spend(5.0000001)


def test_the_window_slides_and_does_not_tumble() -> None:
    budget = RestartBudget(Intensity(2, 10))
    assert [budget.spend(t) for t in (0.0, 9.0, 11.0, 12.0)] == [True, True, True, False]


def test_an_intensity_of_zero_tolerates_no_restart() -> None:
    assert not RestartBudget(Intensity(0, 5)).spend(100.0)


def test_what_is_left_comes_back_with_time() -> None:
    budget = RestartBudget(Intensity(3, 10))
    budget.spend(0.0)
    budget.spend(5.0)
    assert [budget.left(t) for t in (5.0, 10.0, 10.1, 15.1)] == [1, 1, 2, 3]


def test_a_cleared_budget_is_whole() -> None:
    budget = RestartBudget(Intensity(1, 10))
    budget.spend(0.0)
    budget.clear()
    assert budget.spend(0.0)


@pytest.mark.parametrize(("restarts", "seconds"), [(-1, 5), (1, 0), (1, -1), (1, float("nan"))])
def test_numbers_that_make_no_sense_are_refused(restarts: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="must"):
        Intensity(restarts, seconds)


@given(
    restarts=st.integers(0, 4),
    period=st.integers(1, 6),
    gaps=st.lists(st.integers(0, 4), max_size=30),
)
def test_it_agrees_with_the_algorithm_of_otp(restarts: int, period: int, gaps: list[int]) -> None:
    """`add_restart` of supervisor.erl, whose supervisor ends at the first refusal, word by word."""
    budget, otp, now = RestartBudget(Intensity(restarts, period)), [], 0
    for gap in gaps:
        now += gap
        inside = []
        for restart in otp:
            if restart < now - period:
                break
            inside.append(restart)
        otp = [now, *inside]
        allowed = len(otp) <= restarts
        assert budget.spend(now) is allowed
        if not allowed:
            break
