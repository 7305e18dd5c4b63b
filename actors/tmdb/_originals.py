"""Pictures as TMDB gives them, in TMDB's own sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from reeld.actors.tmdb._facts import Call
from reeld.actors.tmdb._folder import PictureFolder
from reeld.actors.tmdb._together import Together
from reeld.domain.pictures import ORIGINAL, Fit, ImageKind, sources_of
from reeld.domain.settings import TmdbSettings
from reeld.services.images import BrokenPicture, Image, NotAnImage
from reeld.services.tmdb import ImageConfiguration
from reeld.storage import Database
from reeld.storage.repositories import cache

CONFIGURATION_SECONDS: Final = 3 * 24 * 3600.0
"""TMDB asks to read its configuration every few days."""


@dataclass(frozen=True, slots=True)
class Original:
    """A picture to make others of.

    Attributes:
        key: Under which it is kept.
        is_fetched: Whether TMDB was asked for it now.
    """

    key: str
    image: Image
    is_fetched: bool


class Originals:
    """Finds originals in the folder, or at TMDB.

    Args:
        database: Where TMDB's configuration is kept.
        call: Makes a call to TMDB.
        folder: Where originals are kept.
        settings: Returns the settings in force.
    """

    def __init__(
        self,
        database: Database,
        call: Call,
        folder: PictureFolder,
        settings: Callable[[], TmdbSettings],
    ) -> None:
        self._database = database
        self._call = call
        self._folder = folder
        self._settings = settings
        self._fetches: Together[Image] = Together()

    async def of(self, kind: ImageKind, path: str, fit: Fit) -> Original:
        """Return the smallest original that is kept and large enough; when none is, TMDB's smallest.

        Raises:
            NotFound: TMDB does not have it.
            BrokenPicture: What TMDB sent is no picture.
        """
        sizes = sources_of(kind, fit)
        for size in sizes:
            if (known := await self._folder.find(f"{size}{path}")) is not None:
                return Original(f"{size}{path}", known, is_fetched=False)
        configuration = await self._configuration()
        offered = {*configuration.poster_sizes, *configuration.backdrop_sizes}
        size = next((each for each in sizes if each in offered), ORIGINAL)
        key = f"{size}{path}"
        image = await self._fetches.of(key, lambda: self._fetch(path, size, configuration))
        return Original(key, image, is_fetched=True)

    async def drop(self, original: Original) -> None:
        """Keep an original no longer: nothing can be made of it."""
        await self._folder.drop(original.key)

    async def _fetch(self, path: str, size: str, configuration: ImageConfiguration) -> Image:
        try:
            async with self._call() as client:
                image = await client.image(path, size, configuration)
        except NotAnImage as error:  # past the breaker: one bad picture says nothing of TMDB
            raise BrokenPicture from error
        await self._folder.keep(f"{size}{path}", image)
        return image

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
