"""Reads the title out of the part of the name that holds it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from reeld.domain.parsing._edition import split_edition
from reeld.domain.parsing._language import LANGUAGE_WORDS
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
_AKA: Final = re.compile(r"\s+[(\[]?a[. ]?k[. ]?a[. ]?\s+", re.IGNORECASE)
_OTHER_LETTER: Final = re.compile(r"[^\W\d_\x00-\u024f]")
_OTHER_SCRIPT: Final = re.compile(
    r"^[^A-Za-z]*[^\x00-\u024f][^A-Za-z]*?[\s/]+(?=[\d\s]{0,4}[A-Za-z])"
)
_PERSON_AT_END: Final = re.compile(r"\s*\((?:[^()]|\([^()]*\))*\)?\s*$")
_BRACKETS: Final = re.compile(r"(?<=\w)[\s.]*\[[^\[\]]*\]?(?:[\s.]*\[[^\[\]]*\]?)*[\s.]*")
_GENRE_AT_END: Final = re.compile(
    r"\s+-\s+(?:action|adventure|animation|biography|comedy|crime|documentary|drama|family|fantasy|"
    r"history|horror|musical|mystery|romance|sci-?fi|thriller|war|western)$",
    re.IGNORECASE,
)
_DAY_AT_END: Final = re.compile(
    r"\s+(?:\d{2}-\d{2}-|\d{2}/\d{2}/|\d{1,2}(?:st|nd|rd|th)\s(?:jan|feb|mar|apr|may|jun|jul|aug|"
    r"sep|oct|nov|dec)[a-z]*)$",
    re.IGNORECASE,
)
_STEREO_AT_END: Final = re.compile(
    r"(?:\s+3D)?\s+(?:(?:h|half|f|full)[ \-]?)?(?:sbs|ou|tab|side ?by ?side|over ?under)$", re.IGNORECASE
)
_BROADCASTER: Final = re.compile(r"^BBC\s+(?:-\s+)?(?=\w)")
_VERSION_AT_END: Final = re.compile(r"(?<=\w)\s+v\d$", re.IGNORECASE)
_REMARK_AT_END: Final = re.compile(r"(?<=[\s\-])[(\[]([^()\[\]]+)[)\]]$")
# Names of files inside scene releases: "grp-the title".
_SCENE_GROUP_BEFORE: Final = re.compile(r"^[a-z\d]{2,10}-(?=[a-z\d ]+$)")
_3D_AT_END: Final = re.compile(r"(?<=\w) 3D$", re.IGNORECASE)
_GENRE_BEFORE: Final = re.compile(r"^\([^()]*\)\s*(?=\S)")
_FILLER: Final = (
    r"multi|truefrench|subforced|vostfr|dual|dubbed|subbed|internal|limited|proper|repack|rerip|"
    r"readnfo|real|stv|complete|ac3d?|dts|dl|ml|ld|md|ws|fs|internal|3d|hq|docu|nordic|"
    r"vo|vf[fqi2]?|pal|ntsc|r[3-6]|hdr|dv|colorized|hybrid|uhd|line|ppv|oar|om|vhs|vo(?:\+vf\w?)+"
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
_PUNCTUATION: Final = " \t-–—_,;[({)]}~|/*+"


def read_title(text: str, *, has_year: bool, after: str) -> Title:
    """Read a title.

    Args:
        text: The part of the name that holds it, with its dots.
        has_year: Whether a year ends it; otherwise words of the release may cling to it.
        after: The flat name behind the title and its year.
    """
    spaced = _spaced(text)
    title, edition, language = _trimmed(spaced, has_year=has_year, after=after)
    title = _without_remarks(title)
    readings = [polished for part in _readings(title) if (polished := _polished(part))]
    if not readings:
        return Title(None, (), edition, language)
    doubtful = [] if " / " in title else [_polished(title), _polished(spaced)]
    alternatives = [r for r in (*readings[1:], *doubtful) if r != readings[0]]
    return Title(readings[0], tuple(dict.fromkeys(alternatives)), edition, language)


def _spaced(text: str) -> str:
    """Put spaces for dots, but keep those of acronyms: `R.I.P.D.`."""
    kept = _ACRONYM.sub(lambda found: found[0].replace(".", "\0"), text)
    return " ".join(flatten(kept).split()).replace("\0", ".")


def _trimmed(title: str, *, has_year: bool, after: str) -> tuple[str, str, str]:
    """Take what belongs to the release off a title's end: the title, editions, languages."""
    editions: list[str] = []
    languages: list[str] = []
    while True:
        title, edition = split_edition(title)
        editions.insert(0, edition)
        bare = title.rstrip(_TRAILING)
        shorter = bare if has_year else _FILLER_AT_END.sub("", bare)
        if shorter == bare:
            shorter, word = _without_language(bare, has_year, after, any(editions))
            languages.append(word)
        if shorter == bare or not any(char.isalnum() for char in shorter):
            return title, " ".join(editions), " ".join(languages)
        title = shorter


def _without_remarks(title: str) -> str:
    """Take off what uploaders write around a title: genre, brackets, the day, how 3D is packed."""
    for pattern in (_GENRE_BEFORE, _GENRE_AT_END, _DAY_AT_END, _STEREO_AT_END):
        title = pattern.sub("", title) or title
    return _BRACKETS.sub(" ", title).strip() or title


def _without_language(title: str, has_year: bool, after: str, has_edition: bool) -> tuple[str, str]:
    found = _LANGUAGE_AT_END.search(title, max(len(title) - 20, 0))
    if found is None or not any(char.isalnum() for char in title[: found.start()]):
        return title, ""
    if has_year:
        # "The.Good.German.2006" is a title, "Noah.German.2014.LD" is not.
        is_scene = bool(_GERMAN_SCENE.match(after)) or has_edition
        if not is_scene or _ARTICLE.match(title):
            return title, ""
    return title[: found.start()], found[1]


def _readings(title: str) -> list[str]:
    """Return the ways to read a title, the likeliest first."""
    halves = _AKA.split(title)
    if all(half.strip(_PUNCTUATION) for half in halves) and len(halves) > 1:
        return halves
    plain = _VERSION_AT_END.sub("", _BROADCASTER.sub("", title))
    if " / " in plain and _OTHER_LETTER.search(plain):
        # "Название / Title (Режиссёр / Director)"
        plain = _PERSON_AT_END.sub("", plain) or plain
    latin = _latin(plain)
    readings = [latin] if latin != plain else []
    remark = _REMARK_AT_END.search(plain.rstrip(" -"))
    if remark and any(char.isalnum() for char in plain[: remark.start()]):
        readings += [plain[: remark.start()], remark[1]]
    if " / " in plain:
        readings += [*latin.split(" / "), *plain.split(" / ")]
    return [*readings, plain, _3D_AT_END.sub("", plain), _SCENE_GROUP_BEFORE.sub("", plain)]


def _latin(title: str) -> str:
    """Return the part in Latin letters, when another script comes before it."""
    if _OTHER_LETTER.search(title) is None:
        return title
    if " / " not in title:
        return _OTHER_SCRIPT.sub("", title)
    latin = [half for half in title.split(" / ") if not _OTHER_LETTER.search(half)]
    return " / ".join(latin) or title


def _polished(title: str) -> str:
    text = title.strip(_PUNCTUATION)
    if title.rstrip().endswith((")", "]")) and text.count("(") > text.count(")"):
        text += ")"
    if title.lstrip().startswith("[") and text.count("]") > text.count("["):
        text = f"[{text}"
    return " ".join(text.split())
