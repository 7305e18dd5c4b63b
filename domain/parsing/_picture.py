"""Reads source, resolution and modifier from the part of a flat name after its title."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from reeld.domain.quality import Modifier, QualitySource

_S = QualitySource


class Picture(NamedTuple):
    """What a name says of the picture.

    Attributes:
        resolution: Lines as stated; 0 when not stated.
        is_low: Whether a word says standard definition (PDTV, BDRip) where no resolution is stated.
        is_high: Whether the way it is written says 720p where no resolution is stated.
    """

    source: QualitySource
    resolution: int
    modifier: Modifier
    is_low: bool = False
    is_high: bool = False


def words(pattern: str) -> re.Pattern[str]:
    """Compile a pattern that matches whole words only, in any case."""
    return re.compile(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", re.IGNORECASE)


_LINES: Final = r"(?:-?\d{3,4}[pi])?"
_SD_TV: Final = (
    r"[ps]d[ \-]?tv(?:-?rip)?|dsr(?:ip)?|sat-?rip|s?tv-?rip|dvb(?:[ \-]?[cst]2?)?(?:-?rip)?|dth-?rip|"
    r"ppv(?:-?rip)?|iptv(?:rip)?|(?-i:STV)"
)
_SOURCES: Final[Mapping[QualitySource, re.Pattern[str]]] = {
    _S.BLURAY: words(
        rf"(?:m|u?hd|3d|f)?blue?[ \-]?ray(?:[ \-]?rip)?{_LINES}|m?uhd2?bd(?:rip)?|"
        r"(?:uhd|3d)?bd[ \-]?(?:rip|mux|light|re-?mux|iso|full|25|50|66|100)|(?-i:BD|BDR|mUHD)|"
        r"bd\d{3,4}p|br[ \-]?(?:rip|mux|disk)|hd[ \-]?dvd(?:rip)?(?!scr)|uhd-?re-?mux|"
        r"(?:4k|u?hd)-?light|uhd-?rip|bd3d|m(?:icro)?-?hd|uhd(?= (?:hevc|x265|\d{4}p))"
    ),
    _S.WEBDL: words(
        rf"dlmux|web[ \-]?dl(?:mux)?{_LINES}(?![ \-]?rip)|web-?hd(?![ \-]?rip)|(?-i:WEB)(?![ \-]?(?:dl[ \-]?|hd[ \-]?)?(?:rip|cap|mux))(?=[ \])\-]|$)|web(?=\]| [xh] ?26|$)|"
        r"(?:amazon|itunes|netflix|maxdome|hbomax|disney)u?[hs]d"
    ),
    _S.WEBRIP: words(
        rf"web[ \-]?(?:hd)?[ \-]?rip{_LINES}|web[ \-]?dl[ \-]?rip|web[ \-]?(?:mux|cap)|wbb?rip|"
        r"vod-?rip"
    ),
    _S.CAM: words(r"(?:hd|hq|new)?-?cam(?:-?ri?p)?|(?:hq )?s-print"),
    _S.TELESYNC: words(
        r"(?:h[dq])?-?telesynch?|h[dq]-?ts(?:rip)?|ts-?rip|(?-i:TS|ts)(?:\d{3,4}p)?|p-?dvd(?:rip)?|pre-?dvd(?:rip)?"
    ),
    _S.TELECINE: words(r"(?:hd)?-?telecine|(?-i:TC)(?:\d{3,4}p)?|h[dq]-?tc(?:rip)?|tc-?rip"),
    _S.WORKPRINT: words(r"workprint|(?-i:WP)"),
    _S.DVD: words(
        r"dvd[ \-]?scr(?:eener)?|(?<!hd )(?<!hd-)\d?x?dvd[ \-]?(?:rip|r\d?|mux|full|5|9)?|mdvdr|xvidvd|r[3-6](?=[ \-]|$)|ntsc|(?-i:PAL)"
    ),
    _S.TV: words(rf"[au]?hd[ \-]?tv(?:-?rip)?{_LINES}|htdv{_LINES}|{_SD_TV}"),
}
_RESOLUTION: Final = re.compile(
    r"(?<!\d)(?P<lines>240|288|352|360|368|40[468]|432|480|54[04]|576|720|900|960|1080|1440|2160|4320)"
    r"[pi](?![^\W\d_]{4})|"
    r"(?<![^\W_])\d{3,4}(?:x| ?[×*] ?)(?P<height>\d{3,4})(?!\w)|"
    r"(?<![^\W_.+-])(?P<bare>720|1080|2160)(?=[ \-\])]|$)(?! ?[kmg]i?b)",
    re.IGNORECASE,
)
_PAL: Final = re.compile(r"(?<![^\W_])PAL(?![^\W_])")
_DOWNSCALED: Final = words("4kto1080p")
_8K: Final = words(r"8k")
_4K: Final = words(r"4k(?:light)?|u(?:ltra)?hd[ \-]?(?:blu-?ray|bd|re-?mux)|uhd2?bd(?:rip)?")
_REMUX: Final = words(r"(?:uhd|bd|br)?[ \-]?re-?mux(?:-?\d{3,4}p)?")
_SCREENER: Final = words(r"(?:dvd|bd|web|br|hd|blu-?ray)?[ \-]?scr(?:eener)?")
_REGIONAL: Final = words(r"r[3-6]")
_DISC: Final = words(
    r"blu-?ray iso|complete[ \-](?:\w+[ \-])?(?:blu-?ray|bdr?|hd[ \-]?dvd)|"
    r"bd-?(?:25|50|66|100|iso|full)|(?:full|raw)[ \-]?(?:bd|blu-?ray|disc)|bdmv|br-?disk|untouched"
)
_DISC_NAMED: Final = re.compile(r"(?<![^\W_])(?:blu-ray|hd[ \-]dvd)(?![^\W_])", re.IGNORECASE)
_DISC_CODEC: Final = words(r"avc|vc-?1|mpeg-?2|hevc")
_ENCODED: Final = words(
    r"[xh] ?-?26[3-6]\w*|xvid|divx|av1|vp9|\w*rip|(?:8|10|12)-?bits?|hi10p?|hdlight"
)
_GERMAN_MULTI: Final = words(r"german(?=.*\bml\b)")
_DVD_IMAGE: Final = words(r"\d?x?dvd-?(?:r\d?|5|9|full)|mdvdr|complete[ \-](?:pal|ntsc)")
_DVD_REMUX: Final = words(r"dvd[ \-]re-?mux")
_MPEG2: Final = words(r"mpeg-?2")
_LOW: Final = words(rf"{_SD_TV}|(?:bd|br)-?(?:rip|mux|light)")
_HIGH_TV: Final = words(r"hr(?: ws)? pdtv")
_HIGH: Final = re.compile(r"\[(?:hdtv|web)\]|(?<![^\W_])hd[ \-]tv(?![^\W_])", re.IGNORECASE)


def read_picture(tail: str, extension: str) -> Picture:
    """Read what the part of a flat name after its title says of the picture.

    Args:
        tail: The flat name from the end of its title on.
        extension: Of the file, in lower case without a dot; empty when there is none.
    """
    source = _source(tail)
    modifier = _modifier(tail, source, extension)
    is_high = bool(_HIGH.search(tail) or _HIGH_TV.search(tail))
    is_low = bool(_LOW.search(tail)) and not is_high
    return Picture(source, _resolution(tail, source), modifier, is_low, is_high)


def _source(tail: str) -> QualitySource:
    """Return the source that the last such word names: an earlier one may be of the title."""
    last, found = -1, _S.UNKNOWN
    for source, pattern in _SOURCES.items():
        for match in pattern.finditer(tail):
            if match.start() > last:
                last, found = match.start(), source
    return found


def _resolution(tail: str, source: QualitySource) -> int:
    if _DOWNSCALED.search(tail):
        return 1080
    found = _RESOLUTION.search(tail)
    if found is None and source is _S.DVD and _PAL.search(tail):
        return 576
    if found is None:
        return 4320 if _8K.search(tail) else 2160 if _4K.search(tail) else 0
    return int(found["lines"] or found["height"] or found["bare"])


def _modifier(tail: str, source: QualitySource, extension: str) -> Modifier:
    match source:
        case _S.BLURAY | _S.UNKNOWN:
            if _REMUX.search(tail):
                return Modifier.REMUX
            if _is_disc(tail, source, extension):
                return Modifier.BRDISK
            if source is _S.BLURAY and _is_german_remux(tail):
                return Modifier.REMUX
        case _S.TV if _MPEG2.search(tail):
            return Modifier.RAWHD
        case _S.DVD if _REGIONAL.search(tail):
            return Modifier.REGIONAL
        case _S.DVD if _DVD_IMAGE.search(tail) or _DVD_REMUX.search(tail):
            return Modifier.REMUX
        case _:
            pass
    return Modifier.SCREENER if _SCREENER.search(tail) else Modifier.NONE


def _is_disc(tail: str, source: QualitySource, extension: str) -> bool:
    if _DISC.search(tail):
        return True
    if source is not _S.BLURAY:
        return False
    if extension == "iso":
        return True
    # "Blu-ray AVC" without the name of an encoder: the disc's own stream.
    names_disc = _DISC_NAMED.search(tail) and _DISC_CODEC.search(tail)
    return bool(names_disc and not _ENCODED.search(tail) and not _is_german_remux(tail))


def _is_german_remux(tail: str) -> bool:
    """Whether it is "German ML 1080p BluRay AVC", which German groups call an untouched stream."""
    found = _GERMAN_MULTI.search(tail) and _DISC_CODEC.search(tail)
    return bool(found and not _ENCODED.search(tail))
