"""What is matched with what, and what may come of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Named(Protocol):
    """What the index needs to know of a movie: `Movie` and its like."""

    @property
    def id(self) -> int:
        """The number of its row."""

    @property
    def tmdb_id(self) -> int:
        """TMDB's number."""

    @property
    def imdb_id(self) -> str | None:
        """`tt…`, or None."""

    @property
    def titles(self) -> tuple[str, ...]:
        """Every title that a release may name."""

    @property
    def years(self) -> frozenset[int]:
        """Every year that a release may state; empty when unknown."""


class MatchedBy(StrEnum):
    """What a release and its movie were matched by."""

    TMDB_ID = "tmdb_id"
    IMDB_ID = "imdb_id"
    TITLE = "title"


class Mismatch(StrEnum):
    """Why a release belongs to no movie."""

    UNPARSEABLE = "unparseable"
    EPISODE = "episode"
    MOVIE_UNKNOWN = "movie_unknown"
    YEAR_MISSING = "year_missing"
    WRONG_YEAR = "wrong_year"
    WRONG_MOVIE = "wrong_movie"
    """Its ids say one movie and its name another."""
    MOVIE_AMBIGUOUS = "movie_ambiguous"


@dataclass(frozen=True, slots=True)
class Match:
    """The movie that a release belongs to."""

    movie_id: int
    by: MatchedBy


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Why there is none, with the movies that came near."""

    reason: Mismatch
    sentence: str
    near: tuple[int, ...] = ()


def is_near(stated: set[int], years: frozenset[int]) -> bool:
    """Whether a year is stated that is one of these, or next to one."""
    return any(abs(one - other) <= 1 for one in stated for other in years)
