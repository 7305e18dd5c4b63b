from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reeld.domain.matching import title_key, title_words
from reeld.domain.matching._titles import title_spellings


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Spider-Man", "Spiderman"),
        ("Spider-Man", "spider man"),
        ("The Circus", "Circus"),
        ("Léon", "Leon"),
        ("Æon Flux", "Aeon Flux"),
        ("Law & Order", "Law and Order"),
        ("Lilo & Stitch", "Lilo.Stitch"),
        ("Ocean's Eleven", "Oceans.11"),
        ("Ocean's Eleven", "Ocean.s.Eleven"),
        ("Kill Bill: Volume Two", "Kill Bill Volume II"),
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
    assert title_key(" ".join(title_words(text))) == key
    assert key == key.casefold()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Rocky V", "Rocky 5"),
        ("Rocky 5", "Rocky V"),
        ("Die Verurteilten für immer", "Die.Verurteilten.fuer.immer"),
        ("Mord på øen", "Mord.paa.oeen"),
        ("Night of the Flesh Eaters AKA NOTLD", "NOTLD"),
        ("La Nuit / The Night", "The Night"),
        ("Dune: Part One", "Dune Part 1"),
        ("Dune Part I", "Dune Part One"),
        ("Mockingjay - Part 1", "Mockingjay Part I"),
    ],
)
def test_a_title_is_known_in_every_spelling_that_releases_use(title: str, name: str) -> None:
    keys = {title_key(spelt) for spelt in title_spellings(title)}
    assert title_key(name) in keys
    assert title_key(title) in keys


@given(st.text(max_size=200))
def test_any_text_has_few_spellings_the_text_first(text: str) -> None:
    spellings = title_spellings(text)
    assert spellings[0] == text
    assert len(spellings) <= 8
