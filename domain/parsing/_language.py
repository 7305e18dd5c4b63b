"""Reads the spoken languages, with Radarr's names for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

# Names in any case, and those codes of three letters that releases really use.
_NAMES: Final[Mapping[str, str]] = {
    "English": r"english|eng|ingl[eé]s",
    "French": r"(?:true)?french|fre|fra|vf[fqi2]?|fran[cç]ais",
    "Spanish": r"spanish|espa[nñ]ol|castellano|spa|esp",
    "German": r"german|ger|deu|deutsch|videomann",
    "Italian": r"italian|ita|italiano",
    "Danish": r"danish|dansk|dan",
    "Dutch": r"dutch|nld|nederlands",
    "Japanese": r"japanese|jap|jpn",
    "Icelandic": r"icelandic",
    "Chinese": r"chinese|mandarin|cantonese|chi|国语|国配",
    "Russian": r"russian|rus",
    "Polish": r"polish|pol|pl[ \-]?dub(?:bing)?|dub[ \-]?pl|lek[ \-]?pl|pl[ \-]?lek",
    "Vietnamese": r"vietnamese|vie",
    "Swedish": r"swedish|swe|svensk",
    "Norwegian": r"norwegian|nor|norsk",
    "Finnish": r"finnish|fin|suomi",
    "Turkish": r"turkish|tur",
    "Portuguese": r"portuguese|por",
    "PortugueseBR": r"dublado|brazilian|pt-?br",
    "Flemish": r"flemish",
    "Greek": r"greek|ell|gre",
    "Korean": r"korean|kor",
    "Hungarian": r"hungarian|hun(?:dub(?:bed)?)?",
    "Hebrew": r"hebrew|heb(?:dub(?:bed)?)?",
    "Lithuanian": r"lithuanian|lit",
    "Czech": r"czech|cze|ces",
    "Hindi": r"hindi|hin",
    "Romanian": r"romanian|rum|ro-?dub(?:bed)?",
    "Thai": r"thai|tha",
    "Bulgarian": r"bulgarian|bul|bg-?audio",
    "Arabic": r"arabic|ara",
    "Ukrainian": r"ukrainian|ukr",
    "Persian": r"persian|farsi",
    "Bengali": r"bengali",
    "Slovak": r"slovak|slk",
    "Latvian": r"latvian|lav",
    "SpanishLatino": r"latino|lat-?spa",
    "Catalan": r"catal[aà](?:n|o)?|(?-i:CAT)",
    "Croatian": r"croatian|hrv",
    "Serbian": r"serbian|srp",
    "Bosnian": r"bosnian",
    "Estonian": r"estonian",
    "Tamil": r"tamil|tam",
    "Indonesian": r"indonesian",
    "Telugu": r"telugu|tel",
    "Macedonian": r"macedonian",
    "Slovenian": r"slovenian|slv",
    "Malayalam": r"malayalam|(?-i:MAL)",
    "Kannada": r"kannada|(?-i:KAN)",
    "Albanian": r"albanian",
    "Afrikaans": r"afrikaans|(?-i:AFR)",
    "Marathi": r"marathi",
    "Tagalog": r"tagalog|filipino",
    "Urdu": r"urdu",
    "Romansh": r"romansh|rumantsch",
    "Mongolian": r"mongolian|khalkha",
    "Georgian": r"georgian|geo|(?-i:KAT)",
}
# Codes of two letters are words or initials too often: only in capitals, some in small letters too.
_CODES: Final[Mapping[str, str]] = {
    "English": "EN",
    "French": "FR",
    "Spanish": "ES",
    "German": "DE",
    "Italian": "IT",
    "Dutch": "NL",
    "Japanese": "JA|JP",
    "Russian": "RU",
    "Polish": "PL",
    "Portuguese": "PT",
    "Hungarian": "HU",
    "Lithuanian": "LT|lt",
    "Czech": "CZ",
    "Romanian": "RO",
    "Bulgarian": "BG|bg",
    "Ukrainian": "UA",
    "Slovak": "SK|sk",
    "Latvian": "LV|lv",
    "Georgian": "KA",
}
LANGUAGES: Final = (*_NAMES, "Original")
"""Every name that `read_languages` may return."""

LANGUAGE_WORDS: Final = "|".join(_NAMES.values())
"""A pattern of every language word, to be compiled without regard to case."""

_SUBTITLES: Final = r"sub(?:s|bed|titles?|bing)?"
_NOT_SUBTITLES: Final = rf"(?![ \-.]?{_SUBTITLES}(?![^\W_]))"
_WORD: Final = re.compile(
    "(?<![^\\W_])(?:"
    + "|".join(
        f"(?P<{name}>{pattern}|(?-i:{_CODES.get(name, '(?!)')}))"
        for name, pattern in _NAMES.items()
    )
    + f")(?![^\\W_]){_NOT_SUBTITLES}",
    re.IGNORECASE,
)
_LISTEDLANGUAGE_WORDS: Final = "|".join(_NAMES.values())
"""A pattern of every language word, to be compiled without regard to case."""

_LISTED_SUBTITLES: Final = re.compile(
    r"(?<![^\W_])(?:subs?|napisy|legendas?)[ :\-]+(?:[a-z]{2,3}(?![^\W_])[ +,/\-]*)+", re.IGNORECASE
)
_ORIGINAL: Final = re.compile(r"(?<![^\W_])orig(?:inal)?(?![^\W_])", re.IGNORECASE)
_GERMAN_DUAL: Final = re.compile(r"(?<!web[ \-.])(?<![^\W_])DL(?![^\W_])", re.IGNORECASE)
_GERMAN_MULTI: Final = re.compile(r"(?<![^\W_])ML(?![^\W_])", re.IGNORECASE)


def read_languages(tail: str) -> tuple[str, ...]:
    """Return the languages that the part of a flat name after its title names.

    Languages of subtitles do not count. German groups write `DL` for German and the original
    language, and `ML` for those two and English.
    """
    spoken = _LISTED_SUBTITLES.sub(" ", tail)
    found = [m.lastgroup for m in _WORD.finditer(spoken) if m.lastgroup]
    if "German" in found:
        if _GERMAN_MULTI.search(spoken):
            found += ["Original", "English"]
        elif _GERMAN_DUAL.search(spoken):
            found.append("Original")
    elif _ORIGINAL.search(spoken):
        found.append("Original")
    return tuple(dict.fromkeys(found))
