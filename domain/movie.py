"""A wanted movie, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Stage(StrEnum):
    """Where a movie stands on its way into the library."""

    WANTED = "wanted"
    SEARCHED = "searched"
    DECIDED = "decided"
    GRABBED = "grabbed"
    DOWNLOADING = "downloading"
    IMPORTING = "importing"
    IN_LIBRARY = "in_library"
    FAILED = "failed"

    @property
    def is_under_way(self) -> bool:
        """Whether an acquisition is at work on the movie."""
        return self in _UNDER_WAY


_UNDER_WAY = frozenset({Stage.DECIDED, Stage.GRABBED, Stage.DOWNLOADING, Stage.IMPORTING})


class MovieStatus(StrEnum):
    """How far the movie itself is released."""

    ANNOUNCED = "announced"
    IN_CINEMAS = "in_cinemas"
    RELEASED = "released"
    DELETED = "deleted"
    """TMDB does not know the movie any more."""


@dataclass(frozen=True, slots=True)
class NewMovie:
    """What a person asks for; TMDB fills in the rest.

    Attributes:
        tmdb_id: TMDB's number of the movie; its identity in reeld.
        title: The title as far as it is known when the movie is added.
        year: The year of the first release; None when it is not known yet.
        profile: The name of the quality profile.
        root_folder: The folder below which the movie's own folder lies; None for the default one.
    """

    tmdb_id: int
    title: str
    year: int | None = None
    imdb_id: str | None = None
    original_title: str | None = None
    secondary_year: int | None = None
    runtime_minutes: int | None = None
    alternative_titles: tuple[str, ...] = ()
    monitored: bool = True
    root_folder: str | None = None
    profile: str = "Any"


@dataclass(frozen=True, slots=True)
class Movie:
    """A movie of the library, with or without a file.

    Attributes:
        id: reeld's own number.
        imdb_id: `tt` and at least seven digits.
        secondary_year: Another year under which releases name it (a festival before the cinemas).
        alternative_titles: Further titles under which releases may name it.
        monitored: Whether releases are grabbed for it.
        progress: 0 to 1, of the stage that it is in.
        stage_note: A sentence that says why it is where it is; empty when there is nothing to say.
    """

    id: int
    tmdb_id: int
    title: str
    year: int | None
    imdb_id: str | None
    original_title: str | None
    secondary_year: int | None
    runtime_minutes: int | None
    alternative_titles: tuple[str, ...]
    monitored: bool
    root_folder: str | None
    profile: str
    stage: Stage
    progress: float
    stage_note: str
    added_at: datetime

    @property
    def titles(self) -> tuple[str, ...]:
        """Every title that a release may name, without repeats, the main one first."""
        names = (self.title, self.original_title, *self.alternative_titles)
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def years(self) -> frozenset[int]:
        """The years that a release of this movie may state."""
        return frozenset(year for year in (self.year, self.secondary_year) if year)


@dataclass(frozen=True, slots=True)
class Collection:
    """A series of movies as TMDB groups them."""

    tmdb_id: int
    name: str


@dataclass(frozen=True, slots=True)
class ReleaseDates:
    """When a movie came out in each way; None when nobody says. Calendar dates, no time zone."""

    in_cinemas: date | None = None
    digital: date | None = None
    physical: date | None = None


@dataclass(frozen=True, slots=True)
class MovieHit:
    """One answer of a search at TMDB."""

    tmdb_id: int
    title: str
    original_title: str | None
    year: int | None
    overview: str
    popularity: float
    poster_path: str | None = None


@dataclass(frozen=True, slots=True)
class MovieDetails:
    """What TMDB knows about a movie.

    Attributes:
        runtime_minutes: None when TMDB does not know it (it says 0).
        certification: The rating for the configured country, such as `PG-13`.
        poster_path: TMDB's path of the image, such as `/abc.jpg`; not a URL.
    """

    tmdb_id: int
    title: str
    year: int | None
    imdb_id: str | None
    original_title: str | None = None
    original_language: str | None = None
    secondary_year: int | None = None
    runtime_minutes: int | None = None
    alternative_titles: tuple[str, ...] = ()
    overview: str = ""
    genres: tuple[str, ...] = ()
    status: MovieStatus = MovieStatus.ANNOUNCED
    release_dates: ReleaseDates = ReleaseDates()
    certification: str | None = None
    collection: Collection | None = None
    wikidata_id: str | None = None
    poster_path: str | None = None
    backdrop_path: str | None = None
