"""Reads how the sound is coded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple


class Audio(NamedTuple):
    """How the sound is coded.

    Attributes:
        formats: Such as `TrueHD` and `Atmos`, in the order of the name.
        channels: Such as `5.1`; of several the first.
    """

    formats: tuple[str, ...]
    channels: str | None


# The longer name of a family comes before the shorter one.
_FORMATS: Final[Mapping[str, str]] = {
    "TrueHD": r"true-?hd",
    "Atmos": r"atmos",
    "DTS:X": r"dts[ :\-]?x",
    "DTS-HD MA": r"dts[ \-]?(?:hd[ \-]?)?ma(?:ster(?: audio)?)?|hd[ \-]?ma",
    "DTS-HD HRA": r"dts[ \-]?(?:hd[ \-]?)?hra?",
    "DTS-HD": r"dts[ \-]?hd",
    "DTS-ES": r"dts[ \-]?es",
    "DTS": r"dts",
    "DD+ Atmos": r"dd(?:p|\+)a",
    "DD+": r"ddp|dd\+|e-?ac-?3|dolby[ \-]?digital[ \-]?plus",
    "DD-EX": r"dd[ \-]?ex|ac-?3[ \-]?ex",
    "DD": r"dd|ac-?3d?|dolby[ \-]?d(?:igital)?",
    "AAC": r"(?:he|lc)-?aac|aac(?:-?lc)?|qaac",
    "FLAC": r"flac",
    "PCM": r"l?pcm|wav",
    "Opus": r"opus",
    "Vorbis": r"vorbis|ogg",
    "ALAC": r"alac",
    "MP3": r"mp3",
    "MP2": r"mp2|mpa",
}
_GROUPS: Final = tuple(_FORMATS)
_AMOUNT: Final = r"(?<![\d.])(?:[1-79]|11)[ .][01](?:[ .][246])?(?![^\W_])(?! ?[gmk]i?b)"
_FORMAT: Final = re.compile(
    "(?<![^\\W_])(?:"
    + "|".join(f"({pattern})" for pattern in _FORMATS.values())
    # Channels may cling to it: "DDP5.1", "AAC20".
    + r")(?=[1-9][ .]?\d(?!\d)|(?![^\W_]))(?:[ \-]?(?P<channels>(?:1[0-6]|[1-9])[ .]?[0-4])(?![^\W_]))?",
    re.IGNORECASE,
)
_ALONE: Final = re.compile(_AMOUNT, re.IGNORECASE)
_COUNTED: Final = re.compile(r"(?<![^\W_])([1-8])[ \-]?ch(?:annels?)?(?![^\W_])", re.IGNORECASE)
_BY_COUNT: Final = {"1": "1.0", "2": "2.0", "6": "5.1", "7": "6.1", "8": "7.1"}
_BY_WORD: Final = {"mono": "1.0", "stereo": "2.0"}
_WORD: Final = re.compile(r"(?<![^\W_])(mono|stereo)(?![^\W_])", re.IGNORECASE)


def read_audio(tail: str) -> Audio:
    """Read what the part of a flat name after its title says of the sound."""
    found = list(_FORMAT.finditer(tail))
    formats: list[str] = []
    for match in found:
        formats += _names(match)
    return Audio(tuple(dict.fromkeys(formats)), _channels(tail, found))


def _names(match: re.Match[str]) -> list[str]:
    index = next(at for at, text in enumerate(match.groups()) if text is not None)
    name = _GROUPS[index]
    return ["DD+", "Atmos"] if name == "DD+ Atmos" else [name]


def _channels(tail: str, formats: list[re.Match[str]]) -> str | None:
    stated = next((m["channels"] for m in formats if m["channels"]), None)
    if stated is None and (alone := _ALONE.search(tail)):
        stated = alone[0]
    if stated is not None:
        digits = re.split(r"[ .]", stated) if len(stated) > 2 else list(stated)
        return ".".join(digits)
    if counted := _COUNTED.search(tail):
        return _BY_COUNT.get(counted[1])
    word = _WORD.search(tail)
    return _BY_WORD[word[1].lower()] if word else None
