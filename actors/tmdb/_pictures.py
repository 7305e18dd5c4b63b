"""Posters and backdrops, as they were made before, or made anew from an original."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reeld.actors.tmdb._folder import PictureFolder
from reeld.actors.tmdb._originals import Originals
from reeld.actors.tmdb._together import Together
from reeld.domain.messages import FetchImage
from reeld.domain.pictures import PATH, Fit, ImageKind
from reeld.services.images import BrokenPicture, Image, NotAnImage, rendered
from reeld.telemetry import Metrics

_EDITION: Final = 1
"""Of how pictures are made: with one more, those that are kept are made anew."""


@dataclass(frozen=True, slots=True)
class _Made:
    image: Image
    how: str


class Pictures:
    """Makes pictures in the size and the format that are asked for, and keeps them beside their originals.

    Args:
        folder: Where pictures are kept.
        originals: What pictures are made of.
        metrics: Counts where they came from.
    """

    def __init__(self, folder: PictureFolder, originals: Originals, metrics: Metrics) -> None:
        self._folder = folder
        self._originals = originals
        self._metrics = metrics
        self._together: Together[_Made] = Together()

    async def fetch(self, asked: FetchImage) -> Image:
        """Return a picture; several who ask for the same one share the work.

        Raises:
            NotAnImage: The path is none of a picture at TMDB.
            NotFound: TMDB does not have it.
            BrokenPicture: What TMDB has cannot be shown.
        """
        _require_picture(asked.path)
        try:
            made = await self._together.of(_key(asked), lambda: self._kept_or_made(asked))
        except BrokenPicture:
            self._count("broken")
            raise
        self._count(made.how)
        return made.image

    async def warm(self, kind: ImageKind, path: str, fit: Fit) -> None:
        """Have the original there from which pictures of that size and below are made; raises as `fetch` does."""
        _require_picture(path)
        await self._originals.of(kind, path, fit)

    async def _kept_or_made(self, asked: FetchImage) -> _Made:
        if (known := await self._folder.find(_key(asked))) is not None:
            return _Made(known, "kept")
        original = await self._originals.of(asked.kind, asked.path, asked.fit)
        try:
            made = await rendered(original.image, asked.fit, asked.format)
        except BrokenPicture:
            await self._originals.drop(original)
            raise
        await self._folder.keep(_key(asked), made)
        return _Made(made, "fetched" if original.is_fetched else "resized")

    def _count(self, source: str) -> None:
        self._metrics.add("reeld_pictures_total", source=source)


def _key(asked: FetchImage) -> str:
    fit = asked.fit
    return f"made {_EDITION} {asked.kind} {fit.width}x{fit.height} {asked.format} {asked.path}"


def _require_picture(path: str) -> None:
    if PATH.fullmatch(path) is None:
        raise NotAnImage("TMDB has no picture of such a name. Take the path from its answer.")
