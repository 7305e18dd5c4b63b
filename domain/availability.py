"""When a movie counts as available: Radarr's rule (`Movie.IsAvailable`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from reeld.domain.movie import MovieStatus, ReleaseDates


class MinimumAvailability(StrEnum):
    """How far a movie must be released before releases of it are looked for."""

    ANNOUNCED = "announced"
    IN_CINEMAS = "in_cinemas"
    RELEASED = "released"


ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
NO_DATES: Final = ReleaseDates()
CINEMAS_TO_DISC: Final = timedelta(days=90)
"""So long after the cinemas a movie without any later date counts as released, as in Radarr."""


def available_from(
    minimum: MinimumAvailability,
    status: MovieStatus,
    dates: ReleaseDates,
    *,
    delay_days: int = 0,
) -> datetime | None:
    """Return the moment from which a movie is available; None when nobody knows it yet.

    A date begins at midnight UTC. Where Radarr waits for ever, for a movie that is released and has no date at all,
    this one is available.

    Args:
        minimum: What the movie's owner waits for.
        status: What TMDB says; it counts when there is no date.
        dates: What TMDB says.
        delay_days: Days to wait longer, or to begin earlier when negative.
    """
    if minimum is MinimumAvailability.ANNOUNCED:
        return ALWAYS
    day = _day(minimum, dates)
    if day is None:
        return ALWAYS if status is MovieStatus.RELEASED else None
    midnight = datetime.combine(day, time(), UTC)
    try:
        return midnight + timedelta(days=delay_days)
    except OverflowError:
        return ALWAYS if delay_days < 0 else None


def _day(minimum: MinimumAvailability, dates: ReleaseDates) -> date | None:
    if minimum is MinimumAvailability.IN_CINEMAS and dates.in_cinemas is not None:
        return dates.in_cinemas
    at_home = [day for day in (dates.digital, dates.physical) if day is not None]
    if at_home:
        return min(at_home)
    return None if dates.in_cinemas is None else dates.in_cinemas + CINEMAS_TO_DISC


@dataclass(frozen=True, slots=True)
class Availability:
    """How far a movie is out, and how far it must be.

    Attributes:
        minimum: From when on releases are grabbed.
        status: As TMDB tells it.
    """

    minimum: MinimumAvailability = MinimumAvailability.RELEASED
    status: MovieStatus = MovieStatus.ANNOUNCED
    dates: ReleaseDates = NO_DATES

    def since(self, delay_days: int = 0) -> datetime | None:
        """Return the moment from which releases are grabbed; None when nobody knows it."""
        return available_from(self.minimum, self.status, self.dates, delay_days=delay_days)
