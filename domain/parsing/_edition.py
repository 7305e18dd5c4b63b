"""Reads which cut or edition of the movie a release holds."""

from __future__ import annotations

import re
from typing import Final

_QUALIFIER: Final = (
    r"director'?s?|collector'?s?|theatrical|ultimate|final|extended|rogue|diamond|signature|"
    r"imperial|limited|anniversary|\d{1,3}(?:st|nd|rd|th) anniversary|hunter|rekall|special|deluxe|"
    r"alternat(?:e|ive)|assembly|international|producer'?s?|criterion|gold(?:en)?|platinum|"
    r"definitive|redux|integral|open matte|workprint|television|unrated|fan"
)
_NOUN: Final = r"cut|edition|version|collection"
_PHRASE: Final = (
    rf"(?:the )?(?:{_QUALIFIER})(?: (?:{_QUALIFIER})){{0,2}} (?:{_NOUN})|"
    rf"(?:ultimate|special) [^\W\d_]{{3,12}} (?:{_NOUN})|"
    r"director'?s|\d ?in ?1|extended|uncut|unrated|uncensored|re-?mastered|restored|restoration|"
    r"imax|open[ \-]?matte|despeciali[sz]ed|theatrical|fan[ \-]?edit|re-?cut|(?-i:DC)|"
    r"(?:the )?criterion|redux|\d{1,3}(?:st|nd|rd|th) anniversary"
)
_EDITION: Final = re.compile(rf"(?<![^\W_])(?:{_PHRASE})(?![^\W_])", re.IGNORECASE)
_BETWEEN: Final = frozenset(" -()[]+,")


def split_edition(title: str) -> tuple[str, str]:
    """Split an edition off the end of a title: the title without it, and its words.

    A title that would be left empty keeps its words.
    """
    cut = len(title)
    for found in reversed(list(_EDITION.finditer(title))):
        joins_end = set(title[found.end() : cut]) <= _BETWEEN
        if not joins_end or not any(char.isalnum() for char in title[: found.start()]):
            break
        cut = found.start()
    return title[:cut].rstrip(" -(["), title[cut:]


def read_editions(title_words: str, tail: str) -> tuple[str, ...]:
    """Return the editions that stand at the title's end and in the tail, as written."""
    phrases = [m[0] for part in (title_words, tail) for m in _EDITION.finditer(part)]
    return tuple(dict.fromkeys(" ".join(phrase.split()) for phrase in phrases))
