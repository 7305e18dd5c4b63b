"""Posters and backdrops: their names, in which sizes they are shown, and from which of TMDB's each is made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Final

PATH: Final = re.compile(r"/[A-Za-z0-9_-]{1,100}\.(?:jpe?g|png|webp)", re.ASCII)
"""TMDB's path of a picture. Logos may be SVG, which holds scripts: it is none of these."""

ORIGINAL: Final = "original"
"""TMDB's name of a picture as it was given to it."""


class ImageKind(StrEnum):
    """The kinds of images that are cached."""

    POSTER = "poster"
    BACKDROP = "backdrop"


class PictureFormat(StrEnum):
    """As what pictures are sent. All browsers show the first; the second takes about two thirds of its bytes."""

    JPEG = "image/jpeg"
    WEBP = "image/webp"


@dataclass(frozen=True, slots=True)
class Fit:
    """How large a picture is made, in pixels: so wide, or so high, and never larger than it is; as it is by default."""

    width: int | None = None
    height: int | None = None


WIDTHS: Final = {
    ImageKind.POSTER: (185, 342, 500, 780),
    ImageKind.BACKDROP: (300, 780, 1280),
}
"""In pixels. These are TMDB's own, so that nothing is fetched larger than it is shown."""

_SOURCES: Final = {
    ImageKind.POSTER: (92, 154, 185, 342, 500, 780),
    ImageKind.BACKDROP: (300, 780, 1280),
}
"""The widths in which TMDB gives pictures (`/3/configuration`)."""

_SHAPES: Final = {ImageKind.POSTER: 2 / 3, ImageKind.BACKDROP: 16 / 9}
"""Width by height of nearly all of them."""


def sources_of(kind: ImageKind, fit: Fit) -> tuple[str, ...]:
    """Return TMDB's names of the sizes that a picture can be made from, the smallest one first."""
    if fit.width is None and fit.height is None:
        return (ORIGINAL,)
    needed = fit.width or ceil((fit.height or 0) * _SHAPES[kind])
    return (*(f"w{width}" for width in _SOURCES[kind] if width >= needed), ORIGINAL)
