"""Reads which cut or edition of the movie a release holds."""

from __future__ import annotations

import re
from typing import Final

_QUALIFIER: Final = (
    r"director['’ ]?s?|collector['’ ]?s?|theatrical|ultimate|final|extended|rogue|rouge|diamond|signature|"
    r"imperial|limited|anniversary|\d{1,3}(?:st|nd|rd|th) anniversary|hunter|rekall|special|deluxe|"
    r"alternat(?:e|ive)|assembly|international|producer'?s?|criterion|gold(?:en)?|platinum|"
    r"definitive|redux|integral|open matte|workprint|television|tv|unrated|uncut|uncensored|fan|festival|"
    r"remastered|restored|roadshow|noir|complete|original|legacy|steelbook|unreleased|broadcast|export|"
    r"imax|despeciali[sz]ed|fan[ \-]?edit"
)
_NOUN: Final = r"(?:cut|edition|version|collection)s?"
_PHRASE: Final = (
    rf"(?:the )?(?:{_QUALIFIER})(?: (?:{_QUALIFIER})){{0,2}} (?:{_NOUN})|"
    rf"(?:ultimate|special) [^\W\d_]{{3,12}} (?:{_NOUN})|"
    r"director['’ ]?s|\d ?in ?1|extended|uncut|unrated|uncensored|re-?master(?:ed)?|restored|restoration|"
    r"imax|open[ \-]?matte|despeciali[sz]ed|theatrical|fan[ \-]?edit|re-?cut|(?-i:DC)|"
    r"(?:the )?criterion|redux|\d{1,3}(?:st|nd|rd|th) anniversary"
)
# Behind the year no title can be meant: "Snyder Cut", "Ultimate".
_IN_TAIL: Final = (
    r"(?!(?:dvd|bluray|blu-ray|web|uhd|hdr|hdtv|imax) )(?:[^\W\d_]{3,15} and )?[^\W\d_]{3,15}(?:['’ ]s)? (?:cut|edition)|"
    r"ultimate|collector['’ ]?s|special edition"
)
_EDITION_OF_TAIL: Final = re.compile(
    rf"(?<![^\W_])(?:{_PHRASE}|{_IN_TAIL})(?![^\W_])", re.IGNORECASE
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
    found = (*_EDITION.finditer(title_words), *_EDITION_OF_TAIL.finditer(tail))
    phrases = [m[0] for m in found]
    return tuple(dict.fromkeys(" ".join(phrase.split()) for phrase in phrases))
