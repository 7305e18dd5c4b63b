from __future__ import annotations

import pytest

from reeld.domain.media import MediaFacts, resolution_of, seen_quality
from reeld.domain.quality import Quality


@pytest.mark.parametrize(
    ("width", "height", "lines"),
    [
        (3840, 1600, 2160),
        (1920, 800, 1080),
        (1800, 760, 1080),
        (1440, 1080, 1080),
        (1280, 536, 720),
        (960, 720, 720),
        (1024, 576, 576),
        (720, 576, 576),
        (640, 360, 480),
        (0, 0, 0),
    ],
)
def test_width_or_height_says_the_resolution(width: int, height: int, lines: int) -> None:
    assert resolution_of(MediaFacts(60.0, width, height)) == lines


def test_a_name_that_promises_too_much_is_corrected() -> None:
    assert seen_quality(Quality.WEBDL_1080P, MediaFacts(60.0, 1280, 720)) is Quality.WEBDL_720P


def test_a_name_that_says_nothing_becomes_what_was_seen() -> None:
    assert seen_quality(Quality.UNKNOWN, MediaFacts(60.0, 1920, 1080)) is Quality.HDTV_1080P


def test_a_remux_stays_one_at_the_resolution_that_was_seen() -> None:
    assert seen_quality(Quality.REMUX_1080P, MediaFacts(60.0, 3840, 2160)) is Quality.REMUX_2160P
    assert seen_quality(Quality.REMUX_1080P, MediaFacts(60.0, 1280, 720)) is Quality.BLURAY_720P


def test_a_web_download_of_576_lines_counts_as_480() -> None:
    assert seen_quality(Quality.WEBDL_1080P, MediaFacts(60.0, 1024, 576)) is Quality.WEBDL_480P


@pytest.mark.parametrize("named", [Quality.DVD, Quality.CAM, Quality.BR_DISK, Quality.DVD_R])
def test_a_source_of_one_quality_keeps_it(named: Quality) -> None:
    assert seen_quality(named, MediaFacts(60.0, 1920, 1080)) is named


def test_a_file_without_a_picture_keeps_its_name() -> None:
    assert seen_quality(Quality.WEBDL_1080P, MediaFacts(60.0)) is Quality.WEBDL_1080P
