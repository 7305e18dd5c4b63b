"""Files, trackers, properties and categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

import msgspec

from reeld.domain.errors import ProtocolViolation
from reeld.domain.torrent import InvalidTorrent, torrent_path
from reeld.services.qbittorrent._status import moment_of
from reeld.services.qbittorrent._versions import LABEL, SERVICE

_INCOMPLETE_SUFFIX: Final = ".!qB"


@dataclass(frozen=True, slots=True)
class QbittorrentFile:
    """One file of a torrent, as qBittorrent named it on the disk.

    Attributes:
        index: What `set_file_priority` takes.
        path: Relative to the torrent's save path, without `..`.
        wanted: Whether it is downloaded at all.
        incomplete: Whether it still bears the suffix of incomplete files; `path` is without it.
    """

    index: int
    path: PurePosixPath
    size: int
    progress: float
    wanted: bool
    incomplete: bool


class Transfer(msgspec.Struct, frozen=True):
    """A part of `transfer/info`: bytes a second of all torrents, and `connected`, `firewalled` or `disconnected`."""

    connection_status: str = ""
    dl_info_speed: int = 0
    up_info_speed: int = 0


class TrackerState(IntEnum):
    """How a tracker works."""

    DISABLED = 0
    NOT_CONTACTED = 1
    WORKING = 2
    UPDATING = 3
    NOT_WORKING = 4
    ERROR = 5
    UNREACHABLE = 6


@dataclass(frozen=True, slots=True)
class TrackerStatus:
    """One tracker of a torrent. Its address stays out: it holds the passkey."""

    host: str
    state: TrackerState
    message: str
    """What the tracker said, such as `Unregistered torrent`."""


@dataclass(frozen=True, slots=True)
class TorrentProperties:
    """What only the properties tell."""

    save_path: str
    total_size: int
    piece_size: int
    seeds_total: int
    peers_total: int
    added_at: datetime | None


@dataclass(frozen=True, slots=True)
class Category:
    """A category and where it saves; an empty path is qBittorrent's default."""

    name: str
    save_path: str


class FileRow(msgspec.Struct):
    """An entry of `torrents/files`; `index` came with 4.3.5."""

    name: str
    size: int
    progress: float = 0.0
    priority: int = 1
    index: int | None = None


class TrackerRow(msgspec.Struct):
    """An entry of `torrents/trackers`."""

    url: str
    status: int = 1
    msg: str = ""


class PropertiesRow(msgspec.Struct):
    """`torrents/properties`."""

    save_path: str = ""
    total_size: int = 0
    piece_size: int = 0
    seeds_total: int = 0
    peers_total: int = 0
    addition_date: int = -1


class CategoryRow(msgspec.Struct):
    """A value of `torrents/categories`."""

    savePath: str = ""  # noqa: N815 (qBittorrent's spelling)


def is_category_name(name: str) -> bool:
    """Whether qBittorrent allows a category to be called so."""
    return bool(name) and "\\" not in name and "//" not in name and name == name.strip("/")


def to_files(rows: Sequence[FileRow]) -> tuple[QbittorrentFile, ...]:
    """Return the files.

    Raises:
        ProtocolViolation: A name leads out of the save path. libtorrent cleans names, so this is no libtorrent.
    """
    return tuple(_to_file(position, row) for position, row in enumerate(rows))


def _to_file(position: int, row: FileRow) -> QbittorrentFile:
    name = row.name.removesuffix(_INCOMPLETE_SUFFIX)
    try:
        path = torrent_path(name.split("/"))
    except InvalidTorrent as error:
        raise ProtocolViolation(
            f"{LABEL} reports a file outside its torrent's folder ({error.detail}). The torrent is not"
            " imported; remove it there.",
            service=SERVICE,
            reason="unsafe_file_name",
        ) from None
    return QbittorrentFile(
        index=position if row.index is None else row.index,
        path=path,
        size=row.size,
        progress=row.progress,
        wanted=row.priority > 0,
        incomplete=name != row.name,
    )


def to_trackers(rows: Sequence[TrackerRow]) -> tuple[TrackerStatus, ...]:
    """Return the real trackers: DHT, PeX and LSD have rows of their own, which are left out."""
    known = set(TrackerState)
    return tuple(
        TrackerStatus(
            urlsplit(row.url).hostname or "",
            TrackerState(row.status) if row.status in known else TrackerState.NOT_WORKING,
            row.msg[:500],
        )
        for row in rows
        if not row.url.startswith("** [")
    )


def to_properties(row: PropertiesRow) -> TorrentProperties:
    """Return the properties."""
    return TorrentProperties(
        row.save_path,
        row.total_size,
        row.piece_size,
        row.seeds_total,
        row.peers_total,
        moment_of(row.addition_date),
    )
