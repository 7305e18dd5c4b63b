"""The file that a movie has in the library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reeld.domain.acquisition import LinkKind
from reeld.domain.custom_format import FormatMatch
from reeld.domain.language import Language
from reeld.domain.media import MediaFacts
from reeld.domain.quality import FIRST_REVISION, Quality, Revision
from reeld.domain.release import NO_FLAGS, IndexerFlag


@dataclass(frozen=True, slots=True)
class NewMovieFile:
    """A file that was just placed and verified.

    Attributes:
        root_folder: The absolute path of the root folder.
        relative_path: Below the root folder, with `/` between its parts.
        size: Bytes.
        quality: As decided for the release, mended by what the probe saw.
        release_title: The name it was grabbed under; None for a file that a person put there.
        link: How it came to be; None for a file that a person put there.
        formats: The custom formats of the release as it was grabbed; of a file that a person put there, those of its
            name when it was taken in. None when nobody looked.
        format_score: What they were worth then.
        flags: What the indexer said of the release.
        languages: What it is spoken in, as a person said; None while the sound tracks say it.
    """

    movie_id: int
    root_folder: str
    relative_path: str
    size: int
    quality: Quality
    revision: Revision = FIRST_REVISION
    edition: str | None = None
    release_group: str | None = None
    release_title: str | None = None
    infohash: str | None = None
    link: LinkKind | None = None
    media: MediaFacts | None = None
    acquisition_id: int | None = None
    formats: tuple[FormatMatch, ...] | None = None
    format_score: int | None = None
    flags: IndexerFlag = NO_FLAGS
    languages: tuple[Language, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieFile(NewMovieFile):
    """A file that has a row."""

    id: int
    added_at: datetime


@dataclass(frozen=True, slots=True)
class FileEdit:
    """What a person says of a file; None leaves a thing as it is, and an empty text takes it away."""

    quality: Quality | None = None
    revision: Revision | None = None
    edition: str | None = None
    release_group: str | None = None
    flags: IndexerFlag | None = None
    languages: tuple[Language, ...] | None = None
