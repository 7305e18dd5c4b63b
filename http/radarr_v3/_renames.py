"""`rename`: which files of a movie would be called otherwise."""

from __future__ import annotations

from pathlib import PurePosixPath

from reeld.domain.library import MovieFile
from reeld.domain.naming import InvalidTemplate, Template, renamed_path
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import formats, library, renames


async def renames_of(frame: Frame, movie_id: int) -> list[Json]:
    """Return what would be renamed; nothing while the template is not valid, nor of a movie that is not there."""
    try:
        template = Template(frame.surface.settings().library.file_template)
    except InvalidTemplate:
        return []
    files = await library.by_movie(frame.database, movie_id)
    found = [await _preview(frame, file, template) for file in files]
    return [each for each in found if each is not None]


async def _preview(frame: Frame, file: MovieFile, template: Template) -> Json | None:
    shelved = await frame.movie(file.movie_id)
    original = await renames.original_of(frame.database, file.id)
    shown = await formats.shown_in_names(frame.database)
    path = renamed_path(file, shelved.movie, shelved.details, original, template, shown)
    if path == file.relative_path:
        return None
    return {
        "id": file.id,
        "movieId": file.movie_id,
        "movieFileId": file.id,
        "existingPath": PurePosixPath(file.relative_path).name,
        "newPath": PurePosixPath(path).name,
    }
