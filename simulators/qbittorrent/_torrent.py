"""One torrent in the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Self

from reeld.simulators.qbittorrent._metainfo import Entry, Metainfo, laid_out, read_kept

ETA_UNKNOWN = 8_640_000


class Phase(StrEnum):
    """What the session does with a torrent, apart from it being stopped, queued or stalled."""

    METADATA = "metadata"
    """Only a magnet link is known."""
    RESUMING = "resuming"
    CHECKING = "checking"
    DOWNLOADING = "downloading"
    SEEDING = "seeding"
    MOVING = "moving"
    ERROR = "error"
    MISSING = "missing"


@dataclass(slots=True)
class Torrent:
    """The state of one torrent. Times are epoch seconds, sizes bytes."""

    meta: Metainfo
    save_path: str
    added_on: float
    position: int
    """Place in the queue, from 1."""
    entries: tuple[Entry, ...] = ()
    layout: str = "Original"
    id: str = ""
    """Its id when it is a hybrid, which goes by its hash of version 2; empty for any other."""
    name: str = ""
    download_path: str = ""
    category: str = ""
    tags: list[str] = field(default_factory=list)
    auto_tmm: bool = False
    phase: Phase = Phase.RESUMING
    stopped: bool = False
    forced: bool = False
    held: bool = False
    """A fault: nobody seeds it."""
    stalled: bool = False
    queued: bool = False
    sequential: bool = False
    first_last: bool = False
    skip_checking: bool = False
    unchecked: bool = True
    """Nobody has looked yet whether some of its files are there."""
    done: int = 0
    """Bytes on disk and verified."""
    downloaded: int = 0
    """Bytes that came from peers; what was already on disk is not among them."""
    earned: float = 0.0
    """Bytes that should be there by now."""
    rate: float = 0.0
    uploaded: float = 0.0
    completed_on: float = 0.0
    seeding_time: float = 0.0
    active_time: float = 0.0
    dl_limit: int = 0
    up_limit: int = 0
    ratio_limit: float = -2.0
    seeding_time_limit: int = -2
    inactive_seeding_time_limit: int = -2
    share_limit_action: str = "Default"
    priorities: list[int] = field(default_factory=list)
    visible_at: float = 0.0
    """Trio's time from which the API lists it."""
    settled_at: float = 0.0
    """Trio's time from which its content path is absolute."""

    def __post_init__(self) -> None:
        self.name = self.name or self.meta.name
        self.entries = self.entries or self.meta.entries
        self.priorities = self.priorities or [1] * len(self.entries)

    def learn(self, meta: Metainfo) -> None:
        """Take over what somebody sent of a torrent that was a magnet link."""
        if self.name == self.meta.name:
            self.name = meta.name
        self.meta, self.entries = meta, laid_out(meta, self.layout)
        self.priorities = [1] * len(self.entries)
        self.phase = Phase.RESUMING

    def unstop(self) -> None:
        """Let it run; its files are looked at first when nobody has yet."""
        self.stopped = False
        if self.unchecked and self.phase is Phase.DOWNLOADING:
            self.phase = Phase.RESUMING

    @property
    def hash(self) -> str:
        """The torrent's id."""
        return self.id or self.meta.infohash

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return self.meta.size

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        return self.done / self.size if self.size else float(self.meta.is_known)

    @property
    def complete(self) -> bool:
        """Whether everything is on disk."""
        return self.meta.is_known and self.done >= self.size

    @property
    def wanted(self) -> bool:
        """Whether it would download if it could."""
        return self.phase is Phase.DOWNLOADING and not self.stopped

    @property
    def downloading(self) -> bool:
        """Whether bytes arrive now."""
        return self.wanted and not (self.stalled or self.queued)

    @property
    def root(self) -> Path:
        """The folder in which its files are, or to which they are on their way."""
        incomplete = self.download_path and not self.complete
        return Path(self.download_path if incomplete else self.save_path)

    @property
    def content_name(self) -> str:
        """The root folder or the single file, relative to the save path."""
        parts = {PurePosixPath(entry.path).parts[0] for entry in self.entries}
        if len(self.entries) == 1:
            return self.entries[0].path
        return parts.pop() if len(parts) == 1 else ""

    def recorded(self) -> dict[str, Any]:
        """What is kept over a restart; the .torrent or the magnet link is kept beside it."""
        return {
            name: value for name, value in asdict(self).items() if name not in {"meta", *_FLEETING}
        }

    @classmethod
    def restored(cls, data: bytes, record: Mapping[str, Any]) -> Self:
        """A torrent as it was recorded; its files are looked at again."""
        entries = tuple(Entry(**entry) for entry in record["entries"])
        phase = Phase(record["phase"])
        return cls(meta=read_kept(data), **{**record, "entries": entries, "phase": phase})


_FLEETING = frozenset({"visible_at", "settled_at", "earned", "rate", "queued"})
