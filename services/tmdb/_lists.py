"""Lists of movies, and where images lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from reeld.domain.movie import MovieHit


@dataclass(frozen=True, slots=True)
class FoundPage:
    """One page of a search."""

    movies: tuple[MovieHit, ...]
    page: int
    total_pages: int
    """TMDB serves the first 500 only."""


@dataclass(frozen=True, slots=True)
class MovieCollection:
    """A series of movies."""

    tmdb_id: int
    name: str
    overview: str
    poster_path: str | None
    movies: tuple[MovieHit, ...]


@dataclass(frozen=True, slots=True)
class ImageConfiguration:
    """Where images lie and in which sizes. Good for days."""

    base_url: str
    poster_sizes: tuple[str, ...]
    backdrop_sizes: tuple[str, ...]


class Hit(msgspec.Struct):
    """An entry of any list of movies. Parts of a collection may say `name` instead of `title`."""

    id: int
    title: str | None = None
    name: str | None = None
    original_title: str | None = None
    original_name: str | None = None
    release_date: str | None = None
    overview: str | None = None
    popularity: float | None = None
    poster_path: str | None = None
    media_type: str = "movie"

    def to_movie(self) -> MovieHit | None:
        """Return the movie; None when it is another medium or has no title."""
        title = (self.title or self.name or "").strip()
        if self.media_type != "movie" or not title:
            return None
        return MovieHit(
            tmdb_id=self.id,
            title=title,
            original_title=self.original_title or self.original_name or None,
            year=year_of(self.release_date),
            overview=self.overview or "",
            popularity=self.popularity or 0.0,
            poster_path=self.poster_path or None,
        )


class SearchReply(msgspec.Struct):
    """`/3/search/movie`."""

    results: list[Hit]
    page: int = 1
    total_pages: int = 1


class FindReply(msgspec.Struct):
    """`/3/find/{external_id}`."""

    movie_results: list[Hit]


class CollectionReply(msgspec.Struct):
    """`/3/collection/{id}`."""

    id: int
    name: str
    overview: str | None = None
    poster_path: str | None = None
    parts: list[Hit] = []


class _Images(msgspec.Struct):
    secure_base_url: str
    poster_sizes: list[str]
    backdrop_sizes: list[str]


class ConfigurationReply(msgspec.Struct):
    """`/3/configuration`."""

    images: _Images


def movies_of(hits: Sequence[Hit]) -> tuple[MovieHit, ...]:
    """Return the movies among the entries, each once: pages overlap when the popularity moves."""
    by_id: dict[int, MovieHit] = {}
    for hit in hits:
        movie = hit.to_movie()
        if movie is not None:
            by_id.setdefault(movie.tmdb_id, movie)
    return tuple(by_id.values())


def year_of(date_text: str | None) -> int | None:
    """Return the year of `YYYY-MM-DD`; None when there is no date, which TMDB writes as an empty text."""
    year = (date_text or "")[:4]
    return (
        int(year)
        if len(year) == 4 and year.isascii() and year.isdigit() and year > "1800"
        else None
    )
