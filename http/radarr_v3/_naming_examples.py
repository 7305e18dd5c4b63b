"""What a movie's folder and file would be called: the example that Radarr shows beside its templates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from reeld.domain.media import AudioTrack, DynamicRange, MediaFacts
from reeld.domain.movie import Movie, Stage
from reeld.domain.naming import InvalidTemplate, NamingFacts, Template, file_path, folder_path
from reeld.domain.quality import Quality, Revision
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._values import Json

MadeT = TypeVar("MadeT")

LONGEST: Final = 1000


def examples_of(folder: str, file: str) -> Json:
    """Name Radarr's own example by two templates.

    Raises:
        Invalid: One of them cannot work.
    """
    folders = _tried("MovieFolderFormat", folder, Template)
    files = _tried("StandardMovieFormat", file, Template)
    return {
        "movieExample": str(file_path(files, _FACTS, ".mkv")),
        "movieFolderExample": str(folder_path(folders, _FACTS)),
    }


def _tried(name: str, text: str, make: Callable[[str], MadeT]) -> MadeT:
    if len(text) > LONGEST:
        raise invalid(name, f"must have at most {LONGEST} characters.")
    try:
        return make(text)
    except InvalidTemplate as error:
        raise invalid(name, error.sentence, text) from None


_FACTS: Final = NamingFacts(
    movie=Movie(
        id=1,
        tmdb_id=345691,
        title="The Movie: Title",
        year=2010,
        imdb_id="tt0066921",
        original_title="The Original Movie Title",
        secondary_year=None,
        runtime_minutes=100,
        alternative_titles=(),
        monitored=True,
        root_folder=None,
        profile="Any",
        stage=Stage.WANTED,
        progress=0.0,
        stage_note="",
        added_at=datetime(2010, 1, 1, tzinfo=UTC),
    ),
    quality=Quality.BLURAY_1080P,
    revision=Revision(version=2),
    edition="Ultimate extended edition",
    release_group="EVOLVE",
    release_title="The.Movie.Title.2010.1080p.BluRay.DTS.x264-EVOLVE",
    original_filename="The.Movie.Title.2010.1080p.BluRay.DTS.x264-EVOLVE",
    media=MediaFacts(
        runtime_seconds=6000.0,
        width=1920,
        height=1080,
        video_codec="x264",
        bit_depth=10,
        dynamic_range=DynamicRange.HDR10,
        audio=(AudioTrack("DTS", 6, "de"),),
        subtitles=("en", "de"),
    ),
    collection="The Movie Collection",
    certification="R",
    custom_formats=("Surround Sound", "x264"),
)
"""The movie that Radarr shows its examples of (`Organizer/FileNameSampleService.cs`)."""
