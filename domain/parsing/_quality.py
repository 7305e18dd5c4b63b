"""What source, resolution and modifier come to: one of the thirty qualities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, assert_never

from reeld.domain.parsing._picture import Picture
from reeld.domain.quality import Modifier, Quality, QualitySource

_Q = Quality
_S = QualitySource

_TV: Final = {
    480: _Q.SDTV,
    576: _Q.SDTV,
    720: _Q.HDTV_720P,
    1080: _Q.HDTV_1080P,
    2160: _Q.HDTV_2160P,
}
_WEBDL: Final = {
    480: _Q.WEBDL_480P,
    576: _Q.WEBDL_480P,
    720: _Q.WEBDL_720P,
    1080: _Q.WEBDL_1080P,
    2160: _Q.WEBDL_2160P,
}
_WEBRIP: Final = {
    480: _Q.WEBRIP_480P,
    576: _Q.WEBRIP_480P,
    720: _Q.WEBRIP_720P,
    1080: _Q.WEBRIP_1080P,
    2160: _Q.WEBRIP_2160P,
}
_BLURAY: Final = {
    480: _Q.BLURAY_480P,
    576: _Q.BLURAY_576P,
    720: _Q.BLURAY_720P,
    1080: _Q.BLURAY_1080P,
    2160: _Q.BLURAY_2160P,
}
_REMUX: Final = {**_BLURAY, 1080: _Q.REMUX_1080P, 2160: _Q.REMUX_2160P}
_FIXED: Final[Mapping[Modifier, Quality]] = {
    Modifier.BRDISK: _Q.BR_DISK,
    Modifier.RAWHD: _Q.RAW_HD,
    Modifier.SCREENER: _Q.DVDSCR,
    Modifier.REGIONAL: _Q.REGIONAL,
}

_SD_CONTAINERS: Final = re.findall(
    r"\w+", "m4v 3gp rm rmvb mov qt divx xvid wmv asf ogm ogv m2v avi mpg mpeg mp4 flv ts"
)
# As Radarr guesses from a file's extension when the name says nothing at all.
_BY_EXTENSION: Final[Mapping[str, Quality]] = {
    **dict.fromkeys(_SD_CONTAINERS, _Q.SDTV),
    "mkv": _Q.WEBDL_720P,
    "mk3d": _Q.WEBDL_720P,
    "m2ts": _Q.BLURAY_720P,
    "vob": _Q.DVD,
    "img": _Q.DVD,
    "iso": _Q.DVD,
}


def quality_of(picture: Picture, extension: str = "", *, is_sd_codec: bool = False) -> Quality:
    """Return the quality that a name's words come to.

    Args:
        picture: The words that were read.
        extension: The file's, in lower case without a dot, for names that say nothing else.
        is_sd_codec: Whether the name says XviD or DivX, which only standard definition uses.
    """
    fixed = _FIXED.get(picture.modifier)
    if fixed is not None:
        return fixed
    lines = _nearest(picture.resolution)
    match picture.source:
        case _S.CAM:
            return _Q.CAM
        case _S.TELESYNC:
            return _Q.TELESYNC
        case _S.TELECINE:
            return _Q.TELECINE
        case _S.WORKPRINT:
            return _Q.WORKPRINT
        case _S.DVD:
            return _Q.DVD_R if picture.modifier is Modifier.REMUX else _Q.DVD
        case _S.BLURAY:
            return _bluray(picture)
        case _S.WEBDL:
            return _WEBDL[lines or (720 if picture.is_high else 480)]
        case _S.WEBRIP:
            return _WEBRIP[lines or 480]
        case _S.TV:
            return _TV[lines or (720 if picture.is_high else 480)]
        case _S.UNKNOWN:
            return _without_source(picture, extension, is_sd_codec)
        case _:
            assert_never(picture.source)


def _bluray(picture: Picture) -> Quality:
    if picture.modifier is Modifier.REMUX:
        return _REMUX[_nearest(picture.resolution) or 1080]
    return _BLURAY[_nearest(picture.resolution) or (480 if picture.is_low else 720)]


def _nearest(lines: int) -> int:
    """Return the resolution of the qualities that a number of lines belongs to; 0 stays 0."""
    for least, resolution in ((1600, 2160), (1000, 1080), (700, 720), (560, 576), (1, 480)):
        if lines >= least:
            return resolution
    return 0


def _without_source(picture: Picture, extension: str, is_sd_codec: bool) -> Quality:
    if picture.modifier is Modifier.REMUX:
        return _REMUX[_nearest(picture.resolution) or 1080]
    if picture.resolution:
        return _TV[_nearest(picture.resolution)]
    return _Q.SDTV if is_sd_codec else _BY_EXTENSION.get(extension, _Q.UNKNOWN)
