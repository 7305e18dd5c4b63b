"""Posters and backdrops, from the cache on disk or from TMDB."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog
import trio

from reeld.actors.tmdb._facts import Call
from reeld.domain.settings import TmdbSettings
from reeld.services.images import Image, ImageCache
from reeld.services.tmdb import ImageConfiguration
from reeld.storage import Database
from reeld.storage.repositories import cache

log = structlog.get_logger("reeld.actors.tmdb")

CONFIGURATION_SECONDS: Final = 3 * 24 * 3600.0
"""TMDB asks to read its configuration every few days."""


class Pictures:
    """Fetches pictures, and keeps them in a folder that never grows beyond its size.

    Args:
        database: Where TMDB's configuration is kept.
        call: Makes a call to TMDB.
        folder: Where pictures are kept. That it cannot be used only costs the keeping.
        settings: Returns the settings in force.
    """

    def __init__(
        self, database: Database, call: Call, folder: Path, settings: Callable[[], TmdbSettings]
    ) -> None:
        self._database = database
        self._call = call
        self._folder = folder
        self._settings = settings
        self._lock = trio.Lock()
        self._opened: tuple[int, ImageCache | None] | None = None

    async def fetch(self, path: str, size: str) -> Image:
        """Return a picture.

        Raises:
            NotFound: TMDB does not have it.
            NotAnImage: What TMDB sent is none that may be shown.
        """
        kept = await self._kept()
        key = f"{size}{path}"
        if kept is not None and (known := await kept.get(key)) is not None:
            return known
        configuration = await self._configuration()
        async with self._call() as client:
            image = await client.image(path, size, configuration)
        if kept is not None:
            await kept.put(key, image)
        return image

    async def _kept(self) -> ImageCache | None:
        """Return the one cache of the folder: two of them would not know of each other's bytes."""
        capacity = self._settings().image_cache_bytes
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
        return opened

    async def _configuration(self) -> ImageConfiguration:
        key = f"tmdb:configuration:{self._settings().url}"
        stored = await cache.get(self._database, key)
        if stored is not None and stored.is_fresh and isinstance(stored.document, dict):
            return _from_document(stored.document)
        async with self._call() as client:
            read = await client.configuration()
        async with self._database.transaction() as conn:
            await cache.put(conn, key, _to_document(read), seconds=CONFIGURATION_SECONDS)
        return read


def _from_document(document: dict[str, Any]) -> ImageConfiguration:
    return ImageConfiguration(
        document["base_url"], tuple(document["poster_sizes"]), tuple(document["backdrop_sizes"])
    )


def _to_document(read: ImageConfiguration) -> dict[str, object]:
    return {
        "base_url": read.base_url,
        "poster_sizes": list(read.poster_sizes),
        "backdrop_sizes": list(read.backdrop_sizes),
    }
