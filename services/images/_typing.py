"""What an image is, by its first bytes. What a server says it is does not count."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from reeld.domain.errors import Refused

IMAGE_CAP = 10 * 1024 * 1024
"""Bytes of one image."""


class ImageType(Enum):
    """The types that browsers show and that hold no script. SVG holds scripts: it is none of them."""

    JPEG = ("image/jpeg", ".jpg")
    PNG = ("image/png", ".png")
    WEBP = ("image/webp", ".webp")

    def __init__(self, media_type: str, suffix: str) -> None:
        self.media_type = media_type
        self.suffix = suffix


class NotAnImage(Refused):
    """The bytes are no JPEG, PNG or WebP, or too many."""

    default_reason = "not_an_image"


@dataclass(frozen=True, slots=True)
class Image:
    """An image whose type was read from its bytes."""

    type: ImageType
    data: bytes = field(repr=False)


def recognise(data: bytes) -> Image:
    """Return the image that the bytes are.

    Raises:
        NotAnImage: They are none, or more than `IMAGE_CAP`.
    """
    if len(data) > IMAGE_CAP:
        raise NotAnImage(f"The image has more than {IMAGE_CAP // 2**20} MiB and is not kept.")
    kind = _type_of(data[:12])
    if kind is None:
        raise NotAnImage("The image is no JPEG, PNG or WebP and is not shown. Choose another one.")
    return Image(kind, data)


def _type_of(start: bytes) -> ImageType | None:
    if start.startswith(b"\xff\xd8\xff"):
        return ImageType.JPEG
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return ImageType.PNG
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return ImageType.WEBP
    return None
