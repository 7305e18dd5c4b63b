"""What a probe saw in a video file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
