"""The thirty qualities of Radarr, with its ids, weights and names."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final


class QualitySource(StrEnum):
    """Where the picture comes from."""

    UNKNOWN = "unknown"
    CAM = "cam"
    TELESYNC = "telesync"
    TELECINE = "telecine"
    WORKPRINT = "workprint"
    DVD = "dvd"
    TV = "tv"
    WEBDL = "webdl"
    WEBRIP = "webrip"
    BLURAY = "bluray"


class Modifier(StrEnum):
    """What sets a release apart from others of its source and resolution."""

    NONE = "none"
    REGIONAL = "regional"
    SCREENER = "screener"
    RAWHD = "rawhd"
    BRDISK = "brdisk"
    REMUX = "remux"


class Quality(Enum):
    """A quality as people know it from Radarr: (id, name, weight, source, resolution, modifier).

    Equal weights are equally good. Ids and weights are Radarr's, so that its clients understand
    them.
    """

    UNKNOWN = (0, "Unknown", 1, QualitySource.UNKNOWN, 0, Modifier.NONE)
    WORKPRINT = (24, "WORKPRINT", 2, QualitySource.WORKPRINT, 0, Modifier.NONE)
    CAM = (25, "CAM", 3, QualitySource.CAM, 0, Modifier.NONE)
    TELESYNC = (26, "TELESYNC", 4, QualitySource.TELESYNC, 0, Modifier.NONE)
    TELECINE = (27, "TELECINE", 5, QualitySource.TELECINE, 0, Modifier.NONE)
    REGIONAL = (29, "REGIONAL", 6, QualitySource.DVD, 480, Modifier.REGIONAL)
    DVDSCR = (28, "DVDSCR", 7, QualitySource.DVD, 480, Modifier.SCREENER)
    SDTV = (1, "SDTV", 8, QualitySource.TV, 480, Modifier.NONE)
    DVD = (2, "DVD", 9, QualitySource.DVD, 0, Modifier.NONE)
    DVD_R = (23, "DVD-R", 10, QualitySource.DVD, 480, Modifier.REMUX)
    WEBDL_480P = (8, "WEBDL-480p", 11, QualitySource.WEBDL, 480, Modifier.NONE)
    WEBRIP_480P = (12, "WEBRip-480p", 11, QualitySource.WEBRIP, 480, Modifier.NONE)
    BLURAY_480P = (20, "Bluray-480p", 12, QualitySource.BLURAY, 480, Modifier.NONE)
    BLURAY_576P = (21, "Bluray-576p", 13, QualitySource.BLURAY, 576, Modifier.NONE)
    HDTV_720P = (4, "HDTV-720p", 14, QualitySource.TV, 720, Modifier.NONE)
    WEBDL_720P = (5, "WEBDL-720p", 15, QualitySource.WEBDL, 720, Modifier.NONE)
    WEBRIP_720P = (14, "WEBRip-720p", 15, QualitySource.WEBRIP, 720, Modifier.NONE)
    BLURAY_720P = (6, "Bluray-720p", 16, QualitySource.BLURAY, 720, Modifier.NONE)
    HDTV_1080P = (9, "HDTV-1080p", 17, QualitySource.TV, 1080, Modifier.NONE)
    WEBDL_1080P = (3, "WEBDL-1080p", 18, QualitySource.WEBDL, 1080, Modifier.NONE)
    WEBRIP_1080P = (15, "WEBRip-1080p", 18, QualitySource.WEBRIP, 1080, Modifier.NONE)
    BLURAY_1080P = (7, "Bluray-1080p", 19, QualitySource.BLURAY, 1080, Modifier.NONE)
    REMUX_1080P = (30, "Remux-1080p", 20, QualitySource.BLURAY, 1080, Modifier.REMUX)
    HDTV_2160P = (16, "HDTV-2160p", 21, QualitySource.TV, 2160, Modifier.NONE)
    WEBDL_2160P = (18, "WEBDL-2160p", 22, QualitySource.WEBDL, 2160, Modifier.NONE)
    WEBRIP_2160P = (17, "WEBRip-2160p", 22, QualitySource.WEBRIP, 2160, Modifier.NONE)
    BLURAY_2160P = (19, "Bluray-2160p", 23, QualitySource.BLURAY, 2160, Modifier.NONE)
    REMUX_2160P = (31, "Remux-2160p", 24, QualitySource.BLURAY, 2160, Modifier.REMUX)
    BR_DISK = (22, "BR-DISK", 25, QualitySource.BLURAY, 1080, Modifier.BRDISK)
    RAW_HD = (10, "Raw-HD", 26, QualitySource.TV, 1080, Modifier.RAWHD)

    def __init__(
        self,
        number: int,
        label: str,
        weight: int,
        source: QualitySource,
        resolution: int,
        modifier: Modifier,
    ) -> None:
        self.number = number
        self.label = label
        self.weight = weight
        self.source = source
        self.resolution = resolution
        self.modifier = modifier

    @classmethod
    def by_label(cls, label: str) -> Quality:
        """Return the quality with Radarr's name, such as `Bluray-1080p`.

        Raises:
            KeyError: There is none of that name.
        """
        return _BY_LABEL[label]

    @classmethod
    def by_number(cls, number: int) -> Quality:
        """Return the quality with Radarr's id.

        Raises:
            KeyError: There is none with that id.
        """
        return _BY_NUMBER[number]


_BY_LABEL: Final = {quality.label: quality for quality in Quality}
_BY_NUMBER: Final = {quality.number: quality for quality in Quality}


@dataclass(frozen=True, slots=True, order=True)
class Revision:
    """Whether a release mends an earlier one: ordered by `real`, then by `version`.

    Attributes:
        real: How often the name says REAL.
        version: 1 for the first, 2 for a proper, a repack or `v2`, and so on.
        is_repack: The same group mended its own release; plays no part in the order.
    """

    real: int = 0
    version: int = 1
    is_repack: bool = field(default=False, compare=False)


FIRST_REVISION: Final = Revision()
