"""How picture and sound are coded, and which service they come from."""

from __future__ import annotations

import pytest

from reeld.domain.parsing import parse_release_name


@pytest.mark.parametrize(
    ("words", "ranges"),
    [
        ("DV", ("DV",)),
        ("DoVi.HDR10", ("DV", "HDR10")),
        ("Dolby.Vision.HDR10+", ("DV", "HDR10+")),
        ("DV.HDR10Plus", ("DV", "HDR10+")),
        ("HDR10P", ("HDR10+",)),
        ("DV.HDR", ("DV", "HDR")),
        ("HDR.HDR10", ("HDR10",)),
        ("HLG", ("HLG",)),
        ("PQ", ("PQ",)),
        ("SDR", ("SDR",)),
        ("DVDRip", ()),
        ("HDRip", ()),
    ],
)
def test_the_dynamic_range_is_read(words: str, ranges: tuple[str, ...]) -> None:
    parsed = parse_release_name(f"Sintel.2010.2160p.{words}.x265-OPEN")
    assert parsed.dynamic_range == ranges


@pytest.mark.parametrize(
    ("words", "audio", "channels"),
    [
        ("TrueHD.7.1.Atmos", ("TrueHD", "Atmos"), "7.1"),
        ("TrueHD.Atmos.7.1", ("TrueHD", "Atmos"), "7.1"),
        ("DTS-HD.MA.5.1", ("DTS-HD MA",), "5.1"),
        ("DTS-HD.HRA.7.1", ("DTS-HD HRA",), "7.1"),
        ("DTS-X.7.1", ("DTS:X",), "7.1"),
        ("DTS:X 7.1", ("DTS:X",), "7.1"),
        ("DTS-ES.6.1", ("DTS-ES",), "6.1"),
        ("DTS", ("DTS",), None),
        ("DD5.1", ("DD",), "5.1"),
        ("AC3", ("DD",), None),
        ("DDP5.1.Atmos", ("DD+", "Atmos"), "5.1"),
        ("DDPA5.1", ("DD+", "Atmos"), "5.1"),
        ("DD+2.0", ("DD+",), "2.0"),
        ("E-AC-3.5.1", ("DD+",), "5.1"),
        ("AAC2.0", ("AAC",), "2.0"),
        ("AAC20", ("AAC",), "2.0"),
        ("FLAC.1.0", ("FLAC",), "1.0"),
        ("LPCM.2.0", ("PCM",), "2.0"),
        ("Opus.5.1", ("Opus",), "5.1"),
        ("AC3.6CH", ("DD",), "5.1"),
        ("MP3", ("MP3",), None),
        ("TrueHD.7.1.AC3.5.1", ("TrueHD", "DD"), "7.1"),
        ("WEB-DL.1.3GB", (), None),
    ],
)
def test_the_sound_is_read(words: str, audio: tuple[str, ...], channels: str | None) -> None:
    parsed = parse_release_name(f"Sintel.2010.1080p.{words}.x264-OPEN")
    assert (parsed.audio, parsed.channels) == (audio, channels)


@pytest.mark.parametrize(
    ("words", "codec", "depth"),
    [
        ("x264", "x264", None),
        ("x265.10bit", "x265", 10),
        ("HEVC.x265", "x265", None),
        ("H.264", "H.264", None),
        ("AVC", "H.264", None),
        ("H.265.10-bit", "H.265", 10),
        ("Hi10P.x264", "x264", 10),
        ("AV1", "AV1", None),
        ("VC-1", "VC-1", None),
        ("MPEG2", "MPEG-2", None),
        ("XviD", "XviD", None),
        ("8bit.HEVC", "H.265", 8),
    ],
)
def test_the_codec_is_read(words: str, codec: str, depth: int | None) -> None:
    parsed = parse_release_name(f"Sintel.2010.1080p.BluRay.{words}-OPEN")
    assert (parsed.video_codec, parsed.bit_depth) == (codec, depth)


@pytest.mark.parametrize(
    ("words", "service"),
    [
        ("1080p.AMZN.WEB-DL", "Amazon"),
        ("NF.1080p.WEB-DL", "Netflix"),
        ("1080p.DSNP.WEBRip", "Disney+"),
        ("1080p.iT.WEB-DL", "iTunes"),
        ("1080p.MA.WEB-DL", "Movies Anywhere"),
        ("1080p.WEB-DL", None),
        ("1080p.BluRay.DTS-HD.MA", None),
        ("1080p.WEB-DL.MA", None),
    ],
)
def test_the_streaming_service_stands_before_the_word_web(words: str, service: str | None) -> None:
    assert parse_release_name(f"Sintel.2010.{words}.x264-OPEN").service == service


def test_a_title_ends_before_its_service_where_no_year_does() -> None:
    assert parse_release_name("Sintel.AMZN.WEB-DL.x264-OPEN").title == "Sintel"
    assert parse_release_name("Fire.on.the.Amazon.1080p.WEB-DL").title == "Fire on the Amazon"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("HC", "HC"),
        ("KORSUB", "KORSUB"),
        ("SWESUB", "SWESUB"),
        ("HARDSUBS", "HARDSUBS"),
        ("German.Subbed", "Subbed"),
        ("ESubs", None),
        ("MULTi.SUBS", None),
        ("Multi-Subs", None),
        ("English.Subs", None),
    ],
)
def test_what_is_said_of_burnt_in_subtitles_is_kept(words: str, said: str | None) -> None:
    parsed = parse_release_name(f"Sintel.2010.1080p.{words}.WEBRip.x264-OPEN")
    assert parsed.hardcoded_subs == said
    assert parsed.is_hardcoded is (said is not None)


def test_a_title_says_nothing_of_picture_and_sound() -> None:
    parsed = parse_release_name("Opus.of.the.HDR.Atmos.2010.1080p.WEB-DL-OPEN")
    assert (parsed.audio, parsed.dynamic_range) == ((), ())
