from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reeld.domain.availability import ALWAYS
from reeld.domain.searching import SearchCause, WantedMovie, next_turn

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LONG_AGO = NOW - 400 * DAY


def wanted(**changes: Any) -> WantedMovie:
    return replace(WantedMovie(1, LONG_AGO, ALWAYS), **changes)


def test_a_movie_that_was_never_searched_is_due_since_it_was_added() -> None:
    turn = next_turn(wanted(), NOW)
    assert (turn.at, turn.cause) == (LONG_AGO + timedelta(hours=1), SearchCause.NEVER_SEARCHED)
    assert turn.is_due(NOW)


def test_a_movie_that_was_just_added_is_left_to_its_own_search_for_an_hour() -> None:
    turn = next_turn(wanted(added_at=NOW), NOW)
    assert (turn.at, turn.cause) == (NOW + timedelta(hours=1), SearchCause.ADDED_LATELY)


@pytest.mark.parametrize(
    ("vain", "days"), [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (99, 30)]
)
def test_a_missing_movie_rests_twice_as_long_after_each_search_in_vain(
    vain: int, days: int
) -> None:
    turn = next_turn(wanted(searched_at=NOW, searches_in_vain=vain), NOW)
    assert (turn.at, turn.cause) == (NOW + days * DAY, SearchCause.MISSING)
    assert not turn.is_due(NOW)


@pytest.mark.parametrize(("vain", "days"), [(1, 7), (2, 14), (3, 28), (4, 56), (5, 60), (50, 60)])
def test_a_movie_below_its_cutoff_is_searched_more_rarely(vain: int, days: int) -> None:
    turn = next_turn(wanted(searched_at=NOW, searches_in_vain=vain, has_file=True), NOW)
    assert (turn.at, turn.cause) == (NOW + days * DAY, SearchCause.CUTOFF_UNMET)


@pytest.mark.parametrize("changes", [{"added_at": NOW}, {"available_from": NOW - 20 * DAY}])
def test_what_is_new_is_searched_at_least_every_second_day(changes: dict[str, Any]) -> None:
    turn = next_turn(wanted(searched_at=NOW, searches_in_vain=20, **changes), NOW)
    assert turn.at == NOW + 2 * DAY


def test_a_movie_is_not_searched_before_it_is_available_and_on_that_day_once() -> None:
    midnight = datetime(2024, 6, 5, tzinfo=UTC)
    for movie in (
        wanted(available_from=midnight),
        wanted(available_from=midnight, searched_at=NOW, searches_in_vain=9),
    ):
        turn = next_turn(movie, NOW)
        assert (turn.at, turn.cause) == (midnight, SearchCause.NEWLY_AVAILABLE)
        assert not turn.is_due(midnight - timedelta(seconds=1))
        # Also when nobody looked for days after midnight.
        assert next_turn(movie, midnight + 3 * DAY).is_due(midnight + 3 * DAY)
        done = replace(movie, scheduled_at=midnight + timedelta(minutes=3))
        assert not next_turn(done, midnight + timedelta(hours=20)).is_due(
            midnight + timedelta(hours=20)
        )


def test_a_search_that_was_asked_for_counts_although_nothing_came_of_it_yet() -> None:
    turn = next_turn(wanted(searched_at=NOW - 9 * DAY, scheduled_at=NOW), NOW)
    assert turn.at == NOW + DAY


@pytest.mark.parametrize("changes", [{"is_searchable": False}, {"available_from": None}])
def test_what_cannot_be_searched_has_no_time_and_says_why(changes: dict[str, Any]) -> None:
    turn = next_turn(wanted(**changes), NOW)
    assert (turn.at, turn.cause, turn.is_due(NOW)) == (None, None, False)
    assert turn.sentence


def test_every_turn_says_why_in_a_sentence() -> None:
    sentence = next_turn(wanted(searched_at=NOW, searches_in_vain=2), NOW).sentence
    assert sentence == "It is missing; after 2 searches in vain it is searched every 2 days."
