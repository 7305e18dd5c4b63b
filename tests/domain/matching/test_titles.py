from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reeld.domain.matching import title_key, title_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Spider-Man", "Spiderman"),
        ("Spider-Man", "spider man"),
        ("The Circus", "Circus"),
        ("Léon", "Leon"),
        ("Æon Flux", "Aeon Flux"),
        ("Law & Order", "Law and Order"),
        ("Romeo + Juliet", "Romeo and Juliet"),
        ("Schindler's List", "Schindlers List"),
        ("Schindler’s List", "Schindlers.List"),
        ("Rocky II", "Rocky 2"),
        ("R.U.R.", "RUR"),
        ("Sintel: The Durian Movie", "Sintel - Durian Movie"),
        ("ＳＩＮＴＥＬ", "Sintel"),
        ("Straße", "Strasse"),
    ],
)
def test_spellings_of_one_title_share_a_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Rocky", "Rocky 2"), ("I, Robot", "1 Robot"), ("Malcolm X", "Malcolm 10")]
)
def test_other_titles_have_other_keys(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


def test_a_title_of_articles_keeps_them() -> None:
    assert title_key("The A") == "thea"
    assert title_key("!!!") == ""


@given(st.text(max_size=200))
def test_any_text_has_a_key_that_is_the_key_of_itself(text: str) -> None:
    assert all(title_words(text))
    key = title_key(text)
    assert title_key(key) == key or key in {"the", "an", "a"} or key == ""
