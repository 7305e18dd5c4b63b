"""What TmdbActor answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reeld.domain.messages._base import Message
from reeld.domain.movie import Movie, MovieDetails, MovieHit


@dataclass(frozen=True, slots=True)
class SearchMovies(Message[tuple[MovieHit, ...]]):
    """Search movies by title; best first, empty when there is none."""

    query: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class LookupMovie(Message[MovieDetails]):
    """Read one movie with everything reeld uses of it. `NotFound` when TMDB has no such movie."""

    tmdb_id: int


@dataclass(frozen=True, slots=True)
class FindMovie(Message[MovieHit]):
    """Find the movie with an IMDb id (`tt…`). `NotFound` when TMDB has none."""

    imdb_id: str


@dataclass(frozen=True, slots=True)
class AddedMovie:
    """A movie that is wanted now.

    Attributes:
        is_new: False when it was there already; then nothing of it was changed.
    """

    movie: Movie
    is_new: bool


@dataclass(frozen=True, slots=True)
class AddMovie(Message[AddedMovie]):
    """Want a movie. With a title, it can be added while TMDB cannot be asked; the rest is filled in later.

    Attributes:
        profile: None for the default one.
    """

    tmdb_id: int
    title: str | None = None
    year: int | None = None
    monitored: bool = True
    profile: str | None = None


class ImageKind(StrEnum):
    """The kinds of images that are cached."""

    POSTER = "poster"
    BACKDROP = "backdrop"


@dataclass(frozen=True, slots=True)
class Image:
    """An image whose type was read from its bytes, not from what the server said.

    Attributes:
        content_type: `image/jpeg`, `image/png` or `image/webp`.
    """

    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FetchImage(Message[Image]):
    """Read an image of a movie, from the cache or from TMDB.

    Attributes:
        path: TMDB's path, such as `/abc.jpg`.
        size: One of TMDB's sizes, such as `w500`.
    """

    kind: ImageKind
    path: str
    size: str = "w500"
