"""Titles in a form in which equal ones are equal."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_APOSTROPHES: Final = re.compile(r"(?<=\w)['’`´ʼ](?=\w)")
_ARTICLES: Final = frozenset({"the", "a", "an"})
# Releases write sequels either way. I, V and X are words too often.
_ROMAN: Final = {
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "xi": "11",
    "xii": "12",
    "xiii": "13",
}
_LETTERS: Final = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)


def title_words(title: str) -> tuple[str, ...]:
    """Return a title's words: folded, without accents, articles and apostrophes, `&` as `and`.

    A title of nothing but articles keeps them.
    """
    plain = _APOSTROPHES.sub("", title.replace("&", " and ").replace("+", " and "))
    # Folded again after the decomposition, which turns some letters that have no case into ones that do.
    folded = unicodedata.normalize("NFKD", plain.casefold()).casefold().translate(_LETTERS)
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    words = [_ROMAN.get(word, word) for word in _WORD.findall(bare)]
    return tuple(word for word in words if word not in _ARTICLES) or tuple(words)


@lru_cache(maxsize=4096)
def title_key(title: str) -> str:
    """Return what two spellings of one title share; empty when a title has no word at all.

    The words run together, so that `Spider-Man`, `Spider Man` and `Spiderman` are one.
    """
    return "".join(title_words(title))
