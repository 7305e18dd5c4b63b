"""Reads the spoken languages, with Radarr's names for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from reeld.domain.parsing._language_words import CODES, LANGUAGE_WORDS, LISTED, NAMES

_SUBTITLES: Final = r"sub(?:s|bed|titles?|bing)?"
_NOT_SUBTITLES: Final = rf"(?![ \-.]?{_SUBTITLES}(?![^\W_]))"
_WORD: Final = re.compile(
    "(?<![^\\W_])(?:"
    + "|".join(
        f"(?P<{name}>{pattern}|(?-i:{CODES.get(name, '(?!)')}))" for name, pattern in NAMES.items()
    )
    + f")(?![^\\W_]){_NOT_SUBTITLES}",
    re.IGNORECASE,
)
_ITEM: Final = f"(?:{'|'.join(LISTED.values())}|{LANGUAGE_WORDS})"
_LIST: Final = re.compile(
    rf"(?<![^\W_]){_ITEM}(?: ?[+,/&\- ] ?{_ITEM})+(?![^\W_])(?P<subtitles> ?{_SUBTITLES}(?![^\W_]))?",
    re.IGNORECASE,
)
_LISTED_WORD: Final = re.compile(
    "|".join(f"(?P<{name}>{codes})" for name, codes in LISTED.items()), re.IGNORECASE
)
# Subtitlers' marks, which Radarr takes for a Chinese release wherever they stand.
_CHINESE: Final = re.compile("简|繁|字幕")
_LISTED_SUBTITLES: Final = re.compile(
    r"(?<![^\W_])(?:subs?|napisy|legendas?)[ :\-]+(?:[a-z]{2,3}(?![^\W_])[ +,/\-]*)+", re.IGNORECASE
)
_ORIGINAL: Final = re.compile(r"(?<![^\W_])orig(?:inal)?(?![^\W_])", re.IGNORECASE)
_GERMAN_DUAL: Final = re.compile(r"(?<!web[ \-.])(?<![^\W_])DL(?![^\W_])", re.IGNORECASE)
_GERMAN_MULTI: Final = re.compile(r"(?<![^\W_])ML(?![^\W_])", re.IGNORECASE)


def read_languages(tail: str, name: str) -> tuple[str, ...]:
    """Return the languages that a flat name names.

    Languages of subtitles do not count. German groups write `DL` for German and the original
    language, and `ML` for those two and English.

    Args:
        tail: The part after the title.
        name: The whole, for marks that count anywhere.
    """
    spoken = _LISTED_SUBTITLES.sub(" ", tail)
    found = [language for _, language in sorted(_named(spoken))]
    if _CHINESE.search(name):
        found.append("Chinese")
    if "German" in found:
        if _GERMAN_MULTI.search(spoken):
            found += ["Original", "English"]
        elif _GERMAN_DUAL.search(spoken):
            found.append("Original")
    elif _ORIGINAL.search(spoken):
        found.append("Original")
    return tuple(dict.fromkeys(found))


def _named(spoken: str) -> Iterator[tuple[int, str]]:
    """Yield each language and where it stands: whole words, and the codes of lists."""
    words = [(m.start(), m.lastgroup) for m in _WORD.finditer(spoken)]
    for found in _LIST.finditer(spoken):
        inside = [at for at, _ in words if found.start() <= at < found.end()]
        listed = found[0].removesuffix(found["subtitles"] or "")
        items = re.findall(r"[^\W_]+", listed)
        is_sure = bool(inside) or len(items) > 2
        is_joined = any(sign in listed for sign in "+,/&-")
        if found["subtitles"]:
            # "[Hindi - Eng Subs]" speaks of subtitles; of "Korean English Subs" only the last word.
            if is_joined:
                words = [(at, name) for at, name in words if at not in inside]
        elif is_sure:
            yield from _listed(found)
    yield from ((at, name) for at, name in words if name)


def _listed(found: re.Match[str]) -> Iterator[tuple[int, str]]:
    for item in re.finditer(r"[^\W_]+", found[0]):
        code = _LISTED_WORD.fullmatch(item[0])
        if code and code.lastgroup:
            yield found.start() + item.start(), code.lastgroup
