"""What the session does to the disk. Everything here blocks: it is called in a thread."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from reeld.simulators.qbittorrent._torrent import Torrent
from reeld.simulators.torrents import Content

Contents = Mapping[str, Sequence[Content]]
"""By infohash, the files' contents in the order of the torrent."""


def write_up_to(torrent: Torrent, contents: Sequence[Content], target: int) -> int:
    """Append blocks to the torrent's files until `target` bytes are there; return how many are.

    Files grow in order, so that what is on disk is always a prefix of the whole.
    """
    before = 0
    done = torrent.done
    for entry, content in zip(torrent.entries, contents, strict=True):
        if before <= done < before + entry.size and done < target:
            path = torrent.root / entry.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("r+b" if path.exists() else "w+b") as file:
                done = before + _fill(file, content, done - before, target - before)
        before += entry.size
    return done


def _fill(file: IO[bytes], content: Content, have: int, target: int) -> int:
    step = len(content.block(0)) or 1
    # A file that was cut somewhere inside a block is continued from that block's start.
    index = have // step
    have = index * step
    file.seek(have)
    while have < min(target, content.size):
        block = content.block(index)
        file.write(block)
        have += len(block)
        index += 1
    file.truncate(have)
    return have


def touch_empty(torrent: Torrent) -> None:
    """Create the torrent's empty files: no block ever does."""
    for entry in torrent.entries:
        if entry.size == 0:
            path = torrent.root / entry.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def has_data(torrent: Torrent) -> bool:
    """Whether any of its files is there: then it has to be checked."""
    return any((torrent.root / entry.path).exists() for entry in torrent.entries)


def verified(torrent: Torrent) -> int:
    """Bytes on disk that match the piece hashes, counted from the start up to the first piece that does not."""
    meta, good = torrent.meta, 0
    with _Reader(torrent) as reader:
        for number in range(meta.piece_count):
            piece = reader.read(meta.piece_length)
            digest = hashlib.sha1(piece, usedforsecurity=False).digest()
            if digest != meta.pieces[number * 20 : number * 20 + 20]:
                break
            good += len(piece)
    return min(good, torrent.size)


class _Reader:
    """Reads a torrent's files as one stream, missing bytes as nothing."""

    def __init__(self, torrent: Torrent) -> None:
        self._paths = [(torrent.root / entry.path, entry.size) for entry in torrent.entries]
        self._file: IO[bytes] | None = None
        self._left = 0

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def read(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length and (self._left or self._next()):
            assert self._file is not None
            part = self._file.read(min(length - len(data), self._left))
            if not part:
                break
            self._left -= len(part)
            data += part
        return bytes(data)

    def _next(self) -> bool:
        self.__exit__()
        while self._paths:
            path, size = self._paths.pop(0)
            if size and path.is_file():
                self._file, self._left = path.open("rb"), size
                return True
            if size:
                self._paths.clear()
        return False


def move(torrent: Torrent, source: Path, target: Path) -> None:
    """Move the torrent's files from one root to another."""
    for entry in torrent.entries:
        old, new = source / entry.path, target / entry.path
        if old.exists() and old != new:
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(old, new)
    _remove_folders(torrent, source)


def remove(torrent: Torrent, root: Path) -> None:
    """Delete the torrent's files below `root` and the folders that become empty."""
    for entry in torrent.entries:
        (root / entry.path).unlink(missing_ok=True)
    _remove_folders(torrent, root)


def _remove_folders(torrent: Torrent, root: Path) -> None:
    folders = {
        root / parent
        for entry in torrent.entries
        for parent in Path(entry.path).parents
        if parent != Path()
    }
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):
            folder.rmdir()


def all_there(torrent: Torrent) -> bool:
    """Whether every file is there in its full size."""
    paths = [(torrent.root / entry.path, entry.size) for entry in torrent.entries]
    return all(path.is_file() and path.stat().st_size == size for path, size in paths)


def prefix_there(torrent: Torrent) -> int:
    """Bytes that a former run left on disk, in order."""
    total = 0
    for entry in torrent.entries:
        path = torrent.root / entry.path
        have = min(path.stat().st_size, entry.size) if path.is_file() else 0
        total += have
        if have < entry.size:
            break
    return total
