"""The schedule in virtual time: rounds follow one another, and every search that is asked for is done or fails."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from reeld.domain.availability import ALWAYS
from reeld.domain.searching import (
    HEAD_STARTS,
    SearchCause,
    WantedMovie,
    due,
    next_turn,
    plan,
    room,
)

BEGIN = datetime(2024, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONGEST_HEAD_START = max(HEAD_STARTS.values())


def test_the_hours_share_is_spread_over_its_rounds() -> None:
    assert room(30, every_seconds=600, asked=0, waiting=0) == 5
    assert room(30, every_seconds=600, asked=28, waiting=0) == 2
    assert room(30, every_seconds=600, asked=31, waiting=0) == 0
    assert room(30, every_seconds=600, asked=5, waiting=5) == 0
    assert room(0, every_seconds=600, asked=0, waiting=0) == 0
    assert room(30, every_seconds=86400, asked=0, waiting=0) == 30
    assert room(1, every_seconds=600, asked=0, waiting=0) == 1


def test_the_most_wanted_goes_first() -> None:
    def movie(number: int, **changes: object) -> WantedMovie:
        return replace(WantedMovie(number, BEGIN - 400 * DAY, ALWAYS), **changes)

    past = BEGIN - 3 * DAY
    movies = [
        movie(1, searched_at=past - 7 * DAY, searches_in_vain=1, has_file=True),
        movie(2, searched_at=past - DAY, searches_in_vain=1),
        movie(3, added_at=past),
        movie(4, available_from=past, searched_at=past - DAY),
        movie(5, added_at=past - 6 * DAY),
    ]
    turns = [next_turn(each, BEGIN) for each in movies]
    assert [turn.cause for turn in due(turns, BEGIN)] == [
        SearchCause.NEWLY_AVAILABLE,
        SearchCause.NEVER_SEARCHED,
        SearchCause.ADDED_LATELY,
        SearchCause.MISSING,
        SearchCause.CUTOFF_UNMET,
    ]
    assert plan(turns, BEGIN, 2) == due(turns, BEGIN)[:2]
    assert plan(turns, BEGIN, 0) == []


wanted_movies = st.lists(
    st.builds(
        lambda age, ahead, searched, vain, has_file: WantedMovie(
            0,
            BEGIN - age * HOUR,
            None if ahead is None else BEGIN + ahead * HOUR,
            searched_at=None if searched is None else BEGIN - min(searched, age) * HOUR,
            searches_in_vain=vain,
            has_file=has_file,
        ),
        st.integers(0, 9000),
        st.none() | st.integers(-9000, 900),
        st.none() | st.integers(0, 9000),
        st.integers(0, 12),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


@given(
    movies=wanted_movies,
    per_hour=st.integers(1, 6),
    rounds=st.lists(st.integers(1, 6 * 3600), min_size=50, max_size=300),
    fails=st.lists(st.booleans(), min_size=1, max_size=7),
)
@settings(deadline=None, max_examples=60)
def test_the_share_is_never_exceeded_and_what_is_unavailable_never_searched(
    movies: list[WantedMovie], per_hour: int, rounds: list[int], fails: list[bool]
) -> None:
    rows = {number: replace(movie, id=number) for number, movie in enumerate(movies)}
    now, asked = BEGIN, deque[datetime]()
    for seconds in rounds:
        now += timedelta(seconds=seconds)
        lately = sum(at > now - HOUR for at in asked)
        most = room(per_hour, every_seconds=600, asked=lately, waiting=0)
        for turn in plan((next_turn(each, now) for each in rows.values()), now, most):
            movie = rows[turn.movie_id]
            assert movie.available_from is not None
            assert movie.available_from <= now
            asked.append(now)
            rows[movie.id] = replace(movie, scheduled_at=now)
            if not fails[len(asked) % len(fails)]:
                rows[movie.id] = replace(
                    movie,
                    scheduled_at=now,
                    searched_at=now,
                    searches_in_vain=movie.searches_in_vain + 1,
                )
        assert sum(at > now - HOUR for at in asked) <= per_hour


@given(movies=wanted_movies, per_hour=st.integers(1, 3))
@settings(deadline=None, max_examples=30)
def test_no_movie_starves(movies: list[WantedMovie], per_hour: int) -> None:
    """Whatever else is due, a movie waits no longer than the head start of others and one turn of each."""
    rows = {number: replace(movie, id=number) for number, movie in enumerate(movies)}
    longest = LONGEST_HEAD_START + (len(rows) / per_hour + 2) * HOUR
    began = {number: max(BEGIN, movie.added_at) for number, movie in rows.items()}
    for step in range(24 * 80):
        now = BEGIN + step * HOUR
        turns = [next_turn(each, now) for each in rows.values()]
        for turn in turns:
            if turn.is_due(now):
                assert turn.at is not None
                waited = now - max(turn.at, began[turn.movie_id])
                assert waited <= longest, turn
        for turn in plan(turns, now, per_hour):
            movie = rows[turn.movie_id]
            rows[turn.movie_id] = replace(
                movie, scheduled_at=now, searched_at=now, searches_in_vain=movie.searches_in_vain
            )
