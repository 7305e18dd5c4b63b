from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from reeld.domain.availability import ALWAYS, MinimumAvailability, available_from
from reeld.domain.movie import MovieStatus, ReleaseDates

CINEMAS = date(2024, 1, 10)
DIGITAL = date(2024, 3, 1)
PHYSICAL = date(2024, 2, 20)

announced, in_cinemas, released = MinimumAvailability


@pytest.mark.parametrize(
    ("minimum", "dates", "expected"),
    [
        (in_cinemas, ReleaseDates(in_cinemas=CINEMAS, digital=DIGITAL), CINEMAS),
        (in_cinemas, ReleaseDates(digital=DIGITAL, physical=PHYSICAL), PHYSICAL),
        (released, ReleaseDates(CINEMAS, DIGITAL, PHYSICAL), PHYSICAL),
        (released, ReleaseDates(CINEMAS, digital=DIGITAL), DIGITAL),
        (released, ReleaseDates(CINEMAS, physical=PHYSICAL), PHYSICAL),
        (released, ReleaseDates(CINEMAS), date(2024, 4, 9)),
    ],
)
def test_a_movie_is_available_on_the_day_that_radarr_says(
    minimum: MinimumAvailability, dates: ReleaseDates, expected: date
) -> None:
    midnight = datetime(expected.year, expected.month, expected.day, tzinfo=UTC)
    assert available_from(minimum, MovieStatus.ANNOUNCED, dates) == midnight


def test_an_announced_movie_is_available_at_once_for_whoever_wants_it_so() -> None:
    assert available_from(announced, MovieStatus.ANNOUNCED, ReleaseDates()) == ALWAYS


def test_without_any_date_a_movie_is_available_when_it_is_said_to_be_released() -> None:
    for status in MovieStatus:
        found = available_from(released, status, ReleaseDates())
        assert found == (ALWAYS if status is MovieStatus.RELEASED else None)


def test_a_delay_moves_the_day_in_both_directions_and_bears_any_number() -> None:
    dates = ReleaseDates(digital=DIGITAL)

    def on(delay: int) -> datetime | None:
        return available_from(released, MovieStatus.RELEASED, dates, delay_days=delay)

    assert on(3) == datetime(2024, 3, 4, tzinfo=UTC)
    assert on(-1) == datetime(2024, 2, 29, tzinfo=UTC)
    assert on(10**8) is None
    assert on(-(10**8)) == ALWAYS
