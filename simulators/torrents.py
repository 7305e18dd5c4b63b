"""Makes real torrents: piece hashes over generated content, so that any client can verify what it downloads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from reeld.domain.torrent import Bencodable, encode

PIECE_LENGTH = 256 * 1024
BLOCK = 64 * 1024
"""Bytes in each block of generated content."""


class Content(Protocol):
    """A file's bytes, made block by block."""

    @property
    def size(self) -> int:
        """Bytes of the whole file."""

    def block(self, index: int) -> bytes:
        """Block `index`; all blocks but the last are equally long, none is behind the last (`b""`)."""


@dataclass(frozen=True, slots=True)
class Text:
    """A small file: one block."""

    data: bytes

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return len(self.data)

    def block(self, index: int) -> bytes:
        """The data is the first block."""
        return self.data if index == 0 else b""


@dataclass(frozen=True, slots=True)
class PayloadFile:
    """One file of a torrent: its path below the torrent's root folder, and what is in it."""

    path: tuple[str, ...]
    content: Content


@dataclass(frozen=True, slots=True)
class Torrent:
    """A .torrent and the content that it describes."""

    name: str
    files: tuple[PayloadFile, ...]
    data: bytes
    infohash: str
    """SHA-1 of the info dictionary, 40 hex digits in lower case."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.content.size for file in self.files)


def blocks(content: Content) -> Iterator[bytes]:
    """All blocks of a file, in order."""
    index = 0
    while block := content.block(index):
        yield block
        index += 1


def single_file(name: str, content: Content, *, announce: str) -> Torrent:
    """A private torrent of one file without a folder. Hashes the content: call it in a thread."""
    info: dict[bytes, Bencodable] = {b"length": content.size}
    return _torrent(name, (PayloadFile((name,), content),), info, announce)


def folder(name: str, files: Sequence[PayloadFile], *, announce: str) -> Torrent:
    """A private torrent of a folder with files. Hashes the content: call it in a thread."""
    listed: list[Bencodable] = [
        {b"length": file.content.size, b"path": [part.encode() for part in file.path]}
        for file in files
    ]
    return _torrent(name, tuple(files), {b"files": listed}, announce)


def _torrent(
    name: str, files: tuple[PayloadFile, ...], layout: dict[bytes, Bencodable], announce: str
) -> Torrent:
    info: dict[bytes, Bencodable] = {
        **layout,
        b"name": name.encode(),
        b"piece length": PIECE_LENGTH,
        b"pieces": _pieces(files),
        b"private": 1,
    }
    document: dict[bytes, Bencodable] = {
        b"announce": announce.encode(),
        b"created by": b"reeld simulator",
        b"info": info,
    }
    infohash = hashlib.sha1(encode(info), usedforsecurity=False).hexdigest()
    return Torrent(name, files, encode(document), infohash)


def _pieces(files: Sequence[PayloadFile]) -> bytes:
    hashes, piece = bytearray(), bytearray()
    for file in files:
        for block in blocks(file.content):
            piece += block
            while len(piece) >= PIECE_LENGTH:
                hashes += _sha1(piece[:PIECE_LENGTH])
                del piece[:PIECE_LENGTH]
    if piece:
        hashes += _sha1(piece)
    return bytes(hashes)


def _sha1(data: bytes | bytearray) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()
