"""A torrent as libtorrent takes it, from a .torrent or a magnet link: names are cleaned, never refused."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from reeld.domain.torrent import Magnet, decode, encode, parse_magnet


class NotATorrent(ValueError):
    """The bytes are no .torrent file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path below the save path, `/` between the parts."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Metainfo:
    """What qBittorrent needs of a torrent. Of a magnet link most is missing until somebody sends it."""

    infohash: str
    name: str
    entries: tuple[Entry, ...]
    in_folder: bool
    piece_length: int
    pieces: bytes
    private: bool
    trackers: tuple[str, ...]
    created_by: str
    data: bytes
    """The .torrent, or the magnet link."""

    @property
    def is_known(self) -> bool:
        """Whether it is more than a magnet link."""
        return bool(self.entries)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.entries)

    @property
    def piece_count(self) -> int:
        """How many pieces there are."""
        return len(self.pieces) // 20


def read_torrent(data: bytes) -> Metainfo:
    """Read a version 1 .torrent.

    Raises:
        NotATorrent: It is none.
    """
    try:
        document: Any = decode(data)
        info = document[b"info"]
        name = _clean(info[b"name"])
        entries = _entries(info, name)
        pieces, length = bytes(info[b"pieces"]), int(info[b"piece length"])
        infohash = hashlib.sha1(encode(info), usedforsecurity=False).hexdigest()
    except Exception as error:
        # Hostile bytes fail in many ways, and qBittorrent has one answer to all of them.
        raise NotATorrent(str(error)) from error
    return Metainfo(
        infohash=infohash,
        name=name,
        entries=entries,
        in_folder=b"files" in info,
        piece_length=length,
        pieces=pieces,
        private=info.get(b"private") == 1,
        trackers=_trackers(document),
        created_by=document.get(b"created by", b"").decode(errors="replace"),
        data=data,
    )


def read_magnet(magnet: Magnet) -> Metainfo:
    """What a magnet link tells of a torrent."""
    infohash = magnet.infohash.client_id
    return Metainfo(
        infohash=infohash,
        name=magnet.name or infohash,
        entries=(),
        in_folder=False,
        piece_length=-1,
        pieces=b"",
        private=False,
        trackers=magnet.trackers,
        created_by="",
        data=magnet.uri.encode(),
    )


def read_kept(data: bytes) -> Metainfo:
    """What was kept of a torrent: its .torrent, or as long as nobody sent that its magnet link."""
    return read_magnet(parse_magnet(data.decode())) if data[:1] == b"m" else read_torrent(data)


def laid_out(meta: Metainfo, layout: str) -> tuple[Entry, ...]:
    """The files below the save path: with or without a folder, as the layout says."""
    if layout == "NoSubfolder" and meta.in_folder:
        return tuple(replace(entry, path=entry.path.partition("/")[2]) for entry in meta.entries)
    if layout == "Subfolder" and meta.is_known and not meta.in_folder:
        folder = PurePosixPath(meta.name).stem
        return tuple(replace(entry, path=f"{folder}/{entry.path}") for entry in meta.entries)
    return meta.entries


def _entries(info: Any, name: str) -> tuple[Entry, ...]:
    if b"files" not in info:
        return (Entry(name, int(info[b"length"])),)
    return tuple(
        Entry("/".join((name, *(_clean(part) for part in file[b"path"]))), int(file[b"length"]))
        for file in info[b"files"]
    )


def _clean(raw: bytes) -> str:
    """A path element as libtorrent writes it to disk: `../evil` becomes `..evil`."""
    text = raw.decode(errors="replace")
    kept = "".join(char for char in text if char not in "/\\" and char.isprintable())
    return "_" if kept in {"", ".", ".."} else kept


def _trackers(document: Any) -> tuple[str, ...]:
    tiers = document.get(b"announce-list") or [[document.get(b"announce", b"")]]
    return tuple(url.decode(errors="replace") for tier in tiers for url in tier if url)
