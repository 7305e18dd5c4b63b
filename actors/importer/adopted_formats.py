"""The custom formats of a file that nobody grabbed: found once, in its name, when it is taken in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import trio

from reeld.actors.importer.adoption import FoundFile
from reeld.domain.custom_format import CustomFormat, FormatMatch, Subject, formats_of
from reeld.domain.language import Language


async def formats_of_file(
    found: FoundFile, language: str | None, formats: Sequence[CustomFormat]
) -> tuple[FormatMatch, ...]:
    """Return the formats of a file, off the loop's thread: hundreds of expressions take a while.

    Args:
        found: The file, with what its name says.
        language: TMDB's code of the movie's original language; None when nobody knows it.
        formats: Every custom format.
    """
    subject = Subject(
        title=PurePosixPath(found.relative_path).stem,
        parsed=found.parsed,
        size=found.size,
        original_language=Language.by_code(language),
        year=found.place.movie.year,
    )
    return await trio.to_thread.run_sync(formats_of, subject, formats)
