"""What a .torrent file promises: names, sizes and the hashes that identify it (BEP 3, 27, 47 and 52)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from reeld.domain.torrent._bencode import Bencoded, decode_document
from reeld.domain.torrent._fields import (
    integer_of,
    is_padding,
    name_of,
    no_info,
    refuse_symlink,
    text_of,
)
from reeld.domain.torrent._paths import torrent_path

_SHA1_BYTES = 20


@dataclass(frozen=True, slots=True)
class TorrentFile:
    """One file of a torrent."""

    path: PurePosixPath
    """Relative, with the torrent's own folder in front for torrents of several files."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class InfoHash:
    """The hashes over the raw bytes of the `info` value. At least one is there."""

    v1: str | None
    """SHA-1, 40 lower-case hex digits; None for a torrent of version 2 only."""
    v2: str | None
    """SHA-256, 64 lower-case hex digits; None for a torrent of version 1 only."""

    @property
    def client_id(self) -> str:
        """The 40 hex digits under which qBittorrent (libtorrent 2) lists the torrent."""
        return self.client_ids[0]

    @property
    def client_ids(self) -> tuple[str, ...]:
        """Every id a client may use, likeliest first: libtorrent 1.2 knows a hybrid torrent by its v1 hash."""
        ids = (self.v2[:40] if self.v2 else None, self.v1)
        return tuple(one for one in ids if one is not None)

    @property
    def every(self) -> frozenset[str]:
        """Every hash that may stand for the torrent, whole or cut to a client's id."""
        return frozenset(one for one in (self.v1, self.v2, *self.client_ids) if one is not None)

    def matches(self, announced: str) -> bool:
        """Whether an announced hash (40 or 64 hex digits, either case) is one of these."""
        return announced.lower() in self.every


@dataclass(frozen=True, slots=True)
class Metainfo:
    """What reeld reads from a .torrent file. Announce URLs stay out: they hold passkeys."""

    name: str
    files: tuple[TorrentFile, ...]
    """Without padding files."""
    total_size: int
    """Bytes of all files, without padding."""
    piece_length: int
    private: bool
    infohash: InfoHash


def parse_metainfo(data: bytes) -> Metainfo:
    """Read a .torrent file.

    Args:
        data: The whole file.

    Raises:
        InvalidTorrent: With the fault that was found first; the sentence says which.
    """
    document = decode_document(data)
    info = document.value.get(b"info") if isinstance(document.value, dict) else None
    if not isinstance(info, dict):
        raise no_info("it has no 'info' dictionary")
    start, end = document.spans[b"info"]
    version = _versions(info)
    files = _v1_files(info) if version.v1 else _v2_files(info)
    if version.hybrid:
        _v2_files(info)  # only to refuse what is hostile in it: both lists describe the same files
    return Metainfo(
        name=name_of(info),
        files=files,
        total_size=sum(file.size for file in files),
        piece_length=integer_of(info, b"piece length", minimum=1),
        private=info.get(b"private") == 1,
        infohash=_hashes(data[start:end], version),
    )


@dataclass(frozen=True, slots=True)
class _Versions:
    v1: bool
    v2: bool

    @property
    def hybrid(self) -> bool:
        return self.v1 and self.v2


def _versions(info: dict[bytes, Bencoded]) -> _Versions:
    version = info.get(b"meta version", 1)
    if version not in {1, 2}:
        raise no_info("its 'meta version' is neither 1 nor 2")
    versions = _Versions(v1=b"pieces" in info, v2=version == 2)
    if not versions.v1 and not versions.v2:
        raise no_info("it has no 'pieces'")
    return versions


def _hashes(raw_info: bytes, versions: _Versions) -> InfoHash:
    # SHA-1 is what BitTorrent's first version names its torrents by: an identifier, no protection.
    v1 = hashlib.sha1(raw_info, usedforsecurity=False).hexdigest()
    v2 = hashlib.sha256(raw_info).hexdigest()
    return InfoHash(v1 if versions.v1 else None, v2 if versions.v2 else None)


def _v1_files(info: dict[bytes, Bencoded]) -> tuple[TorrentFile, ...]:
    """Read `length` or `files`, and hold the number of piece hashes against their sum."""
    name = name_of(info)
    refuse_symlink(info)
    listed = info.get(b"files")
    if (listed is None) == (b"length" not in info):
        raise no_info("it must have either 'length' or 'files'")
    if listed is None:
        size = integer_of(info, b"length", minimum=0)
        _check_pieces(info, size)
        return (TorrentFile(torrent_path([name]), size),)
    if not isinstance(listed, list) or not listed:
        raise no_info("its 'files' is no list of files")
    entries = [_v1_file(name, entry) for entry in listed]
    _check_pieces(info, sum(file.size for file, _ in entries))
    return tuple(file for file, padding in entries if not padding)


def _v1_file(folder: str, entry: Bencoded) -> tuple[TorrentFile, bool]:
    if not isinstance(entry, dict):
        raise no_info("its 'files' is no list of files")
    refuse_symlink(entry)
    path = entry.get(b"path.utf-8", entry.get(b"path"))
    if not isinstance(path, list):
        raise no_info("a file has no 'path'")
    within = torrent_path([text_of(segment, "path") for segment in path])
    file = TorrentFile(PurePosixPath(folder) / within, integer_of(entry, b"length", minimum=0))
    return file, is_padding(entry)


def _check_pieces(info: dict[bytes, Bencoded], total: int) -> None:
    piece_length = integer_of(info, b"piece length", minimum=1)
    pieces = info.get(b"pieces")
    if not isinstance(pieces, bytes) or len(pieces) != _SHA1_BYTES * -(-total // piece_length):
        raise no_info("its 'pieces' do not fit the sizes of its files")


def _v2_files(info: dict[bytes, Bencoded]) -> tuple[TorrentFile, ...]:
    """Walk `file tree`: a dictionary with one empty key is a file, any other a folder."""
    tree = info.get(b"file tree")
    if not isinstance(tree, dict) or not tree:
        raise no_info("its 'file tree' is no tree of files")
    files: list[TorrentFile] = []
    waiting: list[tuple[tuple[str, ...], Bencoded]] = [((), tree)]
    while waiting:
        segments, node = waiting.pop()
        if not isinstance(node, dict):
            raise no_info("its 'file tree' is no tree of files")
        leaf = node.get(b"")
        if leaf is not None:
            files.append(_v2_file(segments, node, leaf))
            continue
        waiting.extend(
            ((*segments, text_of(key, "file tree")), node[key]) for key in reversed(node)
        )
    if len(files) == 1 and files[0].path == PurePosixPath(name_of(info)):
        return tuple(files)
    return tuple(TorrentFile(PurePosixPath(name_of(info)) / file.path, file.size) for file in files)


def _v2_file(segments: tuple[str, ...], node: dict[bytes, Bencoded], leaf: Bencoded) -> TorrentFile:
    if not isinstance(leaf, dict) or len(node) != 1:
        raise no_info("its 'file tree' is no tree of files")
    refuse_symlink(leaf)
    return TorrentFile(torrent_path(segments), integer_of(leaf, b"length", minimum=0))
