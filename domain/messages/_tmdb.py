"""What TmdbActor answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reeld.domain.availability import MinimumAvailability
from reeld.domain.messages._base import Message
from reeld.domain.movie import Movie, MovieDetails, MovieHit
from reeld.domain.pictures import Fit, ImageKind, PictureFormat


class DiscoverSort(StrEnum):
    """What the movies of a discovery are sorted by; the values are TMDB's."""

    POPULARITY = "popularity.desc"
    RELEASED = "primary_release_date.desc"
    RATING = "vote_average.desc"
    REVENUE = "revenue.desc"


@dataclass(frozen=True, slots=True)
class MovieHits:
    """A page of movies.

    Attributes:
        pages: How many pages there are; TMDB serves the first 500.
    """

    movies: tuple[MovieHit, ...]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class SearchMovies(Message[MovieHits]):
    """Search movies by title, a page at a time; best first, empty when there is none.

    Attributes:
        query: Words of a title, or an IMDb number.
        year: Of the first release.
    """

    query: str
    year: int | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class DiscoverMovies(Message[MovieHits]):
    """List movies of TMDB by what they are like, a page at a time, the greatest of `sort` first.

    Attributes:
        genres: TMDB's numbers of genres; movies have all of them.
        minimum_votes: Below it, an average says little.
        language: The original language, as a code of ISO 639-1.
        page: From 1 to 500.
    """

    sort: DiscoverSort = DiscoverSort.POPULARITY
    genres: tuple[int, ...] = ()
    year: int | None = None
    minimum_rating: float | None = None
    minimum_votes: int | None = None
    language: str | None = None
    page: int = 1


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
        minimum_availability: From when on releases of it are looked for.
        root_folder: None for the default one; it must be one of the library's.
        tags: Their numbers; each must exist.
        search: Whether it is searched for at once.
    """

    tmdb_id: int
    title: str | None = None
    year: int | None = None
    monitored: bool = True
    profile: str | None = None
    minimum_availability: MinimumAvailability = MinimumAvailability.RELEASED
    root_folder: str | None = None
    tags: tuple[int, ...] = ()
    search: bool = True


@dataclass(frozen=True, slots=True)
class Image:
    """An image that reeld encoded itself.

    Attributes:
        content_type: `image/jpeg` or `image/webp`.
    """

    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FetchImage(Message[Image]):
    """Read an image of a movie, made anew from TMDB's or kept from when that was done.

    `NotFound` when TMDB does not have it, `BrokenPicture` when what TMDB has cannot be shown.

    Attributes:
        path: TMDB's path, such as `/abc.jpg`.
    """

    kind: ImageKind
    path: str
    fit: Fit
    format: PictureFormat = PictureFormat.JPEG
