from __future__ import annotations

import pytest

from reeld.domain.parsing import parse_release_name


@pytest.mark.parametrize(
    ("name", "title", "year"),
    [
        ("Big.Buck.Bunny.2008.1080p.BluRay.x264-PEACH", "Big Buck Bunny", 2008),
        ("Big Buck Bunny (2008) [1080p] [WEBRip]", "Big Buck Bunny", 2008),
        ("Big_Buck_Bunny_2008_720p_HDTV", "Big Buck Bunny", 2008),
        ("Big.Buck.Bunny.1080p.BluRay.x264-PEACH", "Big Buck Bunny", None),
        ("Big Buck Bunny [1080p] MULTi 2008 BluRay x264-PEACH", "Big Buck Bunny", 2008),
        ("(2008) Big Buck Bunny DVDRip", "Big Buck Bunny", 2008),
        ("[PEACH] Big Buck Bunny (2008) (BD 1080p FLAC) [0A1B2C3D].mkv", "Big Buck Bunny", 2008),
        ("www.some-tracker.org - Big.Buck.Bunny.2008.720p.WEB-DL", "Big Buck Bunny", 2008),
        ("[ www.some-tracker.org ] Big Buck Bunny 2008 720p", "Big Buck Bunny", 2008),
        ("Big.Buck.Bunny.2008.720p.WEB-DL.x264[www.tracker.org].mkv", "Big Buck Bunny", 2008),
        ("/downloads/films/Big.Buck.Bunny.2008.720p.WEB-DL.mkv", "Big Buck Bunny", 2008),
        ("C:\\films\\Big.Buck.Bunny.2008.720p.WEB-DL.mkv", "Big Buck Bunny", 2008),
        ("2012.2009.1080p.BluRay.x264-END", "2012", 2009),
        ("2012.1080p.BluRay.x264-END", "2012", None),
        ("1984.1956.DVDRip.x264-OWL", "1984", 1956),
        ("Metropolis.2150.1927.1080p.BluRay-UFA", "Metropolis 2150", 1927),
        ("Class.of.1984.1982.720p.BluRay.x264-PUNK", "Class of 1984", 1982),
        ("Station 1999 (2020) 1080p WEBRip", "Station 1999", 2020),
        ("R.U.R.2022.1080p.WEB-DL.x264-ROBOT", "R.U.R.", 2022),
        ("The.Evening.Show.2019.03.14.720p.HDTV.x264-LATE", "The Evening Show", 2019),
        ("Web.2013.DVDRip.XviD-NET", "Web", 2013),
        ("The.Cam.2018.1080p.WEB-DL.x264-EYE", "The Cam", 2018),
        ("The.Remux.2018.1080p.WEB-DL.x264-EYE", "The Remux", 2018),
        ("The.Good.Italian.2016.720p.BluRay.x264-ROMA", "The Good Italian", 2016),
        ("Nachtfahrt.German.2014.LD.BDRip.x264-NACHT", "Nachtfahrt", 2014),
        ("Nachtfahrt.German.DL.1080p.BluRay.x264-NACHT", "Nachtfahrt", None),
        ("Nosferatu.Restored.1922.1080p.BluRay-COUNT", "Nosferatu", 1922),
        ("Nosferatu (Murnau) (1922) 1080p", "Nosferatu", 1922),
        ("Nosferatu v2 (1922) 1080p", "Nosferatu", 1922),
        ("Ночь / The Night (2015) WEB-DL 1080p", "The Night", 2015),
        ("夜 The Night 2015 1080p WEB-DL", "The Night", 2015),
        ("Ночь 2015 WEB-DL 1080p", "Ночь", 2015),
        ("Movie 1920x1080 x264", "Movie", None),
        ("Movie 1920×1080 x264", "Movie", None),
        ("Some.Saga.2001-2011.1080p.BluRay", "Some Saga", 2011),
        ("Of.Years.1982-1992.2017.1080p.WEB", "Of Years 1982-1992", 2017),
        ("(1975) Station 2000 1080p BluRay", "Station 2000", 1975),
        ("[CUT] 2 2009 1080p BluRay", "[CUT] 2", 2009),
        ("[PEACH] 5 Bunnies (2007) 1080p", "5 Bunnies", 2007),
        ("(300) Bunnies 2008 1080p", "(300) Bunnies", 2008),
        ("(Comedy) Big Buck Bunny 2008 1080p", "Big Buck Bunny", 2008),
        ("Big Buck Bunny - Comedy 2008 1080p", "Big Buck Bunny", 2008),
        ("Big.Buck.Bunny.MULTi.2008.1080p", "Big Buck Bunny", 2008),
        ("Big.Buck.Bunny.OM.2008.WEB-DLRip", "Big Buck Bunny", 2008),
        ("Multi.Bunny.2008.1080p", "Multi Bunny", 2008),
        ("Big Buck Bunny 3D SBS (2008) 1080p", "Big Buck Bunny", 2008),
        ("夜[IMAX版][字幕].The.Night.2015.1080p", "The Night", 2015),
        ("3 Ночь 3 2015 BDRip 1080p", "3 Ночь 3", 2015),
        ("Ночь 3D / 3D Night (2015) BDRip", "3D Night", 2015),
        ("Ночь / The Night (Иван Петров / Ivan Petrov) [2015, BDRip]", "The Night", 2015),
        ("Open.Season.7.2008.1080p.BluRay", "Open Season 7", 2008),
        ("Seven.Days.in.May.1964.1080p", "Seven Days in May", 1964),
        ("A.B.Bunny.2008.1080p", "A.B. Bunny", 2008),
        ("Movie BT.2020 HDR 2160p WEB-DL", "Movie", None),
    ],
)
def test_a_title_ends_where_the_release_begins(name: str, title: str, year: int | None) -> None:
    parsed = parse_release_name(name)
    assert (parsed.title, parsed.year) == (title, year)


@pytest.mark.parametrize(
    "name",
    [
        "La.Nuit.AKA.The.Night.2015.1080p.WEB-DL",
        "La Nuit aka The Night (2015) 1080p WEB-DL",
        "La Nuit a.k.a. The Night 2015 1080p WEB-DL",
        "La Nuit (The Night) 2015 1080p WEB-DL",
        "La Nuit / The Night (2015) 1080p WEB-DL",
    ],
)
def test_both_titles_of_a_movie_are_read(name: str) -> None:
    parsed = parse_release_name(name)
    assert {"La Nuit", "The Night"} <= set(parsed.titles)


def test_a_title_that_is_the_word_aka_stays_one() -> None:
    assert parse_release_name("AKA.2002.DVDRip.XviD-ID").title == "AKA"


def test_doubtful_last_words_are_read_both_ways() -> None:
    parsed = parse_release_name("Saw.Doctor.3D.2012.1080p.BluRay-OPEN")
    assert {"Saw Doctor 3D", "Saw Doctor"} <= set(parsed.titles)


def test_ids_in_a_name_are_read() -> None:
    parsed = parse_release_name("Sintel (2010) [imdbid-tt1727587] {tmdb-45745} 1080p WEB-DL")
    assert (parsed.title, parsed.imdb_id, parsed.tmdb_id) == ("Sintel", "tt1727587", 45745)


@pytest.mark.parametrize(
    "name",
    [
        "Some.Show.S01E02.1080p.WEB-DL.x264-TV",
        "Some Show - 1x02 - Pilot 720p HDTV",
        "Some.Show.S03.1080p.BluRay.x264-TV",
        "Some.Show.2019.S01E02.720p.WEB-DL",
        "Some Show Season 2 1080p",
        "Some Show - Stagione 1 (2024) 720p",
        "Some Show [Sezon 01-07] 1080p",
        "Some.Show.2.Sezon.7.Bölüm.2021.1080p",
        "Some Show 2019 10 25 Some Guest 480p",
        "Some.Show.03-29-2012.HDTV",
        "Some Show 9th Dec 2019 WEBRip",
        "SomeShowS01E08ItsNameGERMAN1080pWEB-DL",
    ],
)
def test_episodes_and_seasons_are_told_apart(name: str) -> None:
    assert parse_release_name(name).is_episode


@pytest.mark.parametrize(
    "name",
    [
        "Sintel.2010.1080p.BluRay.x264-S97",
        "Open.Season.7.2008.1080p",
        "11-11-11.2011.1080p",
        "10x10.2018.1080p.WEB-DL",
        "Apollo.11.2019.720p",
    ],
)
def test_movies_are_no_episodes(name: str) -> None:
    assert not parse_release_name(name).is_episode


@pytest.mark.parametrize(
    "name",
    ["9f86d081884c7d659a2feaa0c55ad015", "kJ8sLq02mmZpQ1vR", "JUST SOME WORDS", "", "...", "- -"],
)
def test_a_name_that_names_nothing_is_unparseable(name: str) -> None:
    assert parse_release_name(name).is_unparseable
