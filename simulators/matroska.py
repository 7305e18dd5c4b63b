"""Writes small, valid Matroska files whose headers tell of a whole movie.

A file is a true Matroska document (EBML header, segment, info, tracks, one cluster) padded to any size with Void
elements: every demuxer reads the runtime, the resolution and the codecs from it, and there is nothing to play. The
bytes are a function of the description alone, block by block, so that any part of a file of any size can be made at any
time in constant memory.

Element numbers: RFC 9559 (Matroska) and RFC 8794 (EBML).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from random import Random

from reeld.simulators.torrents import BLOCK

_VOID_HEADER = 9
_TIMESTAMP_SCALE = 1_000_000


class VideoCodec(Enum):
    """A codec, as Matroska names it."""

    AVC = "V_MPEG4/ISO/AVC"
    HEVC = "V_MPEGH/ISO/HEVC"
    AV1 = "V_AV1"


class AudioCodec(Enum):
    """A codec, as Matroska names it."""

    AAC = "A_AAC"
    AC3 = "A_AC3"
    EAC3 = "A_EAC3"
    DTS = "A_DTS"


# What each codec's mapping wants in CodecPrivate: the configuration record, here without parameter sets, which may as
# well come with the frames. AVC and HEVC: ISO/IEC 14496-15; AV1: the AV1-ISOBMFF specification, 2.3.
_VIDEO_PRIVATE = {
    VideoCodec.AVC: bytes.fromhex("01640028ffe000"),
    VideoCodec.HEVC: bytes.fromhex("01016000000090000000000078f000fcfdf8f800000f00"),
    VideoCodec.AV1: bytes.fromhex("81080c00"),
}


@dataclass(frozen=True)
class Matroska:
    """The description of a file; its bytes follow from it.

    Args:
        title: The title in the segment's info.
        seconds: The runtime that the headers state.
        width: Pixels.
        height: Pixels.
        size: Bytes of the whole file; the headers need some three hundred.
        video: The codec of the one video track.
        audio: The codec of the one audio track.
        channels: Of the audio track.
        language: ISO 639-2, of the audio track.
        seed: Files that differ only in this differ in their padding.
    """

    title: str
    seconds: float
    width: int
    height: int
    size: int
    video: VideoCodec = VideoCodec.AVC
    audio: AudioCodec = AudioCodec.AC3
    channels: int = 2
    language: str = "eng"
    seed: str = ""

    def __post_init__(self) -> None:
        if self.size < len(self._head):
            raise ValueError(f"A file of {self.size} bytes is too small for its headers.")

    def block(self, index: int) -> bytes:
        """The bytes of block `index`: `BLOCK` of them, fewer in the last block, none behind it."""
        start = index * BLOCK
        length = min(BLOCK, self.size - start)
        if length <= 0:
            return b""
        filler = struct.pack(">Q", index) + self._filler[8:length]
        return self._head[start : start + length] + filler[max(0, len(self._head) - start) : length]

    @property
    def blocks(self) -> int:
        """How many blocks the file has."""
        return -(-self.size // BLOCK)

    @cached_property
    def _filler(self) -> bytes:
        return Random(f"{self.seed}/{self.title}/{self.width}").randbytes(BLOCK)

    @cached_property
    def _head(self) -> bytes:
        ebml = _ebml_header()
        body = self._info() + self._tracks() + _element(0x1F43B675, _uint(0xE7, 0))
        head = len(ebml) + 12 + len(body) + _VOID_HEADER
        void = _element_header(0xEC, max(0, self.size - head))
        segment = _element_header(0x18538067, max(0, self.size - len(ebml) - 12))
        return ebml + segment + body + void

    def _info(self) -> bytes:
        return _element(
            0x1549A966,
            _uint(0x2AD7B1, _TIMESTAMP_SCALE),
            _float(0x4489, self.seconds * 1e9 / _TIMESTAMP_SCALE),
            _text(0x7BA9, self.title),
            _text(0x4D80, "reeld simulator"),
            _text(0x5741, "reeld simulator"),
        )

    def _audio_private(self) -> bytes:
        if self.audio is not AudioCodec.AAC:
            return b""
        return _element(0x63A2, _aac_configuration(self.channels))

    def _tracks(self) -> bytes:
        picture = _element(0xE0, _uint(0xB0, self.width), _uint(0xBA, self.height))
        sound = _element(0xE1, _float(0xB5, 48000.0), _uint(0x9F, self.channels))
        film_rate = _uint(0x23E383, 41_708_333)  # nanoseconds a frame: 23.976 a second
        private = _element(0x63A2, _VIDEO_PRIVATE[self.video])
        video = _track(1, 1, self.video.value, "und", private, film_rate, picture)
        audio = _track(2, 2, self.audio.value, self.language, self._audio_private(), sound)
        return _element(0x1654AE6B, video, audio)


def _aac_configuration(channels: int) -> bytes:
    """The AudioSpecificConfig of ISO/IEC 14496-3, without which AAC has no meaning: low complexity, 48 kHz."""
    low_complexity, rate_48000 = 2, 3
    return (low_complexity << 11 | rate_48000 << 7 | channels << 3).to_bytes(2, "big")


def _track(number: int, kind: int, codec: str, language: str, *more: bytes) -> bytes:
    return _element(
        0xAE,
        _uint(0xD7, number),
        _uint(0x73C5, number),
        _uint(0x83, kind),
        _uint(0x9C, 0),
        _text(0x22B59C, language),
        _text(0x86, codec),
        *more,
    )


def _ebml_header() -> bytes:
    return _element(
        0x1A45DFA3,
        _uint(0x4286, 1),
        _uint(0x42F7, 1),
        _uint(0x42F2, 4),
        _uint(0x42F3, 8),
        _text(0x4282, "matroska"),
        _uint(0x4287, 4),
        _uint(0x4285, 2),
    )


def _element_header(number: int, size: int) -> bytes:
    """An element's number and its size, the size always in eight bytes."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big") + (size | 1 << 56).to_bytes(
        8, "big"
    )


def _element(number: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return _element_header(number, len(body)) + body


def _uint(number: int, value: int) -> bytes:
    return _element(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _float(number: int, value: float) -> bytes:
    return _element(number, struct.pack(">d", value))


def _text(number: int, value: str) -> bytes:
    return _element(number, value.encode())
