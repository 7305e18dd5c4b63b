"""What a decision must know of a movie beside its row, in one question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from reeld.domain.availability import Availability, MinimumAvailability
from reeld.domain.movie import MovieStatus, ReleaseDates
from reeld.storage._rows import Reader, fetch_one

_FACTS: Final = """
SELECT status, minimum_availability, release_dates, original_language, refreshed_at IS NOT NULL, now(),
       (SELECT coalesce(jsonb_object_agg(tag.id, tag.label), '{}') FROM tag WHERE tag.id = ANY(movie.tags))
FROM movie WHERE id = %s
"""
_NOW: Final = "SELECT now()"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a movie.

    Attributes:
        now: What time it is by the database's clock, by which work falls due as well.
        availability: None while TMDB has not told.
        original_language: A code of ISO 639-1, as TMDB writes it; None while nobody knows it.
        tags: The labels of its tags by their numbers.
    """

    now: datetime
    availability: Availability | None = None
    original_language: str | None = None
    tags: Mapping[int, str] = field(default_factory=dict)


async def of_movie(source: Reader, movie_id: int) -> Facts:
    """Return what is known of a movie; nothing of one that does not exist."""
    row = await fetch_one(source, _FACTS, (movie_id,))
    if row is None:
        clock = await fetch_one(source, _NOW)
        assert clock is not None, "it asks nothing that may be missing"
        return Facts(clock[0])
    status, minimum, dates, language, is_told, now, tags = row
    days = {name: date.fromisoformat(day) for name, day in dates.items()}
    availability = Availability(
        MinimumAvailability(minimum), MovieStatus(status), ReleaseDates(**days)
    )
    return Facts(
        now,
        availability if is_told else None,
        language,
        {int(number): label for number, label in tags.items()},
    )
