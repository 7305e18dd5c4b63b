"""Where a movie's file goes, by the owner's templates."""

from __future__ import annotations

from pathlib import PurePosixPath

from reeld.domain.errors import Unavailable
from reeld.domain.media import MediaFacts
from reeld.domain.movie import Movie, MovieDetails
from reeld.domain.naming import InvalidTemplate, NamingFacts, Template, library_path
from reeld.domain.parsing import ParsedRelease
from reeld.domain.quality import Quality
from reeld.domain.settings import LibrarySettings


def naming_facts(
    movie: Movie,
    details: MovieDetails | None,
    title: str,
    parsed: ParsedRelease,
    quality: Quality,
    media: MediaFacts,
    source: PurePosixPath,
    custom_formats: tuple[str, ...] = (),
) -> NamingFacts:
    """Put together what a name may tell.

    Args:
        movie: The movie.
        details: What TMDB said of it.
        title: The release's name.
        parsed: The same, understood.
        quality: What the file really has.
        media: What the probe saw.
        source: The downloaded file.
        custom_formats: The names of those that its name shows.
    """
    collection = None if details is None else details.collection
    return NamingFacts(
        movie=movie,
        quality=quality,
        revision=parsed.revision,
        edition=" ".join(parsed.editions),
        release_group=parsed.group or "",
        release_title=title,
        original_filename=source.stem,
        media=media,
        collection="" if collection is None else collection.name,
        certification="" if details is None else details.certification or "",
        custom_formats=custom_formats,
    )


def destination(facts: NamingFacts, source: PurePosixPath, library: LibrarySettings) -> str:
    """Return the file's path below the root folder.

    Raises:
        Unavailable: A template of the settings is not valid: it waits for a person.
    """
    try:
        folder, file = Template(library.folder_template), Template(library.file_template)
    except InvalidTemplate as error:
        raise Unavailable(
            f"{error.sentence} Correct library.folder_template and library.file_template.",
            reason="invalid_template",
        ) from error
    return str(library_path(folder, file, facts, source.suffix))
