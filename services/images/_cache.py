"""A directory of images that never grows beyond its size: the least recently used leave first."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import structlog
import trio

from reeld.services.images._typing import Image, NotAnImage, recognise

log = structlog.get_logger("reeld.services.images")

_NAME = re.compile(r"[0-9a-f]{64}")
_PREFIX = ".incoming-"


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    size: int


class ImageCache:
    """Images by key, on disk. Call `open` once before anything else.

    Disk work is done in worker threads, one task at a time. A file is written whole under a temporary name and then
    renamed, so a crash leaves no half image; it is recognised again when it is read, so a damaged one is a miss.

    Args:
        directory: Where the images lie; made when missing. Nothing else may be kept there.
        capacity: Bytes that all images may take together.
    """

    def __init__(self, directory: Path, capacity: int) -> None:
        self._directory = directory
        self._capacity = capacity
        self._entries: OrderedDict[str, int] = OrderedDict()
        self._used = 0
        self._lock = trio.Lock()

    @property
    def used(self) -> int:
        """Bytes taken now."""
        return self._used

    async def open(self) -> None:
        """Make the directory, remove what a crash left behind, and learn what is there.

        Raises:
            OSError: The directory cannot be made or read.
        """
        async with self._lock:
            found = await trio.to_thread.run_sync(_scan, self._directory)
            self._entries = OrderedDict((entry.name, entry.size) for entry in found)
            self._used = sum(self._entries.values())
            await self._shrink()

    async def get(self, key: str) -> Image | None:
        """Return the image, or None when it is not cached (any more)."""
        name = _name_of(key)
        async with self._lock:
            if name not in self._entries:
                return None
            self._entries.move_to_end(name)
            image = await trio.to_thread.run_sync(_read, self._directory / name)
            if image is None:
                self._used -= self._entries.pop(name)
            return image

    async def put(self, key: str, image: Image) -> None:
        """Keep the image, and let the least recently used ones go. A full disk only costs the caching."""
        if len(image.data) > self._capacity:
            return
        name = _name_of(key)
        async with self._lock:
            try:
                await trio.to_thread.run_sync(_write, self._directory / name, image.data)
            except OSError as error:
                log.warning("image_not_cached", error=error.strerror)
                return
            self._used += len(image.data) - self._entries.pop(name, 0)
            self._entries[name] = len(image.data)
            await self._shrink()

    async def drop(self, key: str) -> None:
        """Keep the image no longer, should it be there."""
        name = _name_of(key)
        async with self._lock:
            if name in self._entries:
                self._used -= self._entries.pop(name)
                await trio.to_thread.run_sync(_remove, [self._directory / name])

    async def _shrink(self) -> None:
        surplus: list[Path] = []
        while self._used > self._capacity:
            name, size = self._entries.popitem(last=False)
            self._used -= size
            surplus.append(self._directory / name)
        if surplus:
            await trio.to_thread.run_sync(_remove, surplus)


def _name_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _scan(directory: Path) -> list[_Entry]:
    """Return the images, least recently used first."""
    directory.mkdir(parents=True, exist_ok=True)
    found: list[tuple[float, _Entry]] = []
    for entry in os.scandir(directory):
        if entry.name.startswith(_PREFIX):
            Path(entry.path).unlink(missing_ok=True)
        elif _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
            stat = entry.stat(follow_symlinks=False)
            found.append((stat.st_mtime, _Entry(entry.name, stat.st_size)))
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def _read(path: Path) -> Image | None:
    try:
        image = recognise(path.read_bytes())
        os.utime(path)  # the order of use survives a restart
    except (OSError, NotAnImage):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return None
    return image


def _write(path: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=_PREFIX, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
