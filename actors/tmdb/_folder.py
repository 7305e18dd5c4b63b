"""The folder of pictures, opened when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog
import trio

from reeld.services.images import Image, ImageCache
from reeld.telemetry import Metrics

log = structlog.get_logger("reeld.actors.tmdb")


class PictureFolder:
    """Keeps pictures on disk, at most so many bytes. That it cannot be used only costs the keeping.

    Args:
        folder: Where pictures are kept.
        capacity: Returns the bytes that they may take, by the settings in force.
        metrics: Told how many bytes they take.
    """

    def __init__(self, folder: Path, capacity: Callable[[], int], metrics: Metrics) -> None:
        self._folder = folder
        self._capacity = capacity
        self._metrics = metrics
        self._lock = trio.Lock()
        self._opened: tuple[int, ImageCache | None] | None = None

    async def find(self, key: str) -> Image | None:
        """Return what is kept under a key."""
        opened = await self._cache()
        return None if opened is None else await opened.get(key)

    async def keep(self, key: str, image: Image) -> None:
        """Keep an image; the least recently used ones go for it."""
        if (opened := await self._cache()) is not None:
            await opened.put(key, image)
            self._tell(opened)

    async def drop(self, key: str) -> None:
        """Keep an image no longer."""
        if (opened := await self._cache()) is not None:
            await opened.drop(key)
            self._tell(opened)

    async def _cache(self) -> ImageCache | None:
        """Return the one cache of the folder: two of them would not know of each other's bytes."""
        capacity = self._capacity()
        async with self._lock:
            if self._opened is None or self._opened[0] != capacity:
                self._opened = capacity, await self._open(capacity)
            return self._opened[1]

    async def _open(self, capacity: int) -> ImageCache | None:
        opened = ImageCache(self._folder, capacity)
        try:
            await opened.open()
        except OSError as error:
            log.warning("pictures_not_kept", folder=str(self._folder), error=error.strerror)
            return None
        self._tell(opened)
        return opened

    def _tell(self, opened: ImageCache) -> None:
        self._metrics.set("reeld_picture_cache_bytes", opened.used)
