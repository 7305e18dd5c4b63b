"""Which movie of an index a release belongs to: by ids first, then by title and year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reeld.domain.matching._named import Match, MatchedBy, Mismatch, Named, NoMatch, is_near
from reeld.domain.matching._titles import title_key, without_publisher
from reeld.domain.parsing import ParsedRelease


class Lookup(Protocol):
    """What is asked of an index."""

    def by_tmdb(self, tmdb_id: int) -> Named | None:
        """Return the movie with TMDB's number."""

    def by_imdb(self, imdb_id: str) -> Named | None:
        """Return the movie with an IMDb number."""

    def titled(self, key: str) -> Sequence[Named]:
        """Return the movies that have a title with this key."""


def match(
    index: Lookup, parsed: ParsedRelease, *, tmdb_id: int | None = None, imdb_id: str | None = None
) -> Match | NoMatch:
    """Find the movie of a release; see `TitleIndex.match`."""
    if parsed.is_episode:
        return NoMatch(Mismatch.EPISODE, "It is an episode of a series, not a movie.")
    imdb_id = imdb_id or parsed.imdb_id
    by_id = _match_ids(index, parsed, tmdb_id or parsed.tmdb_id, imdb_id)
    if by_id is not None:
        return by_id
    if parsed.is_unparseable or not parsed.titles:
        return NoMatch(Mismatch.UNPARSEABLE, "The name does not say which movie it is.")
    return _match_title(index, parsed, imdb_id)


def _match_ids(
    index: Lookup, parsed: ParsedRelease, tmdb_id: int | None, imdb_id: str | None
) -> Match | NoMatch | None:
    by_tmdb = index.by_tmdb(tmdb_id) if tmdb_id else None
    by_imdb = index.by_imdb(imdb_id) if imdb_id else None
    movie = by_tmdb or by_imdb
    if movie is None:
        return None
    if by_tmdb and by_imdb and by_tmdb.id != by_imdb.id:
        near = (by_tmdb.id, by_imdb.id)
        sentence = "Its TMDB id and its IMDb id belong to two different movies."
        return NoMatch(Mismatch.MOVIE_AMBIGUOUS, sentence, near)
    if parsed.year is not None and movie.years and not is_near({parsed.year}, movie.years):
        return _another_year(parsed, movie)
    return Match(movie.id, MatchedBy.TMDB_ID if by_tmdb else MatchedBy.IMDB_ID)


def _match_title(index: Lookup, parsed: ParsedRelease, imdb_id: str | None) -> Match | NoMatch:
    named = _titled(index, parsed)
    if not named:
        return NoMatch(Mismatch.MOVIE_UNKNOWN, f"No wanted movie has the title {parsed.title}.")
    near = tuple(movie.id for movie in named)
    if parsed.year is None:
        sentence = f"The name states no year: {parsed.title} may be another movie of that title."
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


def _titled(index: Lookup, parsed: ParsedRelease) -> list[Named]:
    """Return the movies of every reading, each once: where two readings name two movies, nobody knows which."""
    readings = dict.fromkeys([*parsed.titles, *map(without_publisher, parsed.titles)])
    found = {movie.id: movie for title in readings for movie in index.titled(title_key(title))}
    return list(found.values())


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
