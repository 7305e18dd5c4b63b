"""Reads who made a release.

Radarr's convention: the word behind the last dash, or the last brackets; and where a name has
neither, the one word that is left behind everything that is known.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from reeld.domain.parsing._group_words import PARTS_OF_WORDS, STREAM, TAG
from reeld.domain.parsing._language_words import LANGUAGE_WORDS
from reeld.domain.parsing._tidy import flatten
from reeld.domain.parsing._vocabulary import FIRM


class Group(NamedTuple):
    """A group, and where it begins in the name; the name's length when there is none."""

    name: str | None
    start: int


_SHORT_NUMBER: Final = re.compile(r"\d{1,3}")
_AFTER_STREAM: Final = re.compile(
    rf"(?<![^\W_]){STREAM}\s?-\s?"
    r"(?:(?P<before>[^\s\-.\[\](){}|/]{1,20})-)?(?P<name>[^\s\-\[\](){}|/]+)"
    r"(?:[\s).]*|\[[^\[\]\s]{2,30}\][\s.]*)$",
    re.IGNORECASE,
)
_BEHIND_DASH: Final = re.compile(r"-\s?([^\s\-\[\](){}|/]{2,})[\s).\]]*$")
_BRACKETED_BEHIND_DASH: Final = re.compile(r"-\s?\[([^\[\]\s]{2,30})\][\s.]*$")
_LAST_BRACKETS: Final = re.compile(r"[\[{(]([^\[\]{}()\s]{2,30})[\]})][\s).]*$")
# "LOKiHD - Telly": who made it, and who posted it; "Garshasp) QxR": a member and the group.
_PAIRED: Final = re.compile(r"([\w.]+) - [\w.]+|\S+\)\s+(\w+)")
_SOFTSUBS: Final = re.compile(r"\[Softsubs \(([^()]{2,30})\)", re.IGNORECASE)
_HASH: Final = re.compile(r"\s*[\[(][0-9A-Fa-f]{8}[\])]\s*$")
# What may follow a group: a repack's mark or a version; or, behind a dash, the language.
_AFTERTHOUGHT: Final = re.compile(
    r"(?:\s*\[(?:repack|proper|rerip|real)\d?\]|[\s._]v\d)\s*$", re.IGNORECASE
)
# Another title and what is with it, or the number of a copy.
_REMARK_BEHIND: Final = re.compile(r"(?<=[^\W_])\s+\((?:[^()]*,[^()]*|\d{1,2})\)\s*$")
_LANGUAGE_BEHIND: Final = re.compile(rf"(?<=[^\W_])\s+(?:{LANGUAGE_WORDS})\s*$", re.IGNORECASE)
_IN_FRONT: Final = re.compile(r"^\s*\[([^\[\]]{2,30})\]")
_INDEX_SITE: Final = re.compile(
    r"\s*[\[{(](?:rartv|rarbg|eztv[\w.]*|ettv|tgx|ethd|etrg|publichd|1337x[\w.]*|prime|moviesfd)[\])}]\s*$",
    re.IGNORECASE,
)
_SIZE: Final = re.compile(r"\d+(?:\.\d+)?\s?[mg]i?b", re.IGNORECASE)


def read_group(text: str, tail_start: int) -> Group:
    """Read the group from a tidied name.

    Args:
        text: The name, with its dots.
        tail_start: Where the title and its year end: the group can only come after it.
    """
    unhashed = _HASH.sub("", text)
    bare = _AFTERTHOUGHT.sub("", _INDEX_SITE.sub("", unhashed))
    for rule in (_behind_stream, _softsubs, _last_brackets, _left_over, _behind_dash, _last_inside):
        found = rule(bare, min(tail_start, len(bare)))
        if found is not None:
            return found
    in_front = _IN_FRONT.match(text)
    if in_front and unhashed != text and not _is_tag(in_front[1]):
        return Group(in_front[1], len(bare))
    return Group(None, len(bare))


def _behind_stream(text: str, start: int) -> Group | None:
    """`x264-GROUP`: whatever stands there is the group, even when it reads like a word."""
    text = _LANGUAGE_BEHIND.sub("", _REMARK_BEHIND.sub("", text))
    found = _AFTER_STREAM.search(text, max(start - 12, 0))
    if found is None or found.start("name") < start:
        return None
    if found["before"] and (pair := _pair(found)):
        return pair
    name = found["name"].rstrip("._")
    if PARTS_OF_WORDS.fullmatch(name) or not _is_name(name) or ("." in name and _is_tag(name)):
        return None
    return Group(name, found.start("name"))


def _pair(found: re.Match[str]) -> Group | None:
    """A group of two parts, `D-Z0N3` and `20-40`; but of `iNT-GRP` the last word is the group."""
    before, name = found["before"], found["name"].rstrip("._")
    if _is_tag(before) and not _SHORT_NUMBER.fullmatch(before):
        return None
    is_language = re.fullmatch(LANGUAGE_WORDS, name, re.IGNORECASE)
    return Group(before if is_language else f"{before}-{name}", found.start("before"))


def _softsubs(text: str, start: int) -> Group | None:
    found = _SOFTSUBS.search(text, start)
    return Group(found[1], found.start()) if found else None


def _last_brackets(text: str, start: int) -> Group | None:
    found = _BRACKETED_BEHIND_DASH.search(text, start) or _LAST_BRACKETS.search(text, start)
    if found is None or _is_tag(found[1]) or (found[1][0].isdigit() and len(found[1]) < 3):
        return None
    if re.fullmatch(r"(?:tt|tmdb-?|imdb-?)\w+", found[1], re.IGNORECASE):
        return None
    return Group(found[1], found.start(1))


def _left_over(text: str, start: int) -> Group | None:
    """The one word behind everything known: `x264.D-Z0N3`, `AAC 5.1 RONIN)`."""
    flat = flatten(text)
    known = list(TAG.finditer(flat, start))
    if not known:
        return None
    end = known[-1].end()
    rest = text[end:].strip(" .-_)]}~")
    paired = _PAIRED.fullmatch(rest)
    if paired:
        rest = paired[1] or paired[2]
    elif "." in rest and "-" in rest:
        rest = rest.rpartition("-")[2]
    if not rest or re.search(r"[\s\[\](){}/|+,]", rest) or not _is_name(rest):
        return None
    return Group(rest, text.index(rest, end))


def _behind_dash(text: str, start: int) -> Group | None:
    found = _BEHIND_DASH.search(text, start)
    if found is None or PARTS_OF_WORDS.fullmatch(found[1]) or not _is_name(found[1]):
        return None
    if _is_tag(found[1]):
        return None
    if not TAG.search(flatten(text[start : found.start()])):
        return None
    return Group(found[1].rstrip("."), found.start(1))


def _last_inside(text: str, start: int) -> Group | None:
    """The last word in the parentheses that hold the picture: `(1080p BluRay x265 Q22 Joy)`."""
    found = re.search(r"[ (]([^\s()\[\]]{2,})\)?\s*$", text)
    inside = text.rstrip().endswith(")") or text.count("(") > text.count(")")
    if found is None or not inside or found.start() < start or _is_tag(found[1]):
        return None
    picture = text[text.rfind("(") : found.start()]
    if not FIRM.search(flatten(picture)) or not _is_name(found[1]):
        return None
    return Group(found[1], found.start(1))


def _is_tag(word: str) -> bool:
    return bool(TAG.search(flatten(word)) or _SIZE.search(word))


def _is_name(word: str) -> bool:
    return any(char.isascii() and char.isalnum() for char in word) and not _SIZE.search(word)
