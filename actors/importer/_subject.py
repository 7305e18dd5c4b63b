"""What an import is about: the rows it starts from."""

from __future__ import annotations

from dataclasses import dataclass

from reeld.domain.acquisition import Acquisition, ImportStep
from reeld.domain.errors import NotFound
from reeld.domain.library import MovieFile
from reeld.domain.movie import Movie, MovieDetails
from reeld.domain.release import Release
from reeld.storage import Database
from reeld.storage.repositories import (
    acquisitions,
    formats,
    imports,
    library,
    metadata,
    movies,
    releases,
)
from reeld.storage.repositories.imports import Import


@dataclass(frozen=True, slots=True)
class Subject:
    """The rows of one import as they were when the attempt began.

    Attributes:
        journal: What was planned already; None before the plan.
        old: The file that the movie has in the library.
        details: What TMDB said of the movie.
        formats_in_names: The numbers of the custom formats that the names of files show.
    """

    acquisition: Acquisition
    movie: Movie
    release: Release
    journal: Import | None
    old: MovieFile | None
    details: MovieDetails | None = None
    formats_in_names: frozenset[int] = frozenset()


async def subject_of(database: Database, acquisition_id: int) -> Subject:
    """Read the rows of an import.

    Raises:
        NotFound: The acquisition, its movie or its release is gone.
        DatabaseUnavailable: PostgreSQL does not answer.
    """
    acquisition = await acquisitions.get(database, acquisition_id)
    if acquisition is None:
        raise NotFound(f"There is no acquisition {acquisition_id}: its movie was deleted.")
    movie = await movies.get(database, acquisition.movie_id)
    release = await releases.get(database, acquisition.release_id)
    if movie is None or release is None:
        raise NotFound(f"Acquisition {acquisition_id} lost its movie or its release.")
    journal = [
        row
        for row in await imports.of_acquisition(database, acquisition_id)
        if row.step is not ImportStep.FAILED
    ]
    files = await library.by_movie(database, movie.id)
    return Subject(
        acquisition,
        movie,
        release,
        journal[-1] if journal else None,
        files[0] if files else None,
        await metadata.get(database, movie.id),
        await formats.shown_in_names(database),
    )
