from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeld.domain.matching import Match, MatchedBy, Mismatch, NoMatch, TitleIndex
from reeld.domain.parsing import parse_release_name

WORDS = ["Red", "Blue", "Night", "of", "and", "Sea", "2", "Ünder", "L'Homme"]


def match(index: TitleIndex, name: str, **ids: object) -> Match | NoMatch:
    return index.match(parse_release_name(name), **ids)


@pytest.fixture
def index(make_movie) -> TitleIndex:
    return TitleIndex(
        [
            make_movie(id=1),
            make_movie(id=2, tmdb_id=2, imdb_id="tt0000002", title="Nosferatu", year=1922),
            make_movie(id=3, tmdb_id=3, imdb_id="tt0000003", title="Nosferatu", year=2024),
            make_movie(
                id=4,
                tmdb_id=4,
                imdb_id=None,
                title="The Night",
                original_title="La Nuit",
                alternative_titles=("Ночь",),
                year=2015,
                secondary_year=2014,
            ),
            make_movie(id=5, tmdb_id=5, imdb_id=None, title="Twins", year=1999),
            make_movie(id=6, tmdb_id=6, imdb_id=None, title="The Twins", year=1999),
        ]
    )


def test_a_release_matches_by_title_and_year(index) -> None:
    assert match(index, "Sintel.2010.1080p.WEB-DL") == Match(1, MatchedBy.TITLE)
    assert match(index, "Nosferatu.2024.1080p.WEB-DL") == Match(3, MatchedBy.TITLE)


@pytest.mark.parametrize(
    "name",
    [
        "La.Nuit.2015.1080p.WEB-DL",
        "La Nuit AKA The Night (2015) 1080p",
        "Ночь (2015) WEB-DL 1080p",
        "Ночь / The Night (2015) WEB-DL 1080p",
    ],
)
def test_every_title_of_a_movie_counts(index, name: str) -> None:
    assert match(index, name) == Match(4, MatchedBy.TITLE)


@pytest.mark.parametrize(
    "name",
    [
        "IMAX.-.Sintel.2010.1080p.BluRay",
        "Netflix Originals - Sintel 2010 1080p WEB-DL",
        "(Comedy) Netflix Originals - Sintel (2010) 1080p WEB-DL",
        "BBC.Sintel.2010.1080p.HDTV",
        "grp-sintel.2010.1080p",
    ],
)
def test_what_stands_before_titles_and_belongs_to_none_does_not_count(index, name: str) -> None:
    assert index.could_match(name)
    assert match(index, name) == Match(1, MatchedBy.TITLE)


def test_two_wanted_movies_in_one_name_are_ambiguous(make_movie) -> None:
    index = TitleIndex(
        [make_movie(id=1), make_movie(id=2, tmdb_id=2, imdb_id=None, title="Durian")]
    )
    found = match(index, "Sintel AKA Durian (2010) 1080p WEB-DL")
    assert isinstance(found, NoMatch)
    assert (found.reason, set(found.near)) == (Mismatch.MOVIE_AMBIGUOUS, {1, 2})


def test_the_secondary_year_counts_and_no_other(index) -> None:
    assert match(index, "The.Night.2014.1080p.WEB-DL") == Match(4, MatchedBy.TITLE)
    found = match(index, "The.Night.2016.1080p.WEB-DL")
    assert isinstance(found, NoMatch)
    assert found.reason is Mismatch.WRONG_YEAR
    assert "2016" in found.sentence
    assert "2014 or 2015" in found.sentence


def test_ids_are_believed_before_titles(index) -> None:
    odd = "Sintel.A.Dragon.Tale.1080p.WEB-DL"
    assert match(index, odd, imdb_id="tt1727587") == Match(1, MatchedBy.IMDB_ID)
    assert match(index, odd, tmdb_id=45745) == Match(1, MatchedBy.TMDB_ID)
    assert match(index, f"{odd}.[tt1727587]") == Match(1, MatchedBy.IMDB_ID)


@pytest.mark.parametrize(
    ("name", "ids", "reason"),
    [
        ("Some.Show.S01E02.1080p.WEB-DL", {}, Mismatch.EPISODE),
        ("Sintel.S01E02.1080p.WEB-DL", {"imdb_id": "tt1727587"}, Mismatch.EPISODE),
        ("0123456789abcdef0123456789abcdef", {}, Mismatch.UNPARSEABLE),
        ("Unwanted.Movie.2010.1080p.WEB-DL", {}, Mismatch.MOVIE_UNKNOWN),
        ("Sintel.1080p.WEB-DL", {}, Mismatch.YEAR_MISSING),
        ("Sintel.2011.1080p.WEB-DL", {}, Mismatch.WRONG_YEAR),
        ("Twins.1999.1080p.WEB-DL", {}, Mismatch.MOVIE_AMBIGUOUS),
        ("Sintel.2010.1080p.WEB-DL", {"imdb_id": "tt9999999"}, Mismatch.WRONG_MOVIE),
        ("Other.Movie.1990.1080p.WEB-DL", {"imdb_id": "tt1727587"}, Mismatch.WRONG_MOVIE),
        # A remake that bears the id of the first film.
        ("Sintel.1998.1080p.WEB-DL", {"imdb_id": "tt1727587"}, Mismatch.WRONG_YEAR),
        (
            "Sintel.2010.1080p.WEB-DL",
            {"imdb_id": "tt1727587", "tmdb_id": 2},
            Mismatch.MOVIE_AMBIGUOUS,
        ),
    ],
)
def test_a_doubt_is_a_named_rejection(index, name: str, ids, reason: Mismatch) -> None:
    found = match(index, name, **ids)
    assert isinstance(found, NoMatch)
    assert found.reason is reason
    assert found.sentence.endswith(".")


def test_an_ambiguity_names_the_movies_that_came_near(index) -> None:
    found = match(index, "Twins.1999.1080p.WEB-DL")
    assert isinstance(found, NoMatch)
    assert found.near == (5, 6)


def test_an_id_of_a_movie_that_is_not_wanted_leaves_the_title_to_say(index) -> None:
    assert match(index, "The.Night.2015.1080p", imdb_id="tt0404040") == Match(4, MatchedBy.TITLE)


def test_an_empty_index_matches_nothing() -> None:
    index = TitleIndex([])
    assert len(index) == 0
    assert not index.could_match("Sintel.2010.1080p.WEB-DL")
    assert isinstance(match(index, "Sintel.2010.1080p.WEB-DL"), NoMatch)


@pytest.mark.parametrize(
    "name",
    [
        "Sintel.2010.1080p.WEB-DL",
        "Sintel 1080p",
        "[Durian] Sintel (2010) [1080p]",
        "www.tracker.org - Sintel.2010.1080p",
        "La.Nuit.AKA.The.Night.2014.1080p",
        "Ночь / The Night (2015)",
        "夜 The Night 2015 1080p",
        "(2015) The Night",
        "grp-sintel.2010.1080p",
        "Sintel 2011 1080p",
    ],
)
def test_the_index_lets_names_through_that_could_be_a_movie(index, name: str) -> None:
    assert index.could_match(name)


@pytest.mark.parametrize(
    "name",
    [
        "Unwanted.Movie.2010.1080p.WEB-DL",
        "Sintel.1987.1080p.WEB-DL",
        "Sintel.S01E02.1080p.WEB-DL",
        "A.Film.About.Sintel.2010",
        "",
        "\x00" * 5000,
        "[" * 5000,
    ],
)
def test_the_index_refuses_names_that_could_be_none(index, name: str) -> None:
    assert not index.could_match(name)


@given(st.text(max_size=400))
@settings(deadline=None)
def test_any_text_can_be_looked_up(text: str) -> None:
    index = TitleIndex([_Named(text), _Named("Sintel")])
    index.could_match(text)
    index.match(parse_release_name(text))


@given(
    st.lists(st.sampled_from(WORDS), min_size=1),
    st.integers(min_value=1930, max_value=2029),
    st.sampled_from([".", " ", "_"]),
)
@settings(deadline=None)
def test_what_matches_by_title_was_let_through(words, year: int, separator: str) -> None:
    title = " ".join(words[:6])
    index = TitleIndex([_Named(title, frozenset({year}))])
    name = f"{title} {year} 1080p WEB-DL x264-OPEN".replace(" ", separator)
    assert isinstance(match(index, name), Match)
    assert index.could_match(name)


class _Named:
    id = 1
    tmdb_id = 1
    imdb_id = None

    def __init__(self, title: str, years: frozenset[int] = frozenset({2010})) -> None:
        self.titles = (title,)
        self.years = years
