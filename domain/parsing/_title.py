"""Reads the title out of the part of the name that holds it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from reeld.domain.parsing._edition import split_edition
from reeld.domain.parsing._language_words import LANGUAGE_WORDS
from reeld.domain.parsing._readings import polished, readings_of
from reeld.domain.parsing._remarks import without_remarks
from reeld.domain.parsing._tidy import flatten


class Title(NamedTuple):
    """A title and what was found around it.

    Attributes:
        alternatives: Other readings.
        edition: Words of an edition that stood at its end.
        language: Words of a language that stood at its end.
    """

    text: str | None
    alternatives: tuple[str, ...]
    edition: str
    language: str


_ACRONYM: Final = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){2,}(?:[^\W\d_](?![^\W_]))?")
_FILLER: Final = (
    r"multi|truefrench|subforced|vostfr|dual|dubbed|subbed|internal|limited|proper|repack|rerip|"
    r"readnfo|real|stv|complete|ac3d?|dts|dl|ml|ld|md|ws|fs|internal|3d|hq|docu|nordic|"
    r"vo|vf[fqi2]?|pal|ntsc|r[3-6]|hdr|dv|colorized|hybrid|uhd|line|ppv|oar|om|vhs|web|single|vo(?:\+vf\w?)+"
)
_FILLER_AT_END: Final = re.compile(
    rf"(?<=[\s\-(\[])(?:(?:{_FILLER})|\d+ Movie Collection|Collection)$", re.IGNORECASE
)
_LANGUAGE_AT_END: Final = re.compile(rf"(?<=[\s\-(\[])({LANGUAGE_WORDS})$", re.IGNORECASE)
_ARTICLE: Final = re.compile(
    r"(?:the|a|an|la|le|les|der|die|das|el|los|il|that|this|my)\s", re.IGNORECASE
)
_GERMAN_SCENE: Final = re.compile(
    r"^\W*(?:AC3D?|DTS|DL|LD|MD|ML|dubbed|complete|uncut|extended|pal|dvdr)(?![^\W_])",
    re.IGNORECASE,
)
_TRAILING: Final = " \t-–—_,;[({)]}"


def read_title(text: str, *, has_year: bool, after: str) -> Title:
    """Read a title.

    Args:
        text: The part of the name that holds it, with its dots.
        has_year: Whether a year ends it; otherwise words of the release may cling to it.
        after: The flat name behind the title and its year.
    """
    spaced = _spaced(text)
    title, edition, language = _trimmed(spaced, has_year=has_year, after=after)
    title = without_remarks(title)
    readings = [reading for part in readings_of(title) if (reading := polished(part))]
    if not readings:
        return Title(None, (), edition, language)
    doubtful = [] if " / " in title else [polished(title), polished(spaced)]
    alternatives = [r for r in (*readings[1:], *doubtful) if r != readings[0]]
    return Title(readings[0], tuple(dict.fromkeys(alternatives)), edition, language)


def _spaced(text: str) -> str:
    """Put spaces for dots, but keep those of acronyms: `R.I.P.D.`."""
    kept = _ACRONYM.sub(lambda found: found[0].replace(".", "\0") + " ", text)
    return " ".join(flatten(kept).split()).replace("\0", ".")


def _trimmed(title: str, *, has_year: bool, after: str) -> tuple[str, str, str]:
    """Take what belongs to the release off a title's end: the title, editions, languages."""
    editions: list[str] = []
    languages: list[str] = []
    while True:
        title, edition = split_edition(title)
        editions.insert(0, edition)
        bare = title.rstrip(_TRAILING)
        shorter = _without_filler(bare, has_year)
        if shorter == bare:
            shorter, word = _without_language(bare, has_year, after, any(editions))
            languages.append(word)
        if shorter == bare or not any(char.isalnum() for char in shorter):
            return title, " ".join(editions), " ".join(languages)
        title = shorter


def _without_filler(title: str, has_year: bool) -> str:
    found = _FILLER_AT_END.search(title)
    if found is None or (has_year and not _is_scene_spelling(found[0], title)):
        return title
    return title[: found.start()]


def _is_scene_spelling(word: str, title: str) -> bool:
    """Whether a word is written as groups write theirs, `MULTi`, and the rest of the title is not."""
    is_plain = word.islower() or word.istitle() or not word.isalpha()
    return not is_plain and not title.isupper()


def _without_language(title: str, has_year: bool, after: str, has_edition: bool) -> tuple[str, str]:
    found = _LANGUAGE_AT_END.search(title, max(len(title) - 20, 0))
    if found is None or not any(char.isalnum() for char in title[: found.start()]):
        return title, ""
    if has_year:
        # "The.Good.German.2006" is a title, "Noah.German.2014.LD" is not.
        is_marked = len(found[1]) > 3 and (bool(_GERMAN_SCENE.match(after)) or has_edition)
        is_spelt = _is_scene_spelling(found[1], title) and not _ARTICLE.fullmatch(
            title[: found.start()]
        )
        if not is_spelt and (not is_marked or _ARTICLE.match(title)):
            return title, ""
    return title[: found.start()], found[1]
