"""What is asked of an indexer, by what it says it can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reeld.services.torznab._caps import Capabilities

_MOST_TITLES: Final = 2


@dataclass(frozen=True, slots=True)
class MovieQuestion:
    """A movie that is searched for.

    Attributes:
        titles: The first ones are asked for where no number can be.
    """

    imdb_id: str | None
    tmdb_id: int | None
    titles: tuple[str, ...] = ()
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One query: `t` and what else it says."""

    function: str
    parameters: Mapping[str, str]


def questions_for(
    movie: MovieQuestion, caps: Capabilities, *, remove_year: bool = False
) -> tuple[Question, ...]:
    """Return the questions for a movie, the surest first: the others are asked only when that one found nothing.

    A number tells a movie from its remakes, so titles are asked for last. Nothing is asked that the indexer says it
    cannot answer.
    """
    found: list[Question] = []
    if movie.imdb_id is not None and "imdbid" in caps.by_movie:
        found.append(Question("movie", {"imdbid": movie.imdb_id.removeprefix("tt")}))
    if movie.tmdb_id is not None and "tmdbid" in caps.by_movie:
        found.append(Question("movie", {"tmdbid": str(movie.tmdb_id)}))
    function = "movie" if "q" in caps.by_movie else "search"
    if function == "movie" or caps.by_text:
        found += [Question(function, {"q": words}) for words in _words(movie, remove_year)]
    return tuple(found)


def _words(movie: MovieQuestion, remove_year: bool) -> list[str]:
    year = "" if remove_year or movie.year is None else f" {movie.year}"
    plain = (" ".join(_letters(title).split()) for title in movie.titles)
    return [f"{title}{year}" for title in dict.fromkeys(plain) if title][:_MOST_TITLES]


def _letters(title: str) -> str:
    """Leave out what no release name has, and what searches take for operators."""
    kept = title.replace("'", "").replace("\u2019", "").replace("&", " and ")
    return "".join(each if each.isalnum() else " " for each in kept)
