"""A release name cut into words, with the places at which a title may begin."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from reeld.domain.matching._titles import DROPPED, PUBLISHERS, SAME_WORDS, fold

LONGEST_NAME: Final = 300
_TOKEN: Final = re.compile(r"[^\W_]+|[\[\](){}【】/|]|(?<=[\s._])-(?=[\s._])")
_AKA: Final = re.compile(r"(?<=[\s._(\[])a[._ ]k[._ ]a(?=[\s._])")
_BEFORE: Final = PUBLISHERS | {"aka"}
"""Words behind which a title may begin, when they stand before one."""
_MARKS: Final = frozenset("[](){}【】/|-")
_WORDS: Final = {**SAME_WORDS, **dict.fromkeys(DROPPED, "")}
_SCENE_GROUP: Final = re.compile(r"[a-z\d]{2,10}-(?=[a-z\d])")
_SITE: Final = re.compile(r"^(?:\[\s*)?www\.\S+")
_YEARS: Final = range(1880, 2100)


class Tokens(NamedTuple):
    """A name in words.

    Attributes:
        text: The name, folded.
        words: As in titles; empty where a word counts for nothing.
        raw: The same words as they stand there.
        starts: At which words a title may well begin: at the front, behind a bracket, a dash, an `AKA` ...
        years: What may be years, by the place of their word.
    """

    text: str
    words: list[str]
    raw: list[str]
    starts: list[int]
    years: dict[int, int]


def tokens_of(name: str) -> Tokens:
    """Cut a name into words."""
    text = fold(name[:LONGEST_NAME])
    if "k.a" in text or "k a" in text:
        text = _AKA.sub("aka", text)
    if "www." in text:
        text = _SITE.sub("[", text)
    is_ascii = text.isascii()
    words: list[str] = []
    raw: list[str] = []
    starts: list[int] = [0]
    years: dict[int, int] = {}
    for token in _TOKEN.findall(text):
        if token in _MARKS:
            starts.append(len(raw))
            continue
        if token in _BEFORE:
            starts.append(len(raw) + 1)
        elif len(token) == 4 and token[0] in "12" and token.isdecimal() and int(token) in _YEARS:
            years[len(raw)] = int(token)
        elif not is_ascii and raw and token[0] < "\u0250" and raw[-1][0] > "\u024f":
            starts.append(len(raw))
        raw.append(token)
        words.append(_WORDS.get(token, token))
    if 0 in years or _SCENE_GROUP.match(text):
        starts.append(1)
    return Tokens(text, words, raw, starts, years)
