from __future__ import annotations

import pytest

from reeld.domain.custom_format import FormatMatch
from reeld.domain.media import AudioTrack, DynamicRange, MediaFacts
from reeld.domain.naming import (
    InvalidTemplate,
    NamingFacts,
    Template,
    file_path,
    folder_path,
    formats_shown,
)
from reeld.domain.quality import Quality, Revision

MEDIA = MediaFacts(
    runtime_seconds=888.0,
    width=1920,
    height=818,
    video_codec="x264",
    bit_depth=8,
    dynamic_range=DynamicRange.HDR10,
    audio=(AudioTrack("DTS-HD MA", 6, "en"), AudioTrack("AAC", 2, "de")),
    subtitles=("en", "fr", "de"),
    is_3d=True,
)


@pytest.fixture
def facts(make_movie) -> NamingFacts:
    return NamingFacts(
        make_movie(title="The Durian: Open Movie", original_title="De Durian"),
        quality=Quality.BLURAY_1080P,
        revision=Revision(version=2),
        edition="director's CUT",
        release_group="OPEN",
        release_title="The.Durian.2010.1080p.BluRay.x264-OPEN",
        original_filename="durian-open",
        media=MEDIA,
        collection="The Blender Collection",
        certification="PG",
    )


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{Movie Title} ({Release Year})", "The Durian - Open Movie (2010)"),
        ("{Movie Title} {Quality Full}", "The Durian - Open Movie Bluray-1080p Proper"),
        ("{Movie CleanTitle}", "The Durian Open Movie"),
        ("{Movie TitleThe}", "Durian - Open Movie, The"),
        ("{Movie CleanTitleThe}", "Durian Open Movie, The"),
        ("{Movie TitleFirstCharacter}", "D"),
        ("{Movie OriginalTitle}", "De Durian"),
        ("{Movie Collection}", "The Blender Collection"),
        ("{Movie CollectionThe}", "Blender Collection, The"),
        ("{Movie Certification}", "PG"),
        ("{movie.title}.{release.year}", "the.durian.-.open.movie.2010"),
        ("{MOVIE_TITLE}", "THE_DURIAN_-_OPEN_MOVIE"),
        ("{Movie.CleanTitle}", "The.Durian.Open.Movie"),
        ("{Movie Title} {[Edition Tags]}", "The Durian - Open Movie [Director's Cut]"),
        (
            "{Movie Title} {edition-{Edition Tags}}",
            "The Durian - Open Movie {edition-Director's Cut}",
        ),
        ("{Movie Title} {imdb-{ImdbId}}", "The Durian - Open Movie {imdb-tt1727587}"),
        ("{Movie Title} [tmdbid-{TmdbId}]", "The Durian - Open Movie [tmdbid-45745]"),
        ("{Movie Title}{-Release Group}", "The Durian - Open Movie-OPEN"),
        ("{Original Title}", "The.Durian.2010.1080p.BluRay.x264-OPEN"),
        ("{Original Filename}", "durian-open"),
        ("{Quality Title} {Quality Proper}{ Quality Real}", "Bluray-1080p Proper"),
        ("x {MediaInfo VideoCodec} {MediaInfo VideoBitDepth}bit", "x x264 8bit"),
        ("x {MediaInfo VideoDynamicRange} {MediaInfo VideoDynamicRangeType}", "x HDR HDR10"),
        ("x {MediaInfo AudioCodec} {MediaInfo AudioChannels}", "x DTS-HD MA 5.1"),
        ("x {MediaInfo AudioLanguages} {MediaInfo SubtitleLanguages}", "x [EN+DE] [EN+FR+DE]"),
        ("x {MediaInfo SubtitleLanguages:DE+EN}", "x [DE+EN]"),
        ("x {MediaInfo SubtitleLanguages:-EN}", "x [FR+DE]"),
        ("x {MediaInfo SubtitleLanguages:NL}", "x"),
        ("x {MediaInfo Simple} {MediaInfo 3D}", "x x264 DTS-HD MA 3D"),
        ("x {MediaInfo Full}", "x x264 DTS-HD MA[EN+DE] [EN+FR+DE]"),
        ("{Movie Title:11}", "The Durian…"),
        ("{Movie Title:-6}", "…Movie"),
        ("{Movie Title:200}", "The Durian - Open Movie"),
    ],
)
def test_tokens_stand_for_what_is_known(facts, template: str, name: str) -> None:
    assert str(folder_path(Template(template), facts)) == name


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{Movie Title} ({Release Year}) {Quality Full}", "Sintel"),
        ("{Movie Title} {[Edition Tags]}{-Release Group}", "Sintel"),
        ("{Movie Title} {imdb-{ImdbId}}", "Sintel"),
        ("{Movie.Title}.{Quality.Full}.{MediaInfo.Simple}", "Sintel"),
        ("{Movie Title} - {Movie Collection}", "Sintel"),
        ("{Movie Title} - {Movie Collection} - {TmdbId}", "Sintel - 45745"),
        ("{Movie.Title}.{Quality.Full}.{TmdbId}", "Sintel.45745"),
        ("{Movie Title} [{MediaInfo AudioLanguages}]", "Sintel"),
    ],
)
def test_what_is_not_known_leaves_no_trace(make_movie, template: str, name: str) -> None:
    facts = NamingFacts(make_movie(year=None, imdb_id=None))
    assert str(folder_path(Template(template), facts)) == name


def test_english_alone_is_not_worth_a_word(make_movie) -> None:
    media = MediaFacts(1.0, audio=(AudioTrack("AAC", 2, "en"),))
    facts = NamingFacts(make_movie(), media=media)
    template = Template("{Movie Title} {MediaInfo AudioLanguages}{MediaInfo AudioLanguagesAll}")
    assert str(folder_path(template, facts)) == "Sintel [EN]"


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{Movie CleanTitle}{[Custom Formats]}{[Quality Title]}", "Sintel[HDR10 IMAX x264]"),
        ("{Movie CleanTitle} {Custom Formats}", "Sintel HDR10 IMAX x264"),
        ("{Movie.CleanTitle}.{Custom.Formats}", "Sintel.HDR10.IMAX.x264"),
        ("{Movie CleanTitle} {Custom Formats:IMAX}", "Sintel IMAX"),
        ("{Movie CleanTitle} {Custom Formats:x264,HDR10}", "Sintel HDR10 x264"),
        ("{Movie CleanTitle} {[Custom Formats:-IMAX,x264]}", "Sintel [HDR10]"),
        ("{Movie CleanTitle} {Custom Format:x264}", "Sintel x264"),
        ("{Movie CleanTitle} {Custom Format:Remux Tier 01}", "Sintel"),
        ("{Movie CleanTitle} {Custom Formats:8}", "Sintel HDR10 I…"),
    ],
)
def test_names_show_the_custom_formats_that_are_to_be_shown(
    make_movie, template: str, name: str
) -> None:
    found = [
        FormatMatch(number, each) for number, each in enumerate(("x264", "IMAX", "Bad", "HDR10"))
    ]
    facts = NamingFacts(make_movie(), custom_formats=formats_shown(found, {0, 1, 3}))
    assert str(folder_path(Template(template), facts)) == name
    assert formats_shown(None, {0}) == ()


def test_a_slash_in_the_template_makes_folders(facts) -> None:
    template = Template("{Movie TitleFirstCharacter}\\{Movie CleanTitle}/{Release Year}")
    assert folder_path(template, facts).parts == ("D", "The Durian Open Movie", "2010")


def test_dots_that_lead_nowhere_may_stand_in_a_template(facts) -> None:
    template = Template("{Movie CleanTitle}.../{Release Year}...x")
    assert folder_path(template, facts).parts == ("The Durian Open Movie", "2010...x")


def test_a_file_keeps_its_extension_in_small_letters(facts) -> None:
    template = Template("{Movie CleanTitle}")
    assert str(file_path(template, facts, ".MKV")) == "The Durian Open Movie.mkv"
    assert str(file_path(template, facts, "/../x")) == "The Durian Open Movie"


@pytest.mark.parametrize("first", ["Æon", "Ångström", "¡Åh!", "A"])
def test_the_first_character_has_no_accent(make_movie, first: str) -> None:
    facts = NamingFacts(make_movie(title=first))
    assert str(folder_path(Template("{Movie TitleFirstCharacter}"), facts)) == "A"


@pytest.mark.parametrize(
    ("template", "word"),
    [
        ("", "empty"),
        (" . ", "leads out"),
        (" / ", "leads out"),
        ("/etc/{Movie Title}", "leads out"),
        ("\\\\server\\{Movie Title}", "leads out"),
        ("../{Movie Title}", "leads out"),
        ("{Movie Title}/../../x", "leads out"),
        ("{Movie Title}\\ .. \\x", "leads out"),
        ("./{Movie Title}", "leads out"),
        ("Movies", "no token"),
        ("{Movie Titel}", "{Movie Titel}"),
        ("{Movie Title} {imdb-{ImdbIt}}", "{ImdbIt}"),
        ("{Movie Title} {Quality: Full}", "{Quality: Full}"),
        ("{Movie Title} {Quality Full:x264 here}", "{Quality Full:x264 here}"),
        ("{Movie Title} {Custom Format}", "{Custom Format:IMAX}"),
        ("{Movie Title:1000}", "{Movie Title:1000}"),
    ],
)
def test_a_wrong_template_says_what_is_wrong(template: str, word: str) -> None:
    with pytest.raises(InvalidTemplate) as caught:
        Template(template)
    assert word in caught.value.sentence
