"""Posters and backdrops made of nothing: small PNG files, each movie's in its own colours."""

from __future__ import annotations

import colorsys
import struct
import zlib


def png(width: int, height: int, number: int) -> bytes:
    """A valid PNG: a vertical gradient with a disc on it, whose colours follow from `number`."""
    top, bottom, disc = (_colour(number * 0.618 + turn) for turn in (0.0, 0.15, 0.5))
    rows = bytearray()
    for y in range(height):
        line = _blend(top, bottom, y / height)
        left, right = _disc_span(width, height, y)
        rows += b"\0" + line * left + disc * (right - left) + line * (width - right)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(bytes(rows), 6)),
            _chunk(b"IEND", b""),
        )
    )


def _colour(hue: float) -> bytes:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, 0.6, 0.7)
    return bytes((int(red * 255), int(green * 255), int(blue * 255)))


def _blend(one: bytes, other: bytes, share: float) -> bytes:
    return bytes(int(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def _disc_span(width: int, height: int, y: int) -> tuple[int, int]:
    radius, middle = width / 4, width / 2
    rise = y - height / 3
    if abs(rise) >= radius:
        return 0, 0
    half = (radius**2 - rise**2) ** 0.5
    return int(middle - half), int(middle + half)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
