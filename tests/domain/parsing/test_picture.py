"""Quality, source, resolution and modifier."""

from __future__ import annotations

import pytest

from reeld.domain.parsing import parse_release_name
from reeld.domain.quality import Modifier, QualitySource


@pytest.mark.parametrize(
    ("name", "quality"),
    [
        ("Tears.of.Steel.2012.1080p.WEB-DL.DD5.1.H.264-BLEND", "WEBDL-1080p"),
        ("Tears of Steel (2012) 2160p WEB DL x265-BLEND", "WEBDL-2160p"),
        ("Tears.of.Steel.2012.720p.WEB.h264-BLEND", "WEBDL-720p"),
        ("Tears.of.Steel.2012.WEB.x264-BLEND", "WEBDL-480p"),
        ("Tears.of.Steel.2012.1080p.WEBRip.x264-BLEND", "WEBRip-1080p"),
        ("Tears.of.Steel.2012.1080p.WEB-Rip.x264-BLEND", "WEBRip-1080p"),
        ("Tears.of.Steel.2012.480p.WEBMux.x264-BLEND", "WEBRip-480p"),
        ("Tears.of.Steel.2012.1080p.BluRay.x264-BLEND", "Bluray-1080p"),
        ("Tears.of.Steel.2012.1080p.Blu-Ray.x265-BLEND", "Bluray-1080p"),
        ("Tears.of.Steel.2012.2160p.UHD.BluRay.x265-BLEND", "Bluray-2160p"),
        ("Tears.of.Steel.2012.720p.BRRip.x264-BLEND", "Bluray-720p"),
        ("Tears.of.Steel.2012.BDRip.XviD-BLEND", "Bluray-480p"),
        ("Tears.of.Steel.2012.BluRay.x264-BLEND", "Bluray-720p"),
        ("Tears.of.Steel.2012.576p.BluRay.x264-BLEND", "Bluray-576p"),
        ("Tears of Steel 2012 [Bluray1080p]", "Bluray-1080p"),
        ("Tears.of.Steel.2012.1080p.BluRay.REMUX.AVC.FLAC.2.0-BLEND", "Remux-1080p"),
        ("Tears.of.Steel.2012.BDRemux.1080p.AVC-BLEND", "Remux-1080p"),
        ("Tears.of.Steel.2012.2160p.UHD.Remux.HEVC-BLEND", "Remux-2160p"),
        ("Tears.of.Steel.2012.720p.BluRay.Remux.AVC-BLEND", "Bluray-720p"),
        ("Tears.of.Steel.2012.COMPLETE.BLURAY-BLEND", "BR-DISK"),
        ("Tears of Steel 2012 1080p Blu-ray VC-1 DTS-HD MA 5.1-BLEND", "BR-DISK"),
        ("Tears of Steel 2012 BD50", "BR-DISK"),
        ("Tears.of.Steel.2012.BluRay.1080p.iso", "BR-DISK"),
        ("Tears.of.Steel.2012.DVDRip.XviD-BLEND", "DVD"),
        ("Tears.of.Steel.2012.PAL.DVDR-BLEND", "DVD-R"),
        ("Tears.of.Steel.2012.NTSC.DVD9-BLEND", "DVD-R"),
        ("Tears.of.Steel.2012.DVDSCR.XviD-BLEND", "DVDSCR"),
        ("Tears.of.Steel.2012.R5.DVDRip.XviD-BLEND", "REGIONAL"),
        ("Tears.of.Steel.2012.HDTV.x264-BLEND", "SDTV"),
        ("Tears.of.Steel.2012.PDTV.x264-BLEND", "SDTV"),
        ("Tears.of.Steel.2012.720p.HDTV.x264-BLEND", "HDTV-720p"),
        ("Tears of Steel 2012 [HDTV]", "HDTV-720p"),
        ("Tears.of.Steel.2012.1080i.HDTV.MPEG2-BLEND", "Raw-HD"),
        ("Tears.of.Steel.2012.HDCAM.x264-BLEND", "CAM"),
        ("Tears.of.Steel.2012.HDTS.x264-BLEND", "TELESYNC"),
        ("Tears.of.Steel.2012.TELESYNC.x264-BLEND", "TELESYNC"),
        ("Tears.of.Steel.2012.HDTC.x264-BLEND", "TELECINE"),
        ("Tears.of.Steel.2012.WORKPRINT.XviD-BLEND", "WORKPRINT"),
        ("Tears.of.Steel.2012.1080p.WEB-DLRip.x264-BLEND", "WEBRip-1080p"),
        ("Tears.of.Steel.2012.1080p.WEB-DLMux.x264-BLEND", "WEBDL-1080p"),
        ("Tears.of.Steel.2012.1080p.VODRip.x264-BLEND", "WEBRip-1080p"),
        ("Tears.of.Steel.2012.1080p.microHD.x264-BLEND", "Bluray-1080p"),
        ("Tears.of.Steel.2012.2160p.UHDRip.x265-BLEND", "Bluray-2160p"),
        ("Tears.of.Steel.2012.BDMV-BLEND", "BR-DISK"),
        ("Tears.of.Steel.2012.R5-BLEND", "REGIONAL"),
        ("Tears.of.Steel.2012.HDSCR.x264-BLEND", "DVDSCR"),
        ("Tears.of.Steel.2012.HD.DVDScr.XviD-BLEND", "DVDSCR"),
        ("Tears.of.Steel.2012.CAMRp.x264-BLEND", "CAM"),
        ("Tears.of.Steel.2012.PPVRip.x264-BLEND", "SDTV"),
        ("Tears.of.Steel.2012.1080p.x264-BLEND", "HDTV-1080p"),
        ("Tears.of.Steel.2012.mkv", "WEBDL-720p"),
        ("Tears.of.Steel.2012.avi", "SDTV"),
        ("Tears.of.Steel.2012.m2ts", "Bluray-720p"),
        ("Tears of Steel 2012", "Unknown"),
    ],
)
def test_a_name_comes_to_one_quality(name: str, quality: str) -> None:
    assert parse_release_name(name).quality.label == quality


def test_the_group_has_no_say_in_the_quality() -> None:
    assert parse_release_name("Sintel.2010.1080p.WEB-DL.H.264-BD").source is QualitySource.WEBDL


def test_the_title_has_no_say_in_the_quality() -> None:
    parsed = parse_release_name("The.Remux.Thief.2015.720p.HDTV.x264-OPEN")
    assert parsed.quality.label == "HDTV-720p"
    assert parsed.title == "The Remux Thief"


def test_an_encoder_says_that_a_disc_was_not_copied_whole() -> None:
    assert parse_release_name("Sintel 2010 1080p Blu-ray x264-OPEN").modifier is Modifier.NONE
    assert parse_release_name("Sintel 2010 1080p Blu-ray AVC-OPEN").modifier is Modifier.BRDISK


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("4K", 2160),
        ("1920x1080", 1080),
        ("1280x720", 720),
        ("1080i", 1080),
        ("540p", 540),
        ("UHD BluRay", 2160),
        ("4Kto1080p", 1080),
        ("PAL DVD", 576),
        ("8K", 4320),
        ("1920×1080", 1080),
        ("BRRip 720 AAC", 720),
        ("1080.WEB", 1080),
        ("720 MB", 0),
        ("WEBRip", 0),
    ],
)
def test_lines_are_read_in_every_spelling(words: str, lines: int) -> None:
    assert parse_release_name(f"Sintel 2010 {words} x264-OPEN").resolution == lines


def test_a_year_is_no_resolution() -> None:
    parsed = parse_release_name("Sintel 2160 2010 720p WEBRip x264-OPEN")
    assert (parsed.resolution, parsed.year) == (720, 2010)
