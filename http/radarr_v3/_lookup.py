"""A movie that is not in the library yet, as Radarr writes what it looked up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from reeld.domain.availability import MinimumAvailability
from reeld.domain.movie import Movie, MovieDetails, Stage
from reeld.http.radarr_v3._movie import Shelf, movie_resource
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories.shelf import ShelvedMovie

_ONLY_IN_LIBRARY: Final = ("id", "path", "folderName", "lastSearchTime", "movieFileId")
_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)


def looked_up(details: MovieDetails, shelf: Shelf) -> Json:
    """Write a movie as TMDB knows it; without an `id`, by which clients see that it is not in the library."""
    movie = Movie(
        id=0,
        tmdb_id=details.tmdb_id,
        title=details.title,
        year=details.year,
        imdb_id=details.imdb_id,
        original_title=details.original_title,
        secondary_year=details.secondary_year,
        runtime_minutes=details.runtime_minutes,
        alternative_titles=details.alternative_titles,
        monitored=False,
        root_folder=None,
        profile="",
        stage=Stage.WANTED,
        progress=0.0,
        stage_note="",
        added_at=_NEVER,
    )
    shelved = ShelvedMovie(movie, details, MinimumAvailability.RELEASED, (), None, 0, None)
    document = movie_resource(shelved, shelf)
    for name in (*_ONLY_IN_LIBRARY, "rootFolderPath"):
        document.pop(name, None)
    for image in document["images"]:
        image["url"] = image["remoteUrl"]
    return document
