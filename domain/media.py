"""What a probe saw in a video file, and what quality that makes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

from reeld.domain.quality import Modifier, Quality, QualitySource


class DynamicRange(StrEnum):
    """The formats of high dynamic range, as Radarr names them."""

    SDR = ""
    PQ10 = "PQ"
    HLG = "HLG"
    HDR10 = "HDR10"
    HDR10_PLUS = "HDR10Plus"
    DOLBY_VISION = "DV"
    DOLBY_VISION_HDR10 = "DV HDR10"
    DOLBY_VISION_HLG = "DV HLG"


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One audio track.

    Attributes:
        codec: As people write it: `AAC`, `DTS-HD MA`, `TrueHD Atmos`.
        channels: 5.1 is six channels; 0 when the file does not say.
        language: ISO 639-1 where there is one, else ISO 639-2; None when not stated.
    """

    codec: str
    channels: int = 0
    language: str | None = None


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What the probe saw. A field is None or empty when the file does not say.

    Attributes:
        runtime_seconds: The length of the main video; 0 when the file states none.
        width: Pixels.
        height: Pixels.
        video_codec: As people write it: `x264`, `h265`, `AV1`, `MPEG2`.
        bit_depth: Bits per channel; 0 when not stated.
        subtitles: Languages of the subtitle tracks.
    """

    runtime_seconds: float | None
    width: int = 0
    height: int = 0
    container: str = ""
    video_codec: str = ""
    bit_depth: int = 0
    dynamic_range: DynamicRange = DynamicRange.SDR
    audio: tuple[AudioTrack, ...] = ()
    subtitles: tuple[str, ...] = ()
    is_3d: bool = False

    @property
    def has_video(self) -> bool:
        """Whether there is a picture at all."""
        return self.width > 0 and self.height > 0


_RESOLUTIONS: Final = ((3200, 2100, 2160), (1800, 1000, 1080), (1200, 700, 720), (1000, 560, 576))
"""(at least this wide, or at least this high, is this resolution): Radarr's limits."""


def resolution_of(media: MediaFacts) -> int:
    """Return the resolution, in lines, of the quality that a picture belongs to; 0 without one.

    Width counts as much as height, since wide pictures have their black bars cut off.
    """
    if not media.has_video:
        return 0
    for width, height, lines in _RESOLUTIONS:
        if media.width >= width or media.height >= height:
            return lines
    return 480


def seen_quality(named: Quality, media: MediaFacts) -> Quality:
    """Return the quality of a file: its source as its name says, its resolution as it was seen.

    A source that has but one quality keeps it (DVD, CAM, a whole disc). A remux of less than 1080
    lines is an ordinary quality, as in Radarr.

    Args:
        named: What the release name says.
        media: What the probe saw.
    """
    seen = resolution_of(media)
    if not seen or named.modifier not in {Modifier.NONE, Modifier.REMUX} or named is Quality.DVD_R:
        return named
    source = QualitySource.TV if named is Quality.UNKNOWN else named.source
    lines = (seen, 480) if seen == 576 else (seen,)
    for wanted in product((source,), lines, dict.fromkeys((named.modifier, Modifier.NONE))):
        for quality in Quality:
            if (quality.source, quality.resolution, quality.modifier) == wanted:
                return quality
    return named
