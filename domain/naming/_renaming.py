"""What a file of the library would be called if it were imported now."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath

from reeld.domain.library import MovieFile
from reeld.domain.movie import Movie, MovieDetails
from reeld.domain.naming._facts import NamingFacts, formats_shown
from reeld.domain.naming._paths import file_path
from reeld.domain.naming._template import Template


def renamed_path(
    file: MovieFile,
    movie: Movie,
    details: MovieDetails | None,
    original: str | None,
    template: Template,
    shown: Collection[int] = (),
) -> str:
    """Return the path below the root folder that a file would have; its folder stays, as when Radarr renames.

    Args:
        file: As its row says, with what people said of it.
        movie: The movie.
        details: What TMDB said of it.
        original: The path of the download that it was imported from; None when nobody knows.
        template: Of `library.file_template`.
        shown: The numbers of the custom formats that names show.
    """
    there = PurePosixPath(file.relative_path)
    collection = None if details is None else details.collection
    facts = NamingFacts(
        movie=movie,
        quality=file.quality,
        revision=file.revision,
        edition=(file.edition or "").replace(", ", " "),
        release_group=file.release_group or "",
        release_title=file.release_title or "",
        original_filename=PurePosixPath(original).stem if original else there.stem,
        media=file.media,
        collection="" if collection is None else collection.name,
        certification="" if details is None else details.certification or "",
        custom_formats=formats_shown(file.formats, shown),
    )
    return str(there.parent / file_path(template, facts, there.suffix).name)
