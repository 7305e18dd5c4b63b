"""The files in the library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from psycopg.types.json import Jsonb

from reeld.domain.acquisition import LinkKind
from reeld.domain.custom_format import FormatMatch
from reeld.domain.history import EventKind
from reeld.domain.language import Language
from reeld.domain.library import FileEdit, MovieFile, NewMovieFile
from reeld.domain.media import AudioTrack, DynamicRange, MediaFacts
from reeld.domain.quality import Quality, Revision
from reeld.domain.release import IndexerFlag
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.storage.events import append

_COLUMNS: Final = """id, movie_id, root_folder, relative_path, size, quality, revision_real, revision_version,
       is_repack, edition, release_group, release_title, infohash, link_kind, media, acquisition_id, added_at,
       formats, format_score, flags, languages"""

_RECORD: Final = """
INSERT INTO library_file AS f (movie_id, root_folder, relative_path, size, quality, revision_real,
    revision_version, is_repack, edition, release_group, release_title, infohash, link_kind, media, device, inode,
    acquisition_id, formats, format_score, flags, languages)
VALUES (%(movie_id)s, %(root_folder)s, %(relative_path)s, %(size)s, %(quality)s, %(real)s, %(version)s,
        %(is_repack)s, %(edition)s, %(release_group)s, %(release_title)s, %(infohash)s, %(link)s, %(media)s,
        %(device)s, %(inode)s, %(acquisition_id)s, %(formats)s, %(format_score)s, %(flags)s,
        %(languages)s)
ON CONFLICT (root_folder, relative_path) DO UPDATE SET
    movie_id = excluded.movie_id, size = excluded.size, quality = excluded.quality,
    revision_real = excluded.revision_real, revision_version = excluded.revision_version,
    is_repack = excluded.is_repack, edition = excluded.edition, release_group = excluded.release_group,
    release_title = excluded.release_title, infohash = excluded.infohash, link_kind = excluded.link_kind,
    media = excluded.media, device = excluded.device, inode = excluded.inode,
    acquisition_id = excluded.acquisition_id, formats = excluded.formats, format_score = excluded.format_score,
    flags = excluded.flags, languages = excluded.languages,
    added_at = now()
RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_GET: Final = "SELECT {columns} FROM library_file WHERE id = %s".replace("{columns}", _COLUMNS)
_BY_MOVIE: Final = """
SELECT {columns} FROM library_file WHERE movie_id = %s ORDER BY id
""".replace("{columns}", _COLUMNS)
_BY_PATH: Final = """
SELECT {columns} FROM library_file WHERE root_folder = %s AND relative_path = %s
""".replace("{columns}", _COLUMNS)
_OF_MOVIES: Final = """
SELECT {columns} FROM library_file WHERE movie_id = ANY(%s) ORDER BY id
""".replace("{columns}", _COLUMNS)

_EDIT: Final = """
UPDATE library_file SET
    quality = coalesce(%(quality)s, quality), revision_real = coalesce(%(real)s, revision_real),
    revision_version = coalesce(%(version)s, revision_version), is_repack = coalesce(%(is_repack)s, is_repack),
    edition = nullif(coalesce(%(edition)s, edition), ''),
    release_group = nullif(coalesce(%(release_group)s, release_group), ''),
    flags = coalesce(%(flags)s, flags), languages = coalesce(%(languages)s, languages)
WHERE id = %(id)s
RETURNING {columns}
""".replace("{columns}", _COLUMNS)


async def record(
    conn: Connection,
    new: NewMovieFile,
    *,
    device: int | None = None,
    inode: int | None = None,
    replaces: int | None = None,
) -> MovieFile:
    """Put a verified file into the library.

    Args:
        conn: The connection with the transaction.
        new: The file. A row of the same path is taken over, number and all: an upgrade under the same name.
        device: `st_dev` of the file.
        inode: `st_ino` of the file.
        replaces: The number of the row that it takes the place of.
    """
    params: dict[str, Any] = {
        field: getattr(new, field)
        for field in (
            "movie_id",
            "root_folder",
            "relative_path",
            "size",
            "edition",
            "release_group",
        )
    }
    params |= {
        "release_title": new.release_title,
        "infohash": new.infohash,
        "acquisition_id": new.acquisition_id,
        "quality": new.quality.label,
        "real": new.revision.real,
        "version": new.revision.version,
        "is_repack": new.revision.is_repack,
        "link": new.link,
        "media": None if new.media is None else Jsonb(asdict(new.media)),
        "formats": None if new.formats is None else Jsonb([each.to_json() for each in new.formats]),
        "format_score": new.format_score,
        "flags": int(new.flags),
        "languages": _labels(new.languages),
        "device": device,
        "inode": inode,
    }
    row = await fetch_one(conn, _RECORD, params)
    assert row is not None, "INSERT ... DO UPDATE ... RETURNING answers with the row"
    if replaces is not None and replaces != row[0]:
        await remove(conn, replaces)
    return _file(row)


async def get(source: Reader, file_id: int) -> MovieFile | None:
    """Return a file, or None."""
    row = await fetch_one(source, _GET, (file_id,))
    return None if row is None else _file(row)


async def by_movie(source: Reader, movie_id: int) -> list[MovieFile]:
    """Return the files of a movie."""
    return [_file(row) for row in await fetch_all(source, _BY_MOVIE, (movie_id,))]


async def of_movies(source: Reader, movie_ids: list[int]) -> dict[int, list[MovieFile]]:
    """Return the files of many movies; a movie without files is left out."""
    files: dict[int, list[MovieFile]] = {}
    for row in await fetch_all(source, _OF_MOVIES, (movie_ids,)):
        files.setdefault(row[1], []).append(_file(row))
    return files


async def by_path(source: Reader, root_folder: str, relative_path: str) -> MovieFile | None:
    """Return the file with a path, or None."""
    row = await fetch_one(source, _BY_PATH, (root_folder, relative_path))
    return None if row is None else _file(row)


async def note_formats(
    conn: Connection, file_id: int, formats: Iterable[FormatMatch], format_score: int
) -> bool:
    """Note the formats of a file that nobody had looked for; False when they are known, and stay as they are."""
    statement = (
        "UPDATE library_file SET formats = %s, format_score = %s WHERE id = %s AND formats IS NULL"
    )
    found = Jsonb([each.to_json() for each in formats])
    return await execute(conn, statement, (found, format_score, file_id)) == 1


async def edit(conn: Connection, file_id: int, wanted: FileEdit) -> MovieFile | None:
    """Note what a person says of a file, and tell that its movie was changed; None when there is no such file."""
    params = {
        "id": file_id,
        "quality": None if wanted.quality is None else wanted.quality.label,
        "real": None if wanted.revision is None else wanted.revision.real,
        "version": None if wanted.revision is None else wanted.revision.version,
        "is_repack": None if wanted.revision is None else wanted.revision.is_repack,
        "edition": wanted.edition,
        "release_group": wanted.release_group,
        "flags": None if wanted.flags is None else int(wanted.flags),
        "languages": _labels(wanted.languages),
    }
    row = await fetch_one(conn, _EDIT, params)
    if row is None:
        return None
    file = _file(row)
    payload = {"movie_id": file.movie_id}
    await append(conn, EventKind.MOVIE_CHANGED, file.movie_id, payload)
    return file


async def remove(conn: Connection, file_id: int) -> bool:
    """Take a file out of the library's rows; the file itself is not touched. False when there was none."""
    return await execute(conn, "DELETE FROM library_file WHERE id = %s", (file_id,)) == 1


def _file(row: Row) -> MovieFile:
    return MovieFile(
        id=row[0],
        movie_id=row[1],
        root_folder=row[2],
        relative_path=row[3],
        size=row[4],
        quality=Quality.by_label(row[5]),
        revision=Revision(row[6], row[7], row[8]),
        edition=row[9],
        release_group=row[10],
        release_title=row[11],
        infohash=row[12],
        link=None if row[13] is None else LinkKind(row[13]),
        media=None if row[14] is None else _media(row[14]),
        acquisition_id=row[15],
        added_at=row[16],
        formats=None if row[17] is None else tuple(FormatMatch.from_json(f) for f in row[17]),
        format_score=row[18],
        flags=IndexerFlag(row[19]),
        languages=None if row[20] is None else tuple(Language.by_label(each) for each in row[20]),
    )


def _labels(languages: Iterable[Language] | None) -> list[str] | None:
    return None if languages is None else [each.label for each in languages]


def _media(stored: dict[str, Any]) -> MediaFacts:
    return MediaFacts(
        **{
            **stored,
            "dynamic_range": DynamicRange(stored["dynamic_range"]),
            "audio": tuple(AudioTrack(**track) for track in stored["audio"]),
            "subtitles": tuple(stored["subtitles"]),
        }
    )
