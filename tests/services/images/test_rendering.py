from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import PIL.Image
import pytest

from reeld.domain.pictures import Fit, PictureFormat
from reeld.services.images import (
    MOST_PIXELS,
    BrokenPicture,
    Image,
    ImageType,
    recognise,
    render,
    rendered,
)

JPEG, WEBP = PictureFormat.JPEG, PictureFormat.WEBP


def drawn(kind: str = "JPEG", size: tuple[int, int] = (500, 750), **more: Any) -> bytes:
    """A picture with something to see on it."""
    mode = more.pop("mode", "RGB")
    made = io.BytesIO()
    PIL.Image.radial_gradient("L").resize(size).convert(mode).save(made, kind, **more)
    return made.getvalue()


def opened(image: Image) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(image.data))


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is so large, in few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * ((width + 7) // 8 + 1) * 100)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("wanted", "type_"), [(JPEG, ImageType.JPEG), (WEBP, ImageType.WEBP)], ids=["jpeg", "webp"]
)
def test_a_picture_is_made_anew_in_the_format_that_is_asked_for(
    kind: str, wanted: PictureFormat, type_: ImageType
) -> None:
    made = render(recognise(drawn(kind)), Fit(width=342), wanted)
    assert made == Image(type_, made.data)
    assert recognise(made.data).type is type_
    with opened(made) as picture:
        picture.load()
        assert (picture.format, picture.size) == (type_.name, (342, 513))
        # The gradient is dark in the middle and bright at the corners: it is the same picture.
        assert picture.convert("L").getpixel((171, 256)) < 30  # type: ignore[operator]
        assert picture.convert("L").getpixel((2, 2)) > 200  # type: ignore[operator]


@pytest.mark.parametrize(
    ("fit", "size"),
    [
        (Fit(), (500, 750)),
        (Fit(width=185), (185, 278)),
        (Fit(height=250), (167, 250)),
        (Fit(width=780), (500, 750)),
        (Fit(height=7000), (500, 750)),
        (Fit(width=7000, height=7000), (500, 750)),
    ],
)
def test_a_picture_keeps_its_shape_and_is_never_made_larger(
    fit: Fit, size: tuple[int, int]
) -> None:
    with opened(render(recognise(drawn()), fit, JPEG)) as picture:
        assert picture.size == size


def test_a_line_of_pixels_stays_one() -> None:
    with opened(render(recognise(drawn("PNG", (2000, 1))), Fit(width=185), JPEG)) as picture:
        assert picture.size == (185, 1)


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "RGBA", "LA", "1", "I;16"])
@pytest.mark.parametrize("wanted", [JPEG, WEBP])
def test_pictures_of_any_colours_are_shown(mode: str, wanted: PictureFormat) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    made = render(recognise(drawn(kind, mode=mode)), Fit(width=185), wanted)
    with opened(made) as picture:
        assert picture.mode == "RGB"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("wanted", [JPEG, WEBP])
def test_what_stands_beside_the_pixels_stays_behind(kind: str, wanted: PictureFormat) -> None:
    exif = PIL.Image.Exif()
    exif[0x010E] = "a-secret-place"
    beside: dict[str, Any] = {"exif": exif, "icc_profile": b"a-secret-profile" * 20}
    beside |= {} if kind == "PNG" else {"xmp": b"<x:xmpmeta>a-secret-note</x:xmpmeta>"}
    beside |= {"comment": b"a-secret-comment"} if kind == "JPEG" else {}
    data = drawn(kind, **beside) + b"a-secret-tail"
    assert b"a-secret-" in data
    made = render(recognise(data), Fit(width=185), wanted)
    assert b"a-secret-" not in made.data
    with opened(made) as picture:
        assert not picture.getexif()
        assert not {"icc_profile", "comment", "xmp", "exif"} & set(picture.info)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


BROKEN = {
    "half a JPEG": cut(drawn("JPEG")),
    "half a PNG": cut(drawn("PNG")),
    "half a WebP": cut(drawn("WEBP")),
    "a text that begins like a JPEG": b"\xff\xd8\xff<html>not a picture</html>",
    "a text that begins like a PNG": b"\x89PNG\r\n\x1a\n" + b"text " * 20,
    "a text that begins like a WebP": b"RIFF\x10\x00\x00\x00WEBP" + b"text " * 20,
    "a PNG of 2.5 thousand million pixels": png_of(50_000, 50_000),
    "a PNG of a little more than may be": png_of(6_000, MOST_PIXELS // 6_000 + 1),
}


# What Pillow only warns of is refused all the same.
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("wanted", [JPEG, WEBP])
def test_what_is_broken_or_a_bomb_is_not_shown(data: bytes, wanted: PictureFormat) -> None:
    with pytest.raises(BrokenPicture) as caught:
        render(recognise(data), Fit(width=185), wanted)
    assert caught.value.reason == "picture_broken"


def test_other_formats_are_not_even_tried() -> None:
    for kind in ("GIF", "TIFF", "BMP", "PPM"):
        # As if its first bytes had been believed.
        with pytest.raises(BrokenPicture):
            render(Image(ImageType.JPEG, drawn(kind)), Fit(), JPEG)


def test_a_picture_too_wide_for_a_format_is_a_broken_one() -> None:
    wide = recognise(drawn("PNG", (17_000, 2)))
    assert render(wide, Fit(), JPEG).type is ImageType.JPEG
    with pytest.raises(BrokenPicture):
        render(wide, Fit(), WEBP)


async def test_pictures_are_made_in_worker_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from reeld.services.images import _rendering

    threads = []

    def noted(*arguments: Any) -> Image:
        threads.append(threading.current_thread())
        return render(*arguments)

    monkeypatch.setattr(_rendering, "render", noted)
    made = await rendered(recognise(drawn()), Fit(width=185), JPEG)
    assert made.type is ImageType.JPEG
    assert threads
    assert threading.main_thread() not in threads
