"""Revision, editions, languages."""

from __future__ import annotations

import pytest

from reeld.domain.parsing import parse_release_name


@pytest.mark.parametrize(
    ("words", "version", "real", "repack"),
    [
        ("1080p.WEB-DL", 1, 0, False),
        ("PROPER.1080p.WEB-DL", 2, 0, False),
        ("REPACK.1080p.WEB-DL", 2, 0, True),
        ("REPACK2.1080p.WEB-DL", 3, 0, True),
        ("RERIP.1080p.WEB-DL", 2, 0, True),
        ("REAL.PROPER.1080p.WEB-DL", 2, 1, False),
        ("REAL.REAL.PROPER.1080p.WEB-DL", 2, 2, False),
        ("1080p.WEB-DL.[v3]", 3, 0, False),
    ],
)
def test_a_mended_release_says_so(words: str, version: int, real: int, repack: bool) -> None:
    revision = parse_release_name(f"Sintel.2010.{words}.x264-OPEN").revision
    assert (revision.version, revision.real, revision.is_repack) == (version, real, repack)


def test_a_title_is_no_revision() -> None:
    parsed = parse_release_name("The.Real.Proper.Charlies.2010.1080p.WEB-DL.x264-OPEN")
    assert (parsed.revision.version, parsed.revision.real) == (1, 0)


@pytest.mark.parametrize(
    ("name", "editions"),
    [
        ("Sintel.2010.Directors.Cut.1080p.BluRay", ("Directors Cut",)),
        ("Sintel (2010) Director's Cut 1080p BluRay", ("Director's Cut",)),
        ("Sintel.Extended.Cut.2010.1080p.BluRay", ("Extended Cut",)),
        ("Sintel.2010.UNRATED.1080p.BluRay", ("UNRATED",)),
        ("Sintel.2010.IMAX.REMASTERED.1080p.BluRay", ("IMAX", "REMASTERED")),
        ("Sintel.2010.25th.Anniversary.Edition.1080p.BluRay", ("25th Anniversary Edition",)),
        ("Sintel.2010.Ultimate.Collectors.Edition.1080p", ("Ultimate Collectors Edition",)),
        ("Sintel.2010.Open.Matte.1080p.WEB-DL", ("Open Matte",)),
        ("Sintel.2010.The.Criterion.Collection.1080p", ("The Criterion Collection",)),
        ("Sintel.2010.DC.1080p.BluRay", ("DC",)),
        ("Sintel.2010.Director.s.Cut.1080p", ("Director s Cut",)),
        ("Sintel.2010.Extended.Editions.1080p", ("Extended Editions",)),
        ("Sintel.2010.REMASTER.1080p", ("REMASTER",)),
        ("Sintel.2010.Blender.Cut.1080p", ("Blender Cut",)),
        ("Sintel.2010.Ultimate.1080p", ("Ultimate",)),
        ("Sintel (IMAX Edition) (2010) 1080p", ("IMAX Edition",)),
        ("Sintel.2010.Despecialised.Edition.1080p", ("Despecialised Edition",)),
        ("Ultimate.Sintel.2010.1080p", ()),
        ("The.Blender.Cut.2010.1080p", ()),
        ("Sintel.2010.DVD.Edition.1080p", ()),
        ("Sintel.2010.1080p.BluRay", ()),
        ("The.Holiday.Special.2010.1080p.BluRay", ()),
        ("Uncut.2010.1080p.BluRay", ()),
    ],
)
def test_editions_are_read_as_written(name: str, editions: tuple[str, ...]) -> None:
    assert parse_release_name(name).editions == editions


@pytest.mark.parametrize(
    ("words", "languages"),
    [
        ("1080p.WEB-DL", ()),
        ("FRENCH.1080p.WEB-DL", ("French",)),
        ("TRUEFRENCH.1080p.WEB-DL", ("French",)),
        ("ITA.ENG.1080p.WEB-DL", ("Italian", "English")),
        ("1080p.BluRay.ENG-FRE-SPA", ("English", "French", "Spanish")),
        ("German.DL.1080p.BluRay", ("German", "Original")),
        ("German.ML.1080p.BluRay", ("German", "Original", "English")),
        ("German.1080p.WEB-DL", ("German",)),
        ("1080p.WEB-DL.English.Subs", ()),
        ("1080p.WEB-DL.Korean.English.Subbed", ("Korean",)),
        ("VOSTFR.1080p.WEB-DL", ()),
        ("SUBFRENCH.1080p.WEB-DL", ()),
        ("PLDUB.1080p.WEB-DL", ("Polish",)),
        ("Dublado.1080p.WEB-DL", ("PortugueseBR",)),
        ("Latino.1080p.WEB-DL", ("SpanishLatino",)),
        ("[Hindi + Tamil].1080p.WEB-DL", ("Hindi", "Tamil")),
        ("1080p.WEB-DL.LV", ("Latvian",)),
        ("1080p.iT.WEB-DL", ()),
        ("[Tam + Tel + Mal].1080p.WEB-DL", ("Tamil", "Telugu", "Malayalam")),
        ("1080p.BluRay.En.Fr.Sp", ("English", "French", "Spanish")),
        ("1080p.BluRay.SE.NO.DK", ("Swedish", "Norwegian", "Danish")),
        ("1080p.BluRay.{Fr-Eng}", ("French", "English")),
        ("1080p.[Hindi - Eng Subs].WEB-DL", ()),
        ("Eng.Rus.Multi-Subs.1080p", ("English", "Russian")),
        ("Dan.Harmon.720p.HDTV", ()),
        ("DAN.720p.HDTV", ("Danish",)),
        ("1080p.BluRay.DTS-ES", ()),
        ("DUAL.PT-BR.1080p", ("PortugueseBR",)),
        ("portugues.BR.1080p", ("PortugueseBR",)),
        ("portugues.1080p", ("Portuguese",)),
        ("NL-BE.1080p", ("Flemish",)),
        ("Dual.Lat.1080p", ("SpanishLatino",)),
        ("LAT.1080p", ("Latvian",)),
        ("Lektor.PL.1080p", ("Polish",)),
        ("Napisy.PL.1080p", ()),
        ("2xUkr.Eng.1080p", ("Ukrainian", "English")),
        ("[CHS].1080p", ("Chinese",)),
        ("1080p.NO.GRAIN.BluRay", ()),
    ],
)
def test_spoken_languages_are_read(words: str, languages: tuple[str, ...]) -> None:
    parsed = parse_release_name(f"Sintel.2010.{words}.x264-OPEN")
    assert parsed.languages == languages


def test_a_language_in_the_title_is_none_of_the_release() -> None:
    assert parse_release_name("The.French.Kiss.2010.1080p.BluRay.x264-OPEN").languages == ()


def test_a_language_in_a_groups_spelling_before_the_year_is_none_of_the_title() -> None:
    parsed = parse_release_name("Some.Kiss.FRENCH.2010.1080p.BluRay.x264-OPEN")
    assert (parsed.title, parsed.languages) == ("Some Kiss", ("French",))
    assert parse_release_name("The.FRENCH.2010.1080p.BluRay.x264-OPEN").title == "The FRENCH"


def test_brackets_before_the_title_may_speak_of_the_release() -> None:
    parsed = parse_release_name("[BluRay Rip 720p ITA] Sintel [2010]")
    assert (parsed.title, parsed.quality.label) == ("Sintel", "Bluray-720p")
    assert parsed.languages == ("Italian",)


def test_the_answer_as_json_has_every_key() -> None:
    answer = parse_release_name("Sintel.2010.1080p.WEB-DL.x264-OPEN").to_json()
    assert answer["title"] == "Sintel"
    assert answer["titles"] == ["Sintel"]
    assert answer["quality"] == "WEBDL-1080p"
    assert answer["resolution"] == 1080
    assert answer["revision"] == 1
    assert answer["group"] == "OPEN"
    assert answer["hardcoded_subs"] is None
    assert answer["unparseable"] is False
