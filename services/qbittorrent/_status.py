"""A torrent as qBittorrent reports it, in words that stay the same from version to version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum, unique
from pathlib import PurePosixPath
from typing import Final

import msgspec


@unique
class Phase(StrEnum):
    """What a torrent is doing."""

    QUEUED = "queued"
    """Waiting for its turn."""
    DOWNLOADING = "downloading"
    STALLED = "stalled"
    """Incomplete, and nobody sends anything: of a magnet link not even what is in it."""
    PAUSED = "paused"
    """Stopped while incomplete."""
    CHECKING = "checking"
    """Hashing what is there; nothing is known until that ends."""
    MOVING = "moving"
    """Its files are in flux."""
    SEEDING = "seeding"
    """Complete."""
    FINISHED = "finished"
    """Complete and stopped."""
    FAILED = "failed"
    """qBittorrent reports an error, mostly of the disk: a person has to look."""
    MISSING_FILES = "missing_files"
    """What had been downloaded is gone."""
    UNKNOWN = "unknown"
    """A state that reeld does not know: taken as in progress."""

    @property
    def is_complete(self) -> bool:
        """Whether the state, on its own, says that all bytes are there."""
        return self in {Phase.SEEDING, Phase.FINISHED}


PHASES: Final = {
    "error": Phase.FAILED,
    "missingFiles": Phase.MISSING_FILES,
    "metaDL": Phase.STALLED,
    "forcedMetaDL": Phase.STALLED,
    "queuedDL": Phase.QUEUED,
    "allocating": Phase.DOWNLOADING,
    "downloading": Phase.DOWNLOADING,
    "forcedDL": Phase.DOWNLOADING,
    "stalledDL": Phase.STALLED,
    "pausedDL": Phase.PAUSED,
    "stoppedDL": Phase.PAUSED,
    "checkingDL": Phase.CHECKING,
    "checkingUP": Phase.CHECKING,
    "checkingResumeData": Phase.CHECKING,
    "moving": Phase.MOVING,
    "uploading": Phase.SEEDING,
    "stalledUP": Phase.SEEDING,
    "queuedUP": Phase.SEEDING,
    "forcedUP": Phase.SEEDING,
    "pausedUP": Phase.FINISHED,
    "stoppedUP": Phase.FINISHED,
}
"""qBittorrent's state -> phase. `paused…` until 4.6, `stopped…` since 5.0."""

_NO_ETA: Final = 8_640_000
"""Seconds: how qBittorrent writes that it does not know."""


@dataclass(frozen=True, slots=True)
class TorrentStatus:
    """One torrent in qBittorrent's list.

    Attributes:
        id: 40 lower-case hex digits: what every call takes.
        infohashes: The full hashes as far as reported (since 4.4).
        raw_state: qBittorrent's own word.
        progress: 0 to 1, of the wanted files.
        eta_seconds: None when it is not known.
        ratio: None when it is infinite.
        max_ratio, max_seeding_minutes: The goals in force; None when there is none.
        save_path: Absolute, as qBittorrent's machine sees it.
        content_path: Absolute and below the save or download path, else None: right after adding it is not yet.
    """

    id: str
    infohashes: tuple[str, ...]
    name: str
    phase: Phase
    raw_state: str
    progress: float
    size: int
    amount_left: int
    downloaded: int
    uploaded: int
    download_speed: int
    upload_speed: int
    eta_seconds: int | None
    ratio: float | None
    max_ratio: float | None
    max_seeding_minutes: int | None
    seeding_seconds: int
    seeds: int
    peers: int
    category: str
    tags: tuple[str, ...]
    save_path: str
    content_path: str | None
    auto_managed: bool
    added_at: datetime | None
    completed_at: datetime | None

    @property
    def is_complete(self) -> bool:
        """Whether everything wanted is downloaded, checked and at rest."""
        return self.phase.is_complete and self.progress >= 1.0 and self.amount_left == 0

    @property
    def seed_goal_met(self) -> bool:
        """Whether a goal in force is reached, so that removing it breaks no promise."""
        by_ratio = self.max_ratio is not None and (
            self.ratio is None or self.ratio >= self.max_ratio
        )
        by_time = (
            self.max_seeding_minutes is not None
            and self.seeding_seconds >= self.max_seeding_minutes * 60
        )
        return self.is_complete and (by_ratio or by_time)

    def is_called(self, ids: frozenset[str]) -> bool:
        """Whether one of the ids or infohashes names this torrent."""
        return not ids.isdisjoint({self.id, *self.infohashes, *(h[:40] for h in self.infohashes)})


class TorrentRow(msgspec.Struct):
    """An entry of `torrents/info`; whatever a version lacks has a default."""

    hash: str
    name: str = ""
    state: str = "unknown"
    progress: float = 0.0
    size: int = 0
    amount_left: int = 0
    downloaded: int = 0
    uploaded: int = 0
    dlspeed: int = 0
    upspeed: int = 0
    eta: float = _NO_ETA
    ratio: float = 0.0
    max_ratio: float = -1.0
    max_seeding_time: int = -1
    seeding_time: int = 0
    num_seeds: int = 0
    num_leechs: int = 0
    category: str = ""
    tags: str = ""
    save_path: str = ""
    download_path: str | None = None
    content_path: str = ""
    auto_tmm: bool = False
    added_on: int = 0
    completion_on: int = 0
    infohash_v1: str | None = None
    infohash_v2: str | None = None

    def to_status(self) -> TorrentStatus:
        """Return what reeld knows it as."""
        return TorrentStatus(
            id=self.hash.lower(),
            infohashes=tuple(h.lower() for h in (self.infohash_v1, self.infohash_v2) if h),
            name=self.name,
            phase=PHASES.get(self.state, Phase.UNKNOWN),
            raw_state=self.state,
            progress=min(max(self.progress, 0.0), 1.0),
            size=self.size,
            amount_left=self.amount_left,
            downloaded=self.downloaded,
            uploaded=self.uploaded,
            download_speed=self.dlspeed,
            upload_speed=self.upspeed,
            eta_seconds=int(self.eta) if 0 <= self.eta < _NO_ETA else None,
            ratio=self.ratio if self.ratio >= 0 else None,
            max_ratio=self.max_ratio if self.max_ratio >= 0 else None,
            max_seeding_minutes=self.max_seeding_time if self.max_seeding_time >= 0 else None,
            seeding_seconds=max(self.seeding_time, 0),
            seeds=max(self.num_seeds, 0),
            peers=max(self.num_leechs, 0),
            category=self.category,
            tags=tuple(tag.strip() for tag in self.tags.split(",") if tag.strip()),
            save_path=self.save_path,
            content_path=_settled_path(self),
            auto_managed=self.auto_tmm,
            added_at=moment_of(self.added_on),
            completed_at=moment_of(self.completion_on),
        )


def _settled_path(row: TorrentRow) -> str | None:
    """Return the content path once it is one: for a moment after adding it is relative."""
    path = PurePosixPath(row.content_path)
    roots = [PurePosixPath(root) for root in (row.save_path, row.download_path) if root]
    below = any(root.is_absolute() and path.is_relative_to(root) for root in roots)
    return row.content_path if path.is_absolute() and below and ".." not in path.parts else None


def moment_of(seconds: int) -> datetime | None:
    """Return a time; qBittorrent writes 0 or -1 for never."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
