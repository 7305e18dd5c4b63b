"""Finds where the title ends, and which year the name states."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from reeld.domain.parsing._service import SERVICE
from reeld.domain.parsing._vocabulary import EPISODE, FIRM, LOOSE, YEAR


class Bounds(NamedTuple):
    """The parts of a flat name.

    Attributes:
        title_start: Where the title begins.
        title_end: Where the title ends; the name's length when nothing ends it.
        tail_start: Where what follows the title and its year begins.
        year: None when the name states none.
        is_marked: Whether anything in the name says that it is a release.
    """

    title_start: int
    title_end: int
    tail_start: int
    year: int | None
    is_marked: bool


_GROUP_BEFORE: Final = re.compile(r"^\s*(?:\[[^\]]*\]|\{[^}]*\}|【[^】]*】)[\s\-]*")
_CODEC_BEFORE: Final = re.compile(r"^\s*(?:(?:[xh] ?26[45]|hevc)[\s\-]+)+(?=\w)", re.IGNORECASE)
# "[REC] 2 2009": what looks like a group in front is the title itself.
_NUMBER_AND_YEAR: Final = re.compile(
    rf"[\s\-]*(?:[\d²³]|i{{1,3}}|iv)?\s*[(\[]?{YEAR.pattern}(?!.*{YEAR.pattern})",
    re.IGNORECASE | re.ASCII,
)
_RANGE: Final = re.compile(r" ?[\-–] ?")
_YEAR_FIRST: Final = re.compile(r"^\s*[(\[]((?:18[89]|19\d|20\d)\d)[)\]]\s*(?=[\w$'#¡¿])")
_BRACKETED_YEAR: Final = re.compile(
    r"[(\[]([^()\[\]]*?)(?<!\d)((?:18[89]|19\d|20\d)\d)(?:v\d)?(?![\dx×])([^()\[\]]*)[)\]]"
)


def find_bounds(flat: str) -> Bounds:
    """Find the parts of a flat name."""
    start = _title_start(flat)
    year_first = _YEAR_FIRST.match(flat, start)
    if year_first and _bracketed_year(flat, year_first.end(), len(flat)) is None:
        return _year_first_bounds(flat, year_first)
    firm = _first(FIRM, flat, start)
    episode = _first(EPISODE, flat, start)
    limit = min(firm, episode)
    bracketed = _bracketed_year(flat, start, limit)
    if bracketed is not None:
        return bracketed
    plain = [m for m in YEAR.finditer(flat, start, limit) if _has_word(flat, start, m.start())]
    if plain:
        year = _first_of_date(flat, plain)
        end = _range_start(flat, plain, year)
        return Bounds(start, end, year.end(), int(year[1]), is_marked=True)
    limit = min(limit, _first(LOOSE, flat, start), _first_code(flat, start))
    late = list(YEAR.finditer(flat, limit))
    return Bounds(start, limit, limit, int(late[-1][1]) if late else None, limit < len(flat))


def _title_start(flat: str) -> int:
    """Skip bracketed groups in front, unless nothing would be left."""
    start = 0
    while (found := _GROUP_BEFORE.match(flat[start:])) and _has_word(
        flat, start + found.end(), len(flat)
    ):
        if YEAR.fullmatch(flat[start : start + found.end()].strip(" [](){}-")):
            break
        if _NUMBER_AND_YEAR.match(flat, start + found.end()):
            break
        start += found.end()
    codec = _CODEC_BEFORE.match(flat[start:])
    return start + codec.end() if codec else start


def _year_first_bounds(flat: str, found: re.Match[str]) -> Bounds:
    start = found.end()
    end = min(_first(FIRM, flat, start), _first(LOOSE, flat, start))
    return Bounds(start, end, end, int(found[1]), is_marked=True)


def _bracketed_year(flat: str, start: int, limit: int) -> Bounds | None:
    for found in _BRACKETED_YEAR.finditer(flat, start):
        if found.start() >= limit and found.start(2) > limit:
            return None
        if _has_word(flat, start, found.start()):
            return Bounds(start, found.start(), found.end(), int(found[2]), is_marked=True)
    return None


def _first_of_date(flat: str, years: list[re.Match[str]]) -> re.Match[str]:
    """Return the last year, or the one that a date begins with."""
    for year in years:
        if re.match(r"[ \-](?:0[1-9]|1[0-2])[ \-](?:[0-2]\d|3[01])(?!\d)", flat[year.end() :]):
            return year
    return years[-1]


def _range_start(flat: str, years: list[re.Match[str]], year: re.Match[str]) -> int:
    """Return where the years of a collection begin: before the first of `2001-2011`."""
    earlier = [m for m in years if _RANGE.fullmatch(flat[m.end() : year.start()])]
    is_range = bool(earlier) and int(earlier[0][1]) < int(year[1])
    return earlier[0].start() if is_range else year.start()


def _first(pattern: re.Pattern[str], flat: str, start: int) -> int:
    """Return where the first match with a word before it begins; the length when there is none."""
    for found in pattern.finditer(flat, start):
        if _has_word(flat, start, found.start()):
            return found.start()
    return len(flat)


def _first_code(flat: str, start: int) -> int:
    """Return where the code of a streaming service begins: `AMZN`, but not the word `Amazon`."""
    for found in SERVICE.finditer(flat, start):
        if not found[0].istitle() and _has_word(flat, start, found.start()):
            return found.start()
    return len(flat)


def _has_word(flat: str, start: int, end: int) -> bool:
    return any(char.isalnum() for char in flat[start:end])
