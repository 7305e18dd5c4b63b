"""From the words of MediaInfo to the facts that the domain speaks of. Pure; the words are hostile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from reeld.domain.media import AudioTrack, DynamicRange, MediaFacts

Track = Mapping[str, str]

_MAX_RUNTIME: Final = 7 * 24 * 3600.0
_MAX_PIXELS: Final = 32_768
_MAX_CHANNELS: Final = 64
_LANGUAGE: Final = re.compile(r"([a-z]{2,3})(?:-[A-Za-z0-9-]{1,20})?", re.ASCII)
_WORD: Final = re.compile(r"[^\w .+:/-]", re.ASCII)

_AUDIO: Final = {
    "AAC": "AAC",
    "AC-3": "AC3",
    "ALAC": "ALAC",
    "DTS": "DTS",
    "E-AC-3": "EAC3",
    "FLAC": "FLAC",
    "Opus": "Opus",
    "PCM": "PCM",
    "Vorbis": "Vorbis",
    "WMA": "WMA",
}
# Longest first: "DTS-HD Master Audio" also starts with "DTS".
_AUDIO_BY_COMMERCIAL_NAME: Final = (
    ("Dolby TrueHD with Dolby Atmos", "TrueHD Atmos"),
    ("Dolby TrueHD", "TrueHD"),
    ("Dolby Digital Plus with Dolby Atmos", "EAC3 Atmos"),
    ("DTS-HD MA + DTS:X", "DTS-X"),
    ("DTS:X", "DTS-X"),
    ("DTS-HD Master Audio", "DTS-HD MA"),
    ("DTS-HD High Resolution", "DTS-HD HRA"),
    ("DTS-ES", "DTS-ES"),
)
_VIDEO: Final = {
    "AV1": "AV1",
    "MPEG Video": "MPEG2",
    "VC-1": "VC1",
    "VP8": "VP8",
    "VP9": "VP9",
    "WMV3": "WMV",
}


def facts_of(tracks: Sequence[Track]) -> MediaFacts:
    """Turn MediaInfo's tracks into facts; what makes no sense is left out."""
    general = _first(tracks, "General")
    video = _first(tracks, "Video")
    return MediaFacts(
        runtime_seconds=_seconds(video) or _seconds(general),
        width=_whole(video.get("width"), _MAX_PIXELS),
        height=_whole(video.get("height"), _MAX_PIXELS),
        container=_tidy(general.get("format", "")),
        video_codec=_video_codec(video),
        bit_depth=_whole(video.get("bit_depth"), 64),
        dynamic_range=_dynamic_range(video),
        audio=tuple(_audio_track(track) for track in tracks if track.get("track_type") == "Audio"),
        subtitles=tuple(
            language
            for track in tracks
            if track.get("track_type") == "Text" and (language := _language(track)) is not None
        ),
        is_3d=_whole(video.get("multiview_count"), 64) > 1,
    )


def _first(tracks: Sequence[Track], kind: str) -> Track:
    return next((track for track in tracks if track.get("track_type") == kind), {})


def _seconds(track: Track) -> float | None:
    """Milliseconds as text, whole or not; None when absent, absurd or not a number."""
    try:
        seconds = float(track.get("duration", "")) / 1000
    except ValueError:
        return None
    return seconds if 0 <= seconds <= _MAX_RUNTIME else None


def _whole(text: str | None, largest: int) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return 0
    number = int(text)
    return number if number <= largest else 0


def _tidy(text: str) -> str:
    return _WORD.sub("", text)[:30].strip()


def _video_codec(video: Track) -> str:
    name, encoder = video.get("format", ""), video.get("encoded_library_name", "")
    match name:
        case "AVC":
            return "x264" if encoder == "x264" else "h264"
        case "HEVC":
            return "x265" if encoder == "x265" else "h265"
        case "MPEG Video" if video.get("format_version") == "Version 1":
            return "MPEG1"
        case "MPEG-4 Visual":
            marks = f"{video.get('codec_id', '')} {video.get('codec_id_hint', '')}".casefold()
            return next((label for label in ("XviD", "DivX") if label.casefold() in marks), "MPEG4")
        case _:
            return _VIDEO.get(name) or _tidy(name)


def _dynamic_range(video: Track) -> DynamicRange:
    spoken = video.get("hdr_format", "")
    compatible = video.get("hdr_format_compatibility", "")
    transfer = video.get("transfer_characteristics", "")
    if "Dolby Vision" in spoken:
        return _dolby_vision(compatible, transfer)
    if "2094" in spoken or "HDR10+" in compatible:
        return DynamicRange.HDR10_PLUS
    if "HDR10" in compatible or "2086" in spoken:
        return DynamicRange.HDR10
    if "HLG" in transfer:
        return DynamicRange.HLG
    return DynamicRange.PQ10 if transfer == "PQ" else DynamicRange.SDR


def _dolby_vision(compatible: str, transfer: str) -> DynamicRange:
    if "HDR10" in compatible:
        return DynamicRange.DOLBY_VISION_HDR10
    if "HLG" in compatible or "HLG" in transfer:
        return DynamicRange.DOLBY_VISION_HLG
    return DynamicRange.DOLBY_VISION


def _audio_track(track: Track) -> AudioTrack:
    return AudioTrack(
        codec=_audio_codec(track),
        channels=_whole(track.get("channel_s"), _MAX_CHANNELS),
        language=_language(track),
    )


def _audio_codec(track: Track) -> str:
    name, commercial = track.get("format", ""), track.get("commercial_name", "")
    for start, label in _AUDIO_BY_COMMERCIAL_NAME:
        if commercial.startswith(start):
            return label
    if name == "MPEG Audio":
        return "MP3" if "Layer 3" in track.get("format_profile", "Layer 3") else "MP2"
    return _AUDIO.get(name) or _tidy(name)


def _language(track: Track) -> str | None:
    match = _LANGUAGE.fullmatch(track.get("language", ""))
    return match[1] if match and match[1] not in {"und", "zxx", "mis"} else None


def facts_from(stored: Mapping[str, Any]) -> MediaFacts:
    """Return what `dataclasses.asdict` made of facts, after a way through JSON."""
    return MediaFacts(
        **{
            **stored,
            "dynamic_range": DynamicRange(stored["dynamic_range"]),
            "audio": tuple(AudioTrack(**track) for track in stored["audio"]),
            "subtitles": tuple(stored["subtitles"]),
        }
    )
