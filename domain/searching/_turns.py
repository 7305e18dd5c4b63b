"""When a movie's turn comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reeld.domain.searching._wanted import SearchCause, WantedMovie

ADDED_LATELY: Final = timedelta(days=7)
RECENT: Final = timedelta(days=21)
"""So long after it became available most releases of a movie appear. Radarr calls it recent as long."""
OWN_SEARCH: Final = timedelta(hours=1)
"""A movie that is added asks for its own search: so long the schedule leaves that one to it."""
MISSING_INTERVAL: Final = timedelta(days=1)
CUTOFF_INTERVAL: Final = timedelta(days=7)
LONGEST_MISSING_INTERVAL: Final = timedelta(days=30)
LONGEST_CUTOFF_INTERVAL: Final = timedelta(days=60)
LONGEST_RECENT_INTERVAL: Final = timedelta(days=2)
_MOST_DOUBLINGS: Final = 8

HEAD_STARTS: Final = {
    SearchCause.NEWLY_AVAILABLE: timedelta(days=30),
    SearchCause.ADDED_LATELY: timedelta(days=7),
    SearchCause.NEVER_SEARCHED: timedelta(days=3),
    SearchCause.MISSING: timedelta(days=1),
    SearchCause.CUTOFF_UNMET: timedelta(0),
}
"""When more movies are due than may be searched, one counts as due by so much earlier. A movie that has waited longer
than that goes before any other, so that none starves."""


@dataclass(frozen=True, slots=True)
class Turn:
    """When a movie is searched next on schedule, and why.

    Attributes:
        at: None when no time is known: `sentence` says what it waits for.
        cause: None when no time is known.
    """

    movie_id: int
    at: datetime | None
    cause: SearchCause | None
    sentence: str

    def is_due(self, now: datetime) -> bool:
        """Whether its time has come."""
        return self.at is not None and self.at <= now

    @property
    def place(self) -> tuple[datetime, int]:
        """What due turns are sorted by, the most wanted first."""
        assert self.at is not None
        assert self.cause is not None
        return self.at - HEAD_STARTS[self.cause], self.movie_id


def next_turn(movie: WantedMovie, now: datetime) -> Turn:
    """Return when a movie is searched next on schedule."""
    if not movie.is_searchable:
        sentence = "It has no IMDb number, so the indexer cannot be asked for it."
        return Turn(movie.id, None, None, sentence)
    if movie.is_being_searched:
        return Turn(movie.id, None, None, "A search of it waits or runs.")
    if movie.available_from is None:
        sentence = "It is not available yet, and nobody says when it will be."
        return Turn(movie.id, None, None, sentence)
    last = movie.last_looked_for
    if last is None:
        return _first(movie, movie.available_from, now)
    if last < movie.available_from:
        sentence = (
            "It became available after its last search."
            if movie.available_from <= now
            else "It is searched on the day on which it becomes available."
        )
        return Turn(movie.id, movie.available_from, SearchCause.NEWLY_AVAILABLE, sentence)
    return _again(movie, movie.available_from, last, now)


def _first(movie: WantedMovie, available_from: datetime, now: datetime) -> Turn:
    if available_from > movie.added_at:
        sentence = "It is searched on the day on which it becomes available."
        return Turn(movie.id, available_from, SearchCause.NEWLY_AVAILABLE, sentence)
    at = movie.added_at + OWN_SEARCH
    if now - movie.added_at <= ADDED_LATELY:
        sentence = "It was added lately and has not been searched yet."
        return Turn(movie.id, at, SearchCause.ADDED_LATELY, sentence)
    return Turn(movie.id, at, SearchCause.NEVER_SEARCHED, "It has never been searched.")


def _again(movie: WantedMovie, available_from: datetime, last: datetime, now: datetime) -> Turn:
    is_new = now - movie.added_at <= ADDED_LATELY
    interval = _interval(movie, is_recent=is_new or now - available_from <= RECENT)
    vain = movie.searches_in_vain
    searches = f"{vain} search{'' if vain == 1 else 'es'}"
    if movie.has_file:
        cause, what = SearchCause.CUTOFF_UNMET, "Its file is below the cutoff"
    elif is_new:
        cause, what = SearchCause.ADDED_LATELY, "It was added lately"
    else:
        cause, what = SearchCause.MISSING, "It is missing"
    sentence = f"{what}; after {searches} in vain it is searched every {_days(interval)}."
    return Turn(movie.id, last + interval, cause, sentence)


def _interval(movie: WantedMovie, *, is_recent: bool) -> timedelta:
    """Return how long a movie rests: twice as long after each search in vain, up to a limit."""
    doubled = 1 << min(max(movie.searches_in_vain - 1, 0), _MOST_DOUBLINGS)
    if movie.has_file:
        return min(CUTOFF_INTERVAL * doubled, LONGEST_CUTOFF_INTERVAL)
    longest = LONGEST_RECENT_INTERVAL if is_recent else LONGEST_MISSING_INTERVAL
    return min(MISSING_INTERVAL * doubled, longest)


def _days(interval: timedelta) -> str:
    return "day" if interval.days == 1 else f"{interval.days} days"
