"""Reads how the picture is coded: the codec, the bits of a sample, the dynamic range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from reeld.domain.parsing._picture import words


class Video(NamedTuple):
    """How the picture is coded.

    Attributes:
        codec: The encoder that is named (`x265`), else the standard (`H.265`).
        bit_depth: Bits of a sample.
        dynamic_range: `DV`, `HDR10+`, `HDR10`, `HDR` (which kind is not said), `HLG`, `PQ`, `SDR`.
    """

    codec: str | None
    bit_depth: int | None
    dynamic_range: tuple[str, ...]


# An encoder says more than the standard it writes, so it comes first.
_CODECS: Final = {
    "x264": words(r"x ?-?264(?:-?hi10p?)?"),
    "x265": words(r"x ?-?265m?"),
    "XviD": words(r"xvid(?:hd)?"),
    "DivX": words(r"divx(?:hd)?"),
    "AV1": words(r"av1(?:-?10bits?)?|svt-?av1"),
    "H.266": words(r"[xh] ?-?266|vvc"),
    "H.265": words(r"h ?-?265|hevc(?:10)?"),
    "H.264": words(r"h ?-?264|avc"),
    "H.263": words(r"[xh] ?-?263"),
    "VP9": words(r"vp9"),
    "VC-1": words(r"vc-?1"),
    "MPEG-2": words(r"mpeg-?2|h ?-?262"),
    "MPEG-4": words(r"mpeg-?4"),
}
_DEPTHS: Final = {
    8: words(r"8[ \-]?bits?"),
    10: words(r"10[ \-]?bits?|hi10p?|hevc10|(?:x264-)?hi10p?|av1-?10bits?"),
    12: words(r"12[ \-]?bits?"),
}
_RANGES: Final[Mapping[str, str]] = {
    "DV": r"dv(?:[ \-]?p?[578](?:[ .]\d)?)?|do-?vi|dolby[ \-]?vision",
    "HDR10+": r"hdr-?10[ \-]?(?:\+|p(?:lus)?)|hdr\+",
    "HDR10": r"hdr-?10(?!\+|[ \-]?p)",
    "HDR": r"hdr(?!\+|-?10)",
    "HLG": r"hlg\d*",
    "PQ": r"pq\d*",
    "SDR": r"sdr",
}
_RANGE_WORDS: Final = {name: words(pattern) for name, pattern in _RANGES.items()}


def read_video(tail: str) -> Video:
    """Read what the part of a flat name after its title says of how the picture is coded."""
    codec = next((name for name, pattern in _CODECS.items() if pattern.search(tail)), None)
    depth = next((bits for bits, pattern in _DEPTHS.items() if pattern.search(tail)), None)
    ranges = tuple(name for name, pattern in _RANGE_WORDS.items() if pattern.search(tail))
    if "HDR" in ranges and {"HDR10", "HDR10+"} & set(ranges):
        ranges = tuple(name for name in ranges if name != "HDR")
    return Video(codec, depth, ranges)
