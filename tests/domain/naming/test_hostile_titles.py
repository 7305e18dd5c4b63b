"""Titles come from TMDB, where anybody may write them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reeld.domain.naming import LONGEST_NAME, NamingFacts, Template, library_path
from reeld.domain.quality import Quality

FOLDER = Template("{Movie Title} ({Release Year})")
FILE = Template("{Movie Title} ({Release Year}) {Quality Full}")
BARE = Template("{Movie Title}")
RESERVED = {"con", "prn", "aux", "nul", "com1", "lpt9"}


def placed(make_movie, title: str, folder: Template = BARE, file: Template = BARE):
    facts = NamingFacts(make_movie(title=title), quality=Quality.BLURAY_1080P)
    return library_path(folder, file, facts, ".mkv")


@pytest.mark.parametrize(
    ("title", "folder"),
    [
        ("../../etc/passwd", "+..+etc+passwd"),
        ("..", "tmdb-45745"),
        (".", "tmdb-45745"),
        ("", "tmdb-45745"),
        ("/", "+"),
        ("a/b\\c", "a+b+c"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("  spaced  out  ", "spaced out"),
        ("ends with dots...", "ends with dots"),
        ("new\nline\ttab", "new line tab"),
        ("nul\x00byte", "nulbyte"),
        ("\u202egnp.exe", "gnp.exe"),
        ("half \ud800 a character", "half a character"),
        ("Mission: Impossible", "Mission - Impossible"),
        ("12:08", "12-08"),
        ("Tick... Tock", "Tick... Tock"),
        ('What? <A> "Quote" | *Star*', "What! A Quote -Star"),
        ("CON", "CON_"),
        ("con.trol", "con_trol"),
        ("Conan", "Conan"),
        ("Lpt1", "Lpt1_"),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_a_title_becomes_a_name_that_means_nothing_else(make_movie, title, folder) -> None:
    assert placed(make_movie, title).parts == (folder, f"{folder}.mkv")


def test_a_long_title_is_cut_by_bytes_and_keeps_its_extension(make_movie) -> None:
    path = placed(make_movie, "夜" * 300)
    assert all(len(part.encode()) <= LONGEST_NAME for part in path.parts)
    assert path.name.endswith("夜.mkv")
    assert LONGEST_NAME + len(".part") <= 255


def test_a_cut_between_two_words_leaves_no_space_at_the_end(make_movie) -> None:
    folder, file = placed(make_movie, "ab " * 200).parts
    assert folder.endswith("ab")
    assert file.endswith("ab.mkv")


def test_a_cut_never_separates_a_letter_from_its_accents(make_movie) -> None:
    # No composed form exists for this letter, so that its accent stays a character of its own.
    title = "x" * (LONGEST_NAME - 1) + "q\u0308"
    assert not placed(make_movie, title).parts[0].endswith("q")


@given(st.text(max_size=300), st.integers(min_value=0, max_value=3))
@settings(
    deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_title_leads_out_of_the_library(make_movie, title: str, which: int) -> None:
    folder, file = [(BARE, BARE), (FOLDER, FILE), (BARE, FILE), (FOLDER, BARE)][which]
    path = placed(make_movie, title, folder, file)
    assert not path.is_absolute()
    assert len(path.parts) == 2
    for part in path.parts:
        assert part not in {"", ".", ".."}
        assert part[0] not in " .-"
        assert part[-1] not in " ."
        assert len(part.encode()) <= LONGEST_NAME
        assert not set(part) & set('/\\:*?"<>|\x00')
        assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in part)
        assert unicodedata.is_normalized("NFC", part)
        assert part.partition(".")[0].casefold() not in RESERVED
    assert path.suffix == ".mkv"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_word_of_a_release_leads_out_either(make_movie, edition, group, title, file) -> None:
    facts = NamingFacts(
        make_movie(),
        edition=edition,
        release_group=group,
        release_title=title,
        original_filename=file,
    )
    template = Template("{Original Title}/{Edition Tags}{-Release Group}/{Original Filename}")
    path = library_path(template, template, facts, ".mkv")
    assert len(path.parts) == 6
    assert all(part not in {"", ".", ".."} and "/" not in part for part in path.parts)
