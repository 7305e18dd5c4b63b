"""What the API shows of movies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from reeld.domain.availability import MinimumAvailability
from reeld.domain.edits import MovieSettings
from reeld.domain.library import MovieFile
from reeld.domain.movie import MovieStatus, Stage
from reeld.http.api.views import FileView
from reeld.storage.repositories.browsing import BrowsedMovie


@dataclass(frozen=True, slots=True)
class CollectionName:
    """The series that a movie belongs to."""

    tmdb_id: int
    name: str


@dataclass(frozen=True, slots=True)
class MovieView:
    """A movie, what TMDB says of it, how far it has come, and its files.

    Attributes:
        status: How far the movie itself is released.
        poster: Where its poster is shown; None when it has none.
        backdrop: As `poster`.
        root_folder: Where its files are to lie.
        tags: Numbers of tags.
        progress: 0 to 1, of the stage that it is in.
        stage_note: Why it is where it is; empty when there is nothing to say.
    """

    id: int
    tmdb_id: int
    imdb_id: str | None
    title: str
    original_title: str | None
    year: int | None
    runtime_minutes: int | None
    overview: str
    genres: tuple[str, ...]
    status: MovieStatus
    certification: str | None
    collection: CollectionName | None
    in_cinemas: date | None
    digital: date | None
    physical: date | None
    poster: str | None
    backdrop: str | None
    monitored: bool
    profile: str
    minimum_availability: MinimumAvailability
    root_folder: str
    tags: tuple[int, ...]
    stage: Stage
    progress: float
    stage_note: str
    stage_at: datetime
    added_at: datetime
    searched_at: datetime | None
    files: tuple[FileView, ...]

    @classmethod
    def of(cls, movie: BrowsedMovie, files: Sequence[MovieFile], default_root: str) -> MovieView:
        """Show a movie."""
        series, name = movie.collection_tmdb_id, movie.collection_title
        images, dates = f"/api/movies/{movie.id}/images", movie.release_dates
        return cls(
            id=movie.id,
            tmdb_id=movie.tmdb_id,
            imdb_id=movie.imdb_id,
            title=movie.title,
            original_title=movie.original_title,
            year=movie.year,
            runtime_minutes=movie.runtime_minutes,
            overview=movie.overview,
            genres=movie.genres,
            status=movie.status,
            certification=movie.certification,
            collection=None if series is None else CollectionName(series, name or ""),
            in_cinemas=dates.in_cinemas,
            digital=dates.digital,
            physical=dates.physical,
            poster=f"{images}/poster" if movie.poster_path else None,
            backdrop=f"{images}/backdrop" if movie.backdrop_path else None,
            monitored=movie.monitored,
            profile=movie.profile,
            minimum_availability=movie.minimum_availability,
            root_folder=movie.root_folder or default_root,
            tags=movie.tags,
            stage=movie.stage,
            progress=round(movie.progress, 4),
            stage_note=movie.stage_note,
            stage_at=movie.stage_at,
            added_at=movie.added_at,
            searched_at=movie.searched_at,
            files=tuple(FileView.of(file) for file in files),
        )


@dataclass(frozen=True, slots=True)
class MoviePage:
    """Some movies; `next` is what to pass as `after` for more, None at the end."""

    movies: list[MovieView]
    next: str | None


@dataclass(frozen=True, slots=True)
class Removal:
    """What a deletion came to.

    Attributes:
        movies: The movies that are gone.
        files: How many files are on their way to the recycle folder.
        missing: Numbers that no movie has.
    """

    movies: tuple[int, ...]
    files: int
    missing: tuple[int, ...]


def settings_of(movie: BrowsedMovie) -> MovieSettings:
    """Return what a person has said of a movie, which is what `If-Match` guards."""
    return MovieSettings(
        movie.monitored,
        movie.profile,
        movie.minimum_availability,
        movie.root_folder,
        movie.tags,
    )
