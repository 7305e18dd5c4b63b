"""Titles in a form in which equal ones are equal."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_APOSTROPHES: Final = re.compile(r"(?<=\w)['’`´ʼ](?=\w)")
# Articles come and go, and so does what stands for "&".
DROPPED: Final = frozenset({"the", "a", "an", "and"})
# Releases write sequels in figures, in Roman numerals or in words. I, V and X are words too often.
SAME_WORDS: Final = {
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
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "thirteen": "13",
}
_LETTERS: Final = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_SPELT_OUT: Final = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "å": "aa",
        "ø": "oe",
        "Ä": "ae",
        "Ö": "oe",
        "Ü": "ue",
        "Å": "aa",
        "Ø": "oe",
    }
)
_AKA: Final = re.compile(r"\s+a\.?k\.?a\.?\s+|\s+/\s+", re.IGNORECASE)
# A single letter that may be a numeral: at the end, before a subtitle, or behind what is numbered.
_NUMERAL: Final = re.compile(
    r"(?<=\s)(?P<last>i|v|x|1|5|10)(?=\s*$|\s*:|\s+-\s)|(?<=\bpart\s|\bchap\s)(?P<part>i|v|x|1|5|10)\b",
    re.IGNORECASE,
)
_OTHER_NUMERAL: Final = {"i": "1", "v": "5", "x": "10", "1": "i", "5": "v", "10": "x"}
PUBLISHERS: Final = frozenset(
    {"bbc", "imax", "netflix", "hbo", "disney", "criterion", "original", "originals", "presents"}
)
"""What stands before titles and belongs to none of them."""
_PUBLISHERS: Final = re.compile(
    rf"^(?:\(\w+\)\W*)?(?:(?:{'|'.join(sorted(PUBLISHERS))})\b\W*)+", re.IGNORECASE
)
_NUMERAL_ENDS: Final = frozenset("iIvVxX150 ")
_MOST_KEYS: Final = 8


def fold(text: str) -> str:
    """Return a text in lower case, without accents and without apostrophes inside words."""
    if text.isascii():
        return (_APOSTROPHES.sub("", text) if "'" in text or "`" in text else text).lower()
    plain = _APOSTROPHES.sub("", text)
    # Folded again after the decomposition, which turns some letters that have no case into ones that do.
    folded = unicodedata.normalize("NFKD", plain.casefold()).casefold().translate(_LETTERS)
    return "".join(char for char in folded if not unicodedata.combining(char))


def title_words(title: str) -> tuple[str, ...]:
    """Return a title's words: folded, numbers as figures, without articles, apostrophes and any `and`.

    A title of nothing but articles keeps them.
    """
    words = [SAME_WORDS.get(word, word) for word in _WORD.findall(fold(title))]
    return tuple(word for word in words if word not in DROPPED) or tuple(words)


@lru_cache(maxsize=4096)
def title_key(title: str) -> str:
    """Return what two spellings of one title share; empty when a title has no word at all.

    The words run together, so that `Spider-Man`, `Spider Man` and `Spiderman` are one.
    """
    return key_of(title)


def key_of(title: str) -> str:
    """Return the same without remembering it: for whoever makes hundreds of thousands."""
    return "".join(title_words(title))


def title_spellings(title: str) -> tuple[str, ...]:
    """Return the ways in which releases write a title whose keys differ, the title itself first.

    Umlauts may be spelt out, a last I, V or X may be a numeral, and a title may be two with an `AKA` between them.
    """
    spellings = [title]
    # Most titles have neither, and an index has hundreds of thousands.
    if "/" in title or "k" in title or "K" in title:
        halves = [half for half in _AKA.split(title) if half.strip()]
        spellings += halves if len(halves) > 1 else ()
    for one in tuple(spellings):
        if not one.isascii():
            spellings.append(one.translate(_SPELT_OUT))
        if one[-1:] in _NUMERAL_ENDS or ":" in one or "-" in one or "art " in one or "ART " in one:
            spellings.append(_NUMERAL.sub(_counted, one))
    return tuple(dict.fromkeys(spellings))[:_MOST_KEYS] if len(spellings) > 1 else (title,)


def without_publisher(title: str) -> str:
    """Return a title without the names of publishers and formats that stand before it; itself when nothing is left."""
    return _PUBLISHERS.sub("", title) or title


def _counted(found: re.Match[str]) -> str:
    return _OTHER_NUMERAL[found[0].lower()]
