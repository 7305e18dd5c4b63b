"""Pictures made anew: whatever was in the bytes beside the picture itself stays behind."""

from __future__ import annotations

import io
import warnings
from typing import Final

import PIL.Image
import trio

from reeld.domain.errors import ServiceError
from reeld.domain.pictures import Fit, PictureFormat
from reeld.services.images._typing import Image, ImageType

MOST_PIXELS: Final = 12_000_000
"""TMDB's largest have 8.3 million (3840 by 2160). So many take up to 84 MB while they are worked on."""
JPEG_QUALITY: Final = 82
WEBP_QUALITY: Final = 78

_DECODERS: Final = tuple(each.name for each in ImageType)
"""Pillow reads dozens of formats, some through other programs: it is asked for these alone."""
_TYPES: Final = {PictureFormat.JPEG: ImageType.JPEG, PictureFormat.WEBP: ImageType.WEBP}
_RENDERERS: Final = trio.CapacityLimiter(2)

# Pillow refuses twice as many by itself, and only warns below that: `_require_bearable` refuses those.
PIL.Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.filterwarnings("ignore", category=PIL.Image.DecompressionBombWarning)


class BrokenPicture(ServiceError):
    """What TMDB keeps as a picture cannot be shown."""

    default_reason = "picture_broken"

    def __init__(self) -> None:
        super().__init__(
            "TMDB's picture is broken, too large, or no JPEG, PNG or WebP, and is not shown. Choose another one there.",
            service="tmdb",
        )


async def rendered(image: Image, fit: Fit, wanted: PictureFormat) -> Image:
    """Return an image in the size and the format that are asked for, made in a worker thread.

    Cancellation waits for the thread, which the bound on pixels keeps below a second or two.

    Raises:
        BrokenPicture: The bytes are no whole image, or one of more than `MOST_PIXELS`.
    """
    return await trio.to_thread.run_sync(render, image, fit, wanted, limiter=_RENDERERS)


def render(image: Image, fit: Fit, wanted: PictureFormat) -> Image:
    """Do as `rendered`, at once; it takes tens of milliseconds."""
    try:
        return Image(_TYPES[wanted], _encoded(_bare(image.data, fit), wanted))
    except Exception as error:  # a decoder may raise anything at hostile bytes
        raise BrokenPicture from error


def _bare(data: bytes, fit: Fit) -> PIL.Image.Image:
    """Return the pixels alone, without what Pillow would copy: where it was taken, its profile, comments."""
    with PIL.Image.open(io.BytesIO(data), formats=_DECODERS) as opened:
        _require_bearable(opened.size)
        size = _size_of(opened.size, fit)
        opened.draft("RGB", size)  # a JPEG is decoded no larger than it is needed
        plain = opened if opened.mode == "RGB" else opened.convert("RGB")
        bare = plain.resize(size, PIL.Image.Resampling.LANCZOS)
    bare.info.clear()
    return bare


def _require_bearable(size: tuple[int, int]) -> None:
    """Look at what the head of a file says, before a pixel of it is decoded."""
    if size[0] * size[1] > MOST_PIXELS:
        raise BrokenPicture


def _size_of(there: tuple[int, int], fit: Fit) -> tuple[int, int]:
    """Return width and height: in the shape of what is there, and no larger."""
    width, height = there
    scale = min(1.0, (fit.width or width) / width, (fit.height or height) / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _encoded(bare: PIL.Image.Image, wanted: PictureFormat) -> bytes:
    made = io.BytesIO()
    match wanted:
        case PictureFormat.JPEG:
            bare.save(made, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
        case PictureFormat.WEBP:
            bare.save(made, "WEBP", quality=WEBP_QUALITY, method=4)
    return made.getvalue()
