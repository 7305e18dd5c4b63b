from __future__ import annotations

import pytest

from reeld.domain.language import Language, spoken_languages
from reeld.domain.parsing._language_words import LANGUAGES


def test_there_are_radarrs_languages_with_its_ids() -> None:
    assert [each.number for each in Language] == list(range(58))
    assert Language.by_number(30) is Language.PORTUGUESE_BRAZIL
    with pytest.raises(KeyError):
        Language.by_number(-2)


@pytest.mark.parametrize("name", [each for each in LANGUAGES if each != "Original"])
def test_every_language_that_a_name_is_read_to_have_is_one(name: str) -> None:
    assert Language.by_label(name)


@pytest.mark.parametrize("label", ["Portuguese (Brazil)", "PortugueseBR", "portuguese brazil"])
def test_a_language_has_its_name_in_any_spelling(label: str) -> None:
    assert Language.by_label(label) is Language.PORTUGUESE_BRAZIL


@pytest.mark.parametrize(
    ("code", "language"),
    [("en", Language.ENGLISH), ("CN", Language.CHINESE), ("xx", None), ("", None), (None, None)],
)
def test_a_language_has_the_codes_of_tmdb(code: str | None, language: Language | None) -> None:
    assert Language.by_code(code) is language


@pytest.mark.parametrize(
    ("names", "original", "spoken"),
    [
        ((), Language.FRENCH, {Language.FRENCH}),
        ((), None, {Language.UNKNOWN}),
        (("German", "Original"), Language.ENGLISH, {Language.GERMAN, Language.ENGLISH}),
        (("French",), Language.ENGLISH, {Language.FRENCH}),
        (("Original",), None, {Language.UNKNOWN}),
    ],
)
def test_a_name_that_says_nothing_means_the_original_language(
    names: tuple[str, ...], original: Language | None, spoken: set[Language]
) -> None:
    assert spoken_languages(names, original) == spoken
