"""`manualimport`: the videos of downloads, and why one is not in the library."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from litestar import Response, get

from reeld.domain.acquisition import Acquisition, AcquisitionState, DownloadedFile
from reeld.domain.language import Language
from reeld.domain.parsing import ParsedRelease
from reeld.domain.release import Release
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._names import read_names
from reeld.http.radarr_v3._quality import languages, quality_model
from reeld.http.radarr_v3._values import Json, present
from reeld.storage.repositories import acquisitions, imports, releases

VIDEO: Final = frozenset({".mkv", ".mp4", ".avi", ".m4v", ".ts", ".m2ts", ".wmv", ".mov"})
MOST_FILES: Final = 1000
IMPORTED: Final = "Movie file already imported"
"""How Radarr's own sentence begins."""
PASSED_OVER: Final = "Another file of this download was imported"
_SHOWN: Final = frozenset(
    {AcquisitionState.COMPLETE, AcquisitionState.IMPORTED, AcquisitionState.FAILED}
)


def importable_routes(frame: Frame) -> Sequence[Any]:
    """Return the route that lists what downloads hold. It reads rows alone: no path of a client's is looked at."""
    database = frame.database

    @get("/manualimport")
    async def importable(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        found = [one for one in await asked_for(query) if one.state in _SHOWN]
        offered = await releases.by_ids(database, [one.release_id for one in found])
        known = {release.id: release for release in offered}
        names = await read_names(release.title for release in offered)
        movies = await frame.movie_documents([one.movie_id for one in found])
        sources = {one.id: await imported_from(one) for one in found}
        records = [
            record
            for one in found
            if (release := known.get(one.release_id)) and (movie := movies.get(one.movie_id))
            for record in import_records(one, release, names[release.title], movie, sources[one.id])
        ]
        return answered(_within(records, query.text("folder"))[:MOST_FILES])

    async def imported_from(one: Acquisition) -> str | None:
        if one.state is not AcquisitionState.IMPORTED:
            return None
        done = [row for row in await imports.of_acquisition(database, one.id) if row.file_id]
        return done[-1].source if done else None

    async def asked_for(query: Query) -> list[Acquisition]:
        infohash, movie_id = query.text("downloadId").lower(), query.integer("movieId")
        if infohash:
            found = await acquisitions.by_infohash(database, infohash)
            return [one for one in found if movie_id in {None, one.movie_id}]
        if movie_id is not None:
            return await acquisitions.by_movie(database, movie_id)
        return await acquisitions.active(database)

    return [importable]


def import_records(
    acquisition: Acquisition,
    release: Release,
    name: ParsedRelease,
    movie: Json,
    imported: str | None = None,
) -> list[Json]:
    """Write the videos of a download; files whose paths leave its folder are left out.

    Args:
        acquisition: The download.
        release: What was grabbed.
        name: What its name says.
        movie: The movie's document.
        imported: The path of the file that went into the library, as this machine sees it.
    """
    folder = PurePosixPath(acquisition.save_path or "")
    shared = _of_release(acquisition, release, name, movie)
    return [
        present(
            id=zlib.crc32(f"{acquisition.id}:{file.path}".encode()) & 0x7FFFFFFF,
            path=str(folder / file.path),
            relativePath=file.path,
            folderName=(folder / file.path).parent.name,
            name=PurePosixPath(file.path).stem,
            size=file.size,
            rejections=_rejections(acquisition, file, imported),
            **shared,
        )
        for file in _videos(acquisition.files)
    ]


def _of_release(
    acquisition: Acquisition, release: Release, name: ParsedRelease, movie: Json
) -> Json:
    original = Language.by_number(movie["originalLanguage"]["id"])
    return {
        "movie": movie,
        "releaseGroup": acquisition.release_group,
        "quality": quality_model(name.quality, name.revision),
        "qualityWeight": name.quality.weight,
        "languages": languages(name.languages, original),
        "downloadId": (acquisition.infohash or "").upper(),
        "customFormats": [each.to_json() for each in acquisition.formats],
        "customFormatScore": acquisition.format_score,
        "indexerFlags": int(release.flags),
    }


def _rejections(acquisition: Acquisition, file: DownloadedFile, imported: str | None) -> list[Json]:
    match acquisition.state:
        case AcquisitionState.IMPORTED:
            parts = PurePosixPath(file.path).parts
            is_it = imported is not None and PurePosixPath(imported).parts[-len(parts) :] == parts
            reason, kind = IMPORTED if is_it else PASSED_OVER, "permanent"
        case AcquisitionState.FAILED:
            reason, kind = acquisition.note, "permanent"
        case _:
            # What is complete and has a note only waits: for a disk, a mount or a person.
            reason, kind = acquisition.note, "temporary"
    return [{"reason": reason, "type": kind}] if reason else []


def _videos(files: Iterable[DownloadedFile]) -> list[DownloadedFile]:
    return [file for file in files if _is_video(PurePosixPath(file.path))]


def _is_video(path: PurePosixPath) -> bool:
    is_inside = not path.is_absolute() and ".." not in path.parts
    return is_inside and path.suffix.lower() in VIDEO


def _within(records: list[Json], folder: str) -> list[Json]:
    if not folder:
        return records
    return [each for each in records if PurePosixPath(each["path"]).is_relative_to(folder)]
