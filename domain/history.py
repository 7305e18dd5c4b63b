"""What happened: the kinds of events and of history rows, one vocabulary for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """Facts that other parts may react to. The comment names the payload."""

    MOVIE_ADDED = "movie.added"
    """{movie_id, search}: whether it is searched for at once; it is where nothing is said."""
    MOVIE_MOVED = "movie.moved"
    """{movie_id, stage}: it is at another stage now."""
    MOVIE_REFRESHED = "movie.refreshed"
    """{movie_id}."""
    MOVIE_CHANGED = "movie.changed"
    """{movie_id}: a person said otherwise of it."""
    MOVIE_REMOVED = "movie.removed"
    """{movie_id}."""
    MOVIE_SEARCHED = "movie.searched"
    """{movie_id, source, found}."""
    SEARCH_ENDED = "search.ended"
    """{movie_id, search_id, late}: all indexers that were asked at once have answered, but for the late ones."""
    RELEASES_FOUND = "releases.found"
    """{release_ids, source}, and {cause, look} when they were searched for."""
    RELEASE_DECIDED = "release.decided"
    """{movie_id, release_id, acquisition_id}."""
    MOVIE_GRABBED = "movie.grabbed"
    """{movie_id, release_id, acquisition_id}."""
    ACQUISITION_MOVED = "acquisition.moved"
    """{movie_id, acquisition_id, state}: it is in another state now."""
    DOWNLOAD_COMPLETED = "download.completed"
    """{movie_id, acquisition_id}."""
    DOWNLOAD_FAILED = "download.failed"
    """{movie_id, acquisition_id, reason} and, where the probe or the scan says more exactly what it found, {cause}.
    With {again: False} nothing else is looked for."""
    IMPORT_STEPPED = "import.stepped"
    """{movie_id, acquisition_id, import_id, step}: its journal is at another step now."""
    MOVIE_IMPORTED = "movie.imported"
    """{movie_id, acquisition_id, path, link, quality, promised, revision, replaced}: the quality as probed and as named,
    and of the file before it {acquisition_id, quality, revision}, or None."""
    FILE_RETIRED = "file.retired"
    """{movie_id, path}."""
    FILE_MOVED = "file.moved"
    """{movie_id, path}: it lies there now, below another root folder or under another name."""
    CREDENTIALS_REJECTED = "credentials.rejected"
    """{breaker, reason, sentence}: a service is not called until a person corrects them."""
    WORK_DEAD = "work.dead"
    """{work_id, queue, kind, reason}."""
    WORK_DISCARDED = "work.discarded"
    """{work_id, queue, kind, args}."""
    SETTINGS_CHANGED = "settings.changed"
    """{names, who}: these are in force with other values now; who changed them, by name."""
    BACKUP_CREATED = "backup.created"
    """{backup, bytes}."""
    BACKUP_VERIFIED = "backup.verified"
    """{backup}."""
    BACKUP_RESTORED = "backup.restored"
    """{backup, taken_at}."""


class HistoryKind(StrEnum):
    """What a history row tells of a movie."""

    ADDED = "added"
    SEARCHED = "searched"
    GRABBED = "grabbed"
    DOWNLOADED = "downloaded"
    DOWNLOAD_FAILED = "download_failed"
    DOWNLOAD_IGNORED = "download_ignored"
    """A person left the torrent to the client."""
    IMPORTED = "imported"
    IMPORT_FAILED = "import_failed"
    FOUND = "found"
    """A file lay in the library that no row knew, after a restore."""
    FILE_RETIRED = "file_retired"
    FILE_DELETED = "file_deleted"
    FILE_MOVED = "file_moved"
    FILE_RENAMED = "file_renamed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact of the outbox.

    Attributes:
        id: Ascending in the order of commits.
        payload: Values that JSON can hold; no secret.
    """

    id: int
    kind: EventKind
    payload: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One row of a movie's history."""

    id: int
    movie_id: int
    kind: HistoryKind
    at: datetime
    release_title: str | None
    data: Mapping[str, object]
