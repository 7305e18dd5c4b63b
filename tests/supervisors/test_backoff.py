"""Pekko's backoff."""

from __future__ import annotations

import pytest

from reeld.supervisors import Backoff, CrashStreak


def test_waits_double_up_to_the_cap() -> None:
    streak = CrashStreak(Backoff(min=1, max=10), draw=lambda: 0.0)
    assert [streak.crash(ran=0) for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_jitter_is_added_after_the_cap() -> None:
    streak = CrashStreak(Backoff(min=8, max=10, jitter=0.5), draw=lambda: 1.0)
    assert [streak.crash(ran=0) for _ in range(3)] == [12, 15, 15]


def test_a_quiet_time_begins_with_short_waits_again() -> None:
    streak = CrashStreak(Backoff(min=1, max=9), draw=lambda: 0.0)
    assert [streak.crash(ran=ran) for ran in (0, 4.9, 0, 5.0, 0)] == [1, 2, 4, 1, 2]


def test_the_quiet_time_can_be_chosen() -> None:
    streak = CrashStreak(Backoff(min=1, max=9, reset_after=60), draw=lambda: 0.0)
    assert [streak.crash(ran=ran) for ran in (0, 59, 60)] == [1, 2, 1]


def test_a_very_long_streak_does_not_overflow() -> None:
    assert Backoff(min=1, max=30).wait(10**9, 0.0) == 30


@pytest.mark.parametrize("wrong", [{"min": 0}, {"min": 3, "max": 2}, {"jitter": -0.1}])
def test_numbers_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        Backoff(**wrong)
