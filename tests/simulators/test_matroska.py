from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymediainfo import MediaInfo

from reeld.simulators.matroska import AudioCodec, Matroska, VideoCodec
from reeld.simulators.torrents import BLOCK, blocks


def written(path: Path, movie: Matroska) -> Path:
    with path.open("wb") as file:
        file.writelines(blocks(movie))
    return path


def movie_of(**changes: object) -> Matroska:
    facts = {"title": "Sintel", "seconds": 888.5, "width": 1920, "height": 1080, "size": 2_000_000}
    return Matroska(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("video", VideoCodec)
@pytest.mark.parametrize("audio", AudioCodec)
def test_mediainfo_reads_runtime_resolution_and_codecs_from_the_headers(
    tmp_path: Path, video: VideoCodec, audio: AudioCodec
) -> None:
    path = written(tmp_path / "movie.mkv", movie_of(video=video, audio=audio, channels=6))
    info = MediaInfo.parse(path)
    picture, sound = info.video_tracks[0], info.audio_tracks[0]
    assert info.general_tracks[0].format == "Matroska"
    assert info.general_tracks[0].duration == 888_500
    assert info.general_tracks[0].file_size == 2_000_000
    assert (picture.width, picture.height, picture.codec_id) == (1920, 1080, video.value)
    assert sound.codec_id.startswith(audio.value)
    assert (sound.channel_s, sound.language) == (6, "en")


@pytest.mark.services
@pytest.mark.parametrize("video", VideoCodec)
@pytest.mark.parametrize("audio", AudioCodec)
def test_ffprobe_reads_the_same(
    tmp_path: Path, video: VideoCodec, audio: AudioCodec, ffprobe: str
) -> None:
    path = written(tmp_path / "movie.mkv", movie_of(video=video, audio=audio))
    command = [ffprobe, "-v", "quiet", "-show_format", "-show_streams", "-of", "json", str(path)]
    shown = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    picture, sound = shown["streams"]
    assert float(shown["format"]["duration"]) == 888.5
    names = {VideoCodec.AVC: "h264", VideoCodec.HEVC: "hevc", VideoCodec.AV1: "av1"}
    assert (picture["codec_name"], picture["width"]) == (names[video], 1920)
    assert (sound["codec_type"], sound["channels"]) == ("audio", 2)


def test_a_sample_says_that_it_is_short(tmp_path: Path) -> None:
    path = written(tmp_path / "sample.mkv", movie_of(seconds=45.0, size=100_000))
    assert MediaInfo.parse(path).general_tracks[0].duration == 45_000


@settings(max_examples=30)
@given(size=st.integers(1000, 5 * BLOCK))
def test_a_file_has_exactly_the_size_asked_for(size: int) -> None:
    movie = movie_of(size=size)
    made = list(blocks(movie))
    assert sum(map(len, made)) == size
    assert len(made) == movie.blocks
    assert all(len(block) == BLOCK for block in made[:-1])


def test_any_block_can_be_made_alone_and_again() -> None:
    one, other = movie_of(), movie_of()
    whole = b"".join(blocks(one))
    assert other.block(3) == whole[3 * BLOCK : 4 * BLOCK]
    assert other.block(99) == b""


def test_blocks_differ_from_each_other_and_by_seed() -> None:
    movie, other = movie_of(), movie_of(seed="other")
    assert movie.block(1) != movie.block(2)
    assert movie.block(1) != other.block(1)


def test_a_size_without_room_for_the_headers_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        movie_of(size=10)
