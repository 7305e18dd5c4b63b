from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reeld.actors.importer._failures import UnsafePath
from reeld.actors.importer._media import facts_of
from reeld.actors.importer._samples import is_sample
from reeld.actors.importer._threads import FileWork
from reeld.actors.importer.probe import Prober, Unreadable
from reeld.domain.errors import DeadlineExceeded
from reeld.domain.media import AudioTrack, DynamicRange

FFMPEG = shutil.which("ffmpeg")


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory, lacking: Any) -> Path:
    if FFMPEG is None:
        lacking("ffmpeg is missing: apt-get install ffmpeg")
    path = tmp_path_factory.mktemp("video") / "movie.mkv"
    subprocess.run(
        [
            *(FFMPEG, "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=s=320x240:r=24"),
            *("-f", "lavfi", "-i", "sine", "-t", "2", "-c:v", "libx264", "-preset", "ultrafast"),
            *("-pix_fmt", "yuv420p", "-c:a", "ac3", "-ac", "6", "-metadata:s:a:0", "language=ger"),
            *("-y", str(path)),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return path


@pytest.mark.services
async def test_a_real_video_is_read(video: Path) -> None:
    facts = await Prober(FileWork()).probe(video.parent, video.name)

    assert facts.runtime_seconds == pytest.approx(2, abs=0.1)
    assert (facts.width, facts.height, facts.bit_depth) == (320, 240, 8)
    assert facts.container == "Matroska"
    assert facts.video_codec == "x264"
    assert facts.audio == (AudioTrack("AC3", 6, "de"),)
    assert facts.has_video


@pytest.mark.services
async def test_a_video_that_was_cut_off_is_unreadable(video: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.mkv").write_bytes(video.read_bytes()[: video.stat().st_size // 2])

    with pytest.raises(Unreadable) as refused:
        await Prober(FileWork()).probe(tmp_path, "cut.mkv")

    assert refused.value.reason == "truncated"


@pytest.mark.parametrize(
    "content", [b"", b"not a movie", os.urandom(100_000), b"\x1aE\xdf\xa3" * 999]
)
async def test_what_is_no_video_is_unreadable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "movie.mkv").write_bytes(content)

    with pytest.raises(Unreadable):
        await Prober(FileWork()).probe(tmp_path, "movie.mkv")


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "movie.mkv").symlink_to("/etc/passwd")

    with pytest.raises(UnsafePath):
        await Prober(FileWork()).probe(tmp_path, "movie.mkv")


def prober(code: str) -> Prober:
    return Prober(FileWork(), command=(sys.executable, "-I", "-c", code))


@pytest.mark.parametrize(
    "code",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "raise SystemExit(1)",
        "print('no json')",
        "print('[]')",
        "print('{\"tracks\": []}')",
        "print('{\"tracks\": [5]}')",
        'print(\'{"tracks": [{"width": 5}]}\')',
        "print('[' * 100000)",
        "import sys\nwhile True: sys.stdout.write('x' * 65536)",
    ],
)
async def test_a_library_that_crashes_or_raves_kills_no_daemon(tmp_path: Path, code: str) -> None:
    (tmp_path / "movie.mkv").write_bytes(b"x")

    with pytest.raises(Unreadable):
        await prober(code).probe(tmp_path, "movie.mkv")


async def test_a_library_that_hangs_is_killed_at_the_deadline(tmp_path: Path) -> None:
    (tmp_path / "movie.mkv").write_bytes(b"x")
    told = tmp_path / "pid"
    code = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(600)"

    with pytest.raises(DeadlineExceeded):
        await prober(code).probe(tmp_path, "movie.mkv", deadline=1)

    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


async def test_a_cancelled_probe_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "movie.mkv").write_bytes(b"x")
    told = tmp_path / "pid"
    code = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(prober(code).probe, tmp_path, "movie.mkv")
        with trio.fail_after(10):
            while not (told.exists() and told.read_text()):
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()

    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def video_track(**fields: str) -> dict[str, str]:
    return {"track_type": "Video", "width": "3840", "height": "2160", **fields}


@pytest.mark.parametrize(
    ("fields", "dynamic_range"),
    [
        ({}, DynamicRange.SDR),
        ({"transfer_characteristics": "PQ"}, DynamicRange.PQ10),
        ({"transfer_characteristics": "HLG"}, DynamicRange.HLG),
        (
            {"hdr_format": "SMPTE ST 2086", "hdr_format_compatibility": "HDR10"},
            DynamicRange.HDR10,
        ),
        (
            {"hdr_format": "SMPTE ST 2094 App 4", "hdr_format_compatibility": "HDR10+ Profile B"},
            DynamicRange.HDR10_PLUS,
        ),
        ({"hdr_format": "Dolby Vision"}, DynamicRange.DOLBY_VISION),
        (
            {"hdr_format": "Dolby Vision / SMPTE ST 2086", "hdr_format_compatibility": "HDR10"},
            DynamicRange.DOLBY_VISION_HDR10,
        ),
        (
            {"hdr_format": "Dolby Vision", "transfer_characteristics": "HLG"},
            DynamicRange.DOLBY_VISION_HLG,
        ),
    ],
)
def test_dynamic_ranges_are_told_apart(fields: dict[str, str], dynamic_range: DynamicRange) -> None:
    assert facts_of([video_track(**fields)]).dynamic_range is dynamic_range


@pytest.mark.parametrize(
    ("fields", "codec"),
    [
        ({"format": "AVC"}, "h264"),
        ({"format": "AVC", "encoded_library_name": "x264"}, "x264"),
        ({"format": "HEVC"}, "h265"),
        ({"format": "HEVC", "encoded_library_name": "x265"}, "x265"),
        ({"format": "MPEG Video", "format_version": "Version 1"}, "MPEG1"),
        ({"format": "MPEG Video", "format_version": "Version 2"}, "MPEG2"),
        ({"format": "MPEG-4 Visual", "codec_id_hint": "DivX 5"}, "DivX"),
        ({"format": "MPEG-4 Visual"}, "MPEG4"),
        ({"format": "VC-1"}, "VC1"),
        ({"format": "Some/thing\x1b[31mNew"}, "Some/thing31mNew"),
    ],
)
def test_video_codecs_are_named_as_people_do(fields: dict[str, str], codec: str) -> None:
    assert facts_of([video_track(**fields)]).video_codec == codec


@pytest.mark.parametrize(
    ("name", "commercial", "codec"),
    [
        ("MLP FBA", "Dolby TrueHD", "TrueHD"),
        ("MLP FBA 16-ch", "Dolby TrueHD with Dolby Atmos", "TrueHD Atmos"),
        ("E-AC-3 JOC", "Dolby Digital Plus with Dolby Atmos", "EAC3 Atmos"),
        ("E-AC-3", "Dolby Digital Plus", "EAC3"),
        ("DTS XLL", "DTS-HD Master Audio", "DTS-HD MA"),
        ("DTS XLL X", "DTS-HD MA + DTS:X", "DTS-X"),
        ("DTS", "DTS", "DTS"),
        ("MPEG Audio", "MPEG Audio", "MP3"),
    ],
)
def test_audio_codecs_are_named_as_people_do(name: str, commercial: str, codec: str) -> None:
    track = {"track_type": "Audio", "format": name, "commercial_name": commercial}
    assert facts_of([track]).audio[0].codec == codec


def test_subtitles_and_languages_are_listed() -> None:
    tracks = [
        {"track_type": "Text", "language": "pt-BR"},
        {"track_type": "Text"},
        {"track_type": "Text", "language": "../../etc"},
        {"track_type": "Audio", "language": "und"},
    ]
    facts = facts_of(tracks)

    assert facts.subtitles == ("pt",)
    assert facts.audio[0].language is None


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["track_type", "format", "duration", "width", "bit_depth", "channel_s", "language"]
            ),
            st.one_of(
                st.text(max_size=20), st.sampled_from(["Video", "Audio", "nan", "inf", "-1"])
            ),
        ),
        max_size=4,
    )
)
def test_no_track_however_mad_breaks_the_mapping(tracks: list[dict[str, str]]) -> None:
    facts = facts_of(tracks)
    assert 0 <= facts.width <= 32_768
    assert facts.runtime_seconds is None or 0 <= facts.runtime_seconds <= 604_800


@pytest.mark.parametrize(
    ("seconds", "minutes", "sample"),
    [
        (14, 3, True),
        (15, 3, False),
        (89, 10, True),
        (90, 10, False),
        (299, 30, True),
        (300, 30, False),
        (599, 120, True),
        (600, 120, False),
        (0, None, True),
        (20, None, False),
    ],
)
def test_samples_are_told_by_their_length(
    seconds: float, minutes: int | None, sample: bool
) -> None:
    assert is_sample(seconds, minutes) is sample
