"""What the API shows of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reeld.domain.library import MovieFile
from reeld.domain.release import IndexerFlag, Release


@dataclass(frozen=True, slots=True)
class FileView:
    """A file of the library."""

    id: int
    path: str
    size: int
    quality: str
    link: str | None
    release: str | None
    added_at: datetime

    @classmethod
    def of(cls, file: MovieFile) -> FileView:
        """Show a file."""
        return cls(
            id=file.id,
            path=f"{file.root_folder.rstrip('/')}/{file.relative_path}",
            size=file.size,
            quality=file.quality.label,
            link=str(file.link) if file.link else None,
            release=file.release_title,
            added_at=file.added_at,
        )


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release that was found for a movie, and what was decided about it."""

    id: int
    source: str
    indexer: str
    title: str
    size: int | None
    seeders: int | None
    freeleech: bool
    infohash: str | None
    published_at: datetime | None
    verdict: dict[str, Any] | None

    @classmethod
    def of(cls, release: Release, verdict: dict[str, Any] | None) -> ReleaseView:
        """Show a release."""
        return cls(
            id=release.id,
            source=str(release.source),
            indexer=release.indexer,
            title=release.title,
            size=release.size,
            seeders=release.seeders,
            freeleech=IndexerFlag.FREELEECH in release.flags,
            infohash=release.infohash,
            published_at=release.published_at,
            verdict=verdict,
        )
