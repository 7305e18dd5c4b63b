"""Finds the movie that a release belongs to, and drops names that could be none in microseconds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, Protocol

from reeld.domain.matching._titles import title_key, title_words
from reeld.domain.parsing import ParsedRelease


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


_YEAR: Final = re.compile(r"(?<!\d)(?:18[89]|19\d|20\d)\d(?!\d)")
_EPISODE: Final = re.compile(r"(?<![^\W_])s\d{1,2}[ ._-]?e\d{1,3}(?!\d)", re.IGNORECASE)
_BREAK: Final = re.compile(
    r"[\[\](){}【】/|]|[\s._]a\.?k\.?a\.?[\s._]|[\s._]-[\s._]*|^bbc[\s._]|^[a-z\d]{2,10}-|"
    r"[^\x00-\u024f][\s._]+(?=[A-Za-z0-9])|^www\S+",
    re.IGNORECASE,
)
_LONGEST_NAME: Final = 300
# Each start costs some lookups: a hostile name may not have as many as it likes.
_MOST_STARTS: Final = 10


class TitleIndex:
    """An index over the movies that are wanted.

    Built anew when they change: 10,000 movies take well under a second.

    Args:
        movies: The movies; those with equal titles may be told apart by their years alone.
    """

    def __init__(self, movies: Iterable[Named]) -> None:
        self._by_key: dict[str, list[Named]] = {}
        self._by_tmdb: dict[int, Named] = {}
        self._by_imdb: dict[str, Named] = {}
        self._longest = 0
        for movie in movies:
            self._add(movie)

    def _add(self, movie: Named) -> None:
        self._by_tmdb[movie.tmdb_id] = movie
        if movie.imdb_id:
            self._by_imdb[movie.imdb_id] = movie
        for key in {title_key(title) for title in movie.titles} - {""}:
            self._by_key.setdefault(key, []).append(movie)
            self._longest = max(self._longest, len(key))

    def __len__(self) -> int:
        return len(self._by_tmdb)

    def could_match(self, name: str) -> bool:
        """Whether a release name begins, at some likely place, with the title of a movie.

        A name that states years must state one within a year of the movie's. Only names that begin
        with something unforeseen are wrongly refused. Takes some ten microseconds.
        """
        text = name[:_LONGEST_NAME]
        if _EPISODE.search(text):
            return False
        years = {int(year) for year in _YEAR.findall(text)}
        return any(
            not years or not movie.years or _is_near(years, movie.years)
            for movie in self._named_in(text)
        )

    def _named_in(self, text: str) -> Iterator[Named]:
        """Yield the movies whose titles begin at the front, or behind what may stand before one."""
        words: list[str] = []
        starts: list[int] = []
        ends = [found.end() for found in _BREAK.finditer(text)]
        for begin, end in pairwise((0, *ends, len(text))):
            starts.append(len(words))
            words += title_words(text[begin:end])
        for start in dict.fromkeys(starts[:_MOST_STARTS]):
            key = ""
            for word in words[start:]:
                key += word
                if len(key) > self._longest:
                    break
                yield from self._by_key.get(key, ())

    def match(
        self, parsed: ParsedRelease, *, tmdb_id: int | None = None, imdb_id: str | None = None
    ) -> Match | NoMatch:
        """Find the movie of a release: by ids first, then by title and year.

        Args:
            parsed: The release name.
            tmdb_id: What the indexer says beside the name.
            imdb_id: What the indexer says beside the name.
        """
        if parsed.is_episode:
            return NoMatch(Mismatch.EPISODE, "It is an episode of a series, not a movie.")
        by_id = self._match_ids(parsed, tmdb_id or parsed.tmdb_id, imdb_id or parsed.imdb_id)
        if by_id is not None:
            return by_id
        if parsed.is_unparseable or not parsed.titles:
            return NoMatch(Mismatch.UNPARSEABLE, "The name does not say which movie it is.")
        return self._match_title(parsed, imdb_id or parsed.imdb_id)

    def _match_ids(
        self, parsed: ParsedRelease, tmdb_id: int | None, imdb_id: str | None
    ) -> Match | NoMatch | None:
        by_tmdb = self._by_tmdb.get(tmdb_id) if tmdb_id else None
        by_imdb = self._by_imdb.get(imdb_id) if imdb_id else None
        movie = by_tmdb or by_imdb
        if movie is None:
            return None
        if by_tmdb and by_imdb and by_tmdb.id != by_imdb.id:
            near = (by_tmdb.id, by_imdb.id)
            sentence = "Its TMDB id and its IMDb id belong to two different movies."
            return NoMatch(Mismatch.MOVIE_AMBIGUOUS, sentence, near)
        if parsed.year is not None and movie.years and not _is_near({parsed.year}, movie.years):
            return _another_year(parsed, movie)
        return Match(movie.id, MatchedBy.TMDB_ID if by_tmdb else MatchedBy.IMDB_ID)

    def _match_title(self, parsed: ParsedRelease, imdb_id: str | None) -> Match | NoMatch:
        named = self._titled(parsed)
        if not named:
            sentence = f"No wanted movie has the title {parsed.title}."
            return NoMatch(Mismatch.MOVIE_UNKNOWN, sentence)
        near = tuple(movie.id for movie in named)
        if parsed.year is None:
            sentence = (
                f"The name states no year: {parsed.title} may be another movie of that title."
            )
            return NoMatch(Mismatch.YEAR_MISSING, sentence, near)
        fitting = [movie for movie in named if parsed.year in movie.years]
        if not fitting:
            return NoMatch(Mismatch.WRONG_YEAR, _wrong_year(parsed, named), near)
        if len(fitting) > 1:
            sentence = f"{len(fitting)} wanted movies are called {parsed.title} ({parsed.year})."
            return NoMatch(Mismatch.MOVIE_AMBIGUOUS, sentence, tuple(m.id for m in fitting))
        (movie,) = fitting
        if imdb_id and movie.imdb_id and imdb_id != movie.imdb_id:
            sentence = f"Its IMDb id is {imdb_id}, that of {movie.titles[0]} is {movie.imdb_id}."
            return NoMatch(Mismatch.WRONG_MOVIE, sentence, (movie.id,))
        return Match(movie.id, MatchedBy.TITLE)

    def _titled(self, parsed: ParsedRelease) -> list[Named]:
        """Return the movies of the likeliest reading that any movie has, without repeats."""
        for title in parsed.titles:
            if found := self._by_key.get(title_key(title)):
                return found
        return []


def _is_near(stated: set[int], years: frozenset[int]) -> bool:
    return any(abs(one - other) <= 1 for one in stated for other in years)


def _another_year(parsed: ParsedRelease, movie: Named) -> NoMatch:
    """Say why an id is not believed: people who upload files give remakes the id of the first film."""
    keys = {title_key(title) for title in movie.titles}
    if any(title_key(title) in keys for title in parsed.titles):
        return NoMatch(Mismatch.WRONG_YEAR, _wrong_year(parsed, [movie]), (movie.id,))
    sentence = f"Its id says {movie.titles[0]}, its name says {parsed.title} ({parsed.year})."
    return NoMatch(Mismatch.WRONG_MOVIE, sentence, (movie.id,))


def _wrong_year(parsed: ParsedRelease, named: list[Named]) -> str:
    years = sorted({year for movie in named for year in movie.years})
    known = " or ".join(str(year) for year in years) or "not known"
    return f"The name says {parsed.year}, the year of {parsed.title} is {known}."
