from __future__ import annotations

import pytest

from reeld.domain.parsing import parse_release_name


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Sintel.2010.1080p.WEB-DL.DD5.1.H.264-OPEN", "OPEN"),
        ("Sintel.2010.1080p.WEB-DL.DD5.1.H.264-OPEN.mkv", "OPEN"),
        ("Sintel 2010 1080p BluRay x264 - OPEN", "OPEN"),
        ("Sintel.2010.1080p.BluRay.x264-OPEN[rartv]", "OPEN"),
        ("Sintel.2010.1080p.BluRay.x264-OPEN-postbot", "OPEN"),
        ("Sintel.2010.1080p.BluRay.x264-OPEN-Obfuscated-xpost", "OPEN"),
        ("Sintel (2010) (1080p BluRay x265 10bit AAC 5.1 Blender)", "Blender"),
        ("Sintel (2010) (1080p BluRay x265 10bit AAC 5.1 Jane Blender)", "Blender"),
        ("Sintel (2010) (1080p BluRay x265 AAC 5.1 Jane) [BLND]", "BLND"),
        ("Sintel (2010) [1080p] [WEBRip] [BLND.XY]", "BLND.XY"),
        ("[Durian] Sintel (2010) (BD 1080p FLAC) [0A1B2C3D].mkv", "Durian"),
        ("Sintel.2010.1080p.BluRay.DTS.x264.B-L3ND", "B-L3ND"),
        ("Sintel.2010.BRRip.XviD.AC3.DURIAN", "DURIAN"),
        ("Sintel.2010.1080p.WEB-DL.H.264-BD", "BD"),
        ("Sintel.2010.1080p.BluRay.x264-OPEN[Tag]", "OPEN"),
        ("Sintel.2010.1080p.BluRay.x264-OPEN v2", "OPEN"),
        ("Sintel.2010.1080p.BluRay.x264-OPEN English", "OPEN"),
        ("Sintel 2010 1080p WEB-DL x264-OPEN (Other, Multi-Subs)", "OPEN"),
        ("Sintel (2010) (1080p BluRay x265 AAC 5.1 - OPEN) [REPACK]", "OPEN"),
        ("Sintel (2010) (1080p.BD.DD5.1.x265-Jane[BLND])", "BLND"),
        ("Sintel.2010.1080p.H264-OPEN-www.tracker.org.mkv", "OPEN"),
        ("Sintel.2010.1080p.H264-OPEN.7z", "OPEN"),
        ("Sintel.2010.1080p.H264-OPEN.r00", "OPEN"),
        ("Sintel.2010.1080p.BluRay.x264-B-L3ND", "B-L3ND"),
        ("Sintel.2010.1080p.BluRay.x264-20-40", "20-40"),
        ("Sintel.2010.DVDRip.AC3.iNT-io", "io"),
        ("Sintel.2010.DVDRip.H264-mp3", None),
        ("Sintel.2010.D.WEB-DLRip.avi", None),
        ("Sintel (2010) [720p] [WEB-DL] [Dubbing]", None),
        ("Sintel.2010.1080p.WEB-DL", None),
        ("Sintel.2010.1080p.WEB-DL.DD5.1.H.264", None),
        ("Sintel.2010.1080p.BluRay.DTS-HD.MA.5.1", None),
        ("Sintel (2010) [WEBDL-1080p]", None),
        ("Sintel - Durian (2010)", None),
        ("Sintel 2010 720p WEBRip 800MB", None),
    ],
)
def test_the_group_is_what_the_release_ends_with(name: str, group: str | None) -> None:
    assert parse_release_name(name).group == group
