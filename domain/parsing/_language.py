"""Reads the spoken languages, with Radarr's names for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

# Names in any case, and those codes of three letters that releases really use.
_NAMES: Final[Mapping[str, str]] = {
    "English": r"english|eng|ingl[eé]se?|(?-i:ING|ing)",
    "French": r"(?:true)?french|fre|fra|v(?:f[fqi2bo]?|of|q)|fran[cç]ais",
    "Spanish": r"spanish|espa[nñ]ola?|castell?ano|spa|esp",
    "German": r"(?:swiss)?german(?:[ \-]?dub(?:bed)?)?|ger(?:[ \-]?dub(?:bed)?)?|deu|deutsch|videomann",
    "Italian": r"italian|ita|italiano",
    "Danish": r"danish|danske?|(?-i:DAN|dan)",
    "Dutch": r"dutch|nld|nederlands|hollands",
    "Japanese": r"japanese|jap|jpn",
    "Icelandic": r"icelandic|[ií]slenska?",
    "Chinese": r"chinese|mandarin|cantonese|chi|国语|國語|国配|粤语|粵語|(?<=\[)(?:ch[st]|big5|gb)(?=\])",
    "Russian": r"russian|(?:\dx)?rus",
    "Polish": r"polish|polski|(?-i:POL|pol)|pl[ \-]?dub(?:bing)?|dub(?:bing)?[ \-]?pl|lek(?:tor)?(?:[ \-]?pl)?|pl[ \-]?lek(?:tor)?",
    "Vietnamese": r"vietnamese|vie",
    "Swedish": r"swedish|swe|svenska?",
    "Norwegian": r"norwegian|norsk|(?-i:NOR|nor)",
    "Finnish": r"finnish|suomi|(?-i:FIN|fin)",
    "Turkish": r"turkish|tur|t[üu]rk[çc]e",
    "Portuguese": r"portugu[eê]s[ea]?(?![ \-]br(?![^\W_]))|(?-i:POR|por)",
    "PortugueseBR": r"dublado|bra[sz]il(?:ian|eiro)?|(?:pt|port|portugu[eê]se?)[ \-]?br",
    "Flemish": r"flemish|vlaams|nl-?be",
    "Greek": r"greek|ell|gre",
    "Korean": r"korean|kor",
    "Hungarian": r"hungarian|magyar|hun(?:dub(?:bed)?)?",
    "Hebrew": r"hebrew|heb(?:dub(?:bed)?)?",
    "Lithuanian": r"lithuanian|(?-i:LIT|lit)",
    "Czech": r"czech|cze|ces|cesky|čeština",
    "Hindi": r"hindi|hin",
    "Romanian": r"romanian|rum|ro-?dub(?:bed)?",
    "Thai": r"thai|tha",
    "Bulgarian": r"bulgarian|bul|bg-?audio",
    "Arabic": r"arab(?:ic)?|ara",
    "Ukrainian": r"ukrainian|(?:\dx)?ukr",
    "Persian": r"persian|farsi",
    "Bengali": r"bengali|bangla",
    "Slovak": r"slovak|slk",
    "Latvian": r"latvian|lav|(?<!dual )lat(?![ \-](?:spa|esp|cast|ing|eng|am))",
    "SpanishLatino": r"latino|lat[ \-]?spa|(?<=dual )lat|espa[nñ]ol latino",
    "Catalan": r"catal[aà](?:n|o)?|(?-i:CAT)",
    "Croatian": r"croatian|hrv|hrvatski",
    "Serbian": r"serbian|srp|srpski",
    "Bosnian": r"bosnian",
    "Estonian": r"estonian|(?-i:EST)",
    "Tamil": r"tamil|tam",
    "Indonesian": r"indonesian?|bahasa",
    "Telugu": r"telugu|tel",
    "Macedonian": r"macedonian",
    "Slovenian": r"sloven(?:ian|e)|slv",
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
    "Spanish": "(?<!DTS.)ES",
    "German": "DE",
    "Italian": "IT",
    "Dutch": "NL(?!-BE)",
    "Japanese": "JA|JP",
    "Russian": "RU",
    "Polish": "PL",
    "Portuguese": "PT(?![ -]BR)",
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
# In a list ("[Tam + Mal + Kan]", "En.Fr.Sp") a code is one in any case.
_LISTED: Final[Mapping[str, str]] = {
    "English": "en|eng|ing",
    "French": "fr|fre|fra|vff?|vfq",
    "Spanish": "es|sp|esp|spa",
    "German": "de|ger|deu",
    "Italian": "it|ita",
    "Danish": "dk|da|dan",
    "Dutch": "nl|nld|dut",
    "Japanese": "ja|jp|jap|jpn",
    "Chinese": "zh|chi|chn",
    "Russian": "ru|rus",
    "Polish": "pl|pol",
    "Vietnamese": "vie",
    "Swedish": "se|sv|swe",
    "Norwegian": "no|nor",
    "Finnish": "fi|fin",
    "Turkish": "tr|tur",
    "Portuguese": "pt|por",
    "Greek": "gr|gre|ell",
    "Korean": "ko|kr|kor",
    "Hungarian": "hu|hun",
    "Hebrew": "he|heb",
    "Lithuanian": "lt|lit",
    "Czech": "cz|cs|cze|ces",
    "Hindi": "hi|hin",
    "Romanian": "ro|rum|ron",
    "Thai": "th|tha",
    "Bulgarian": "bg|bul",
    "Arabic": "ar|ara",
    "Ukrainian": "ua|ukr",
    "Persian": "fa|per",
    "Bengali": "bn|ben",
    "Slovak": "sk|slk|svk",
    "Latvian": "lv|lav",
    "Catalan": "ca|cat",
    "Croatian": "hr|hrv|cro",
    "Serbian": "sr|srp",
    "Estonian": "ee|est",
    "Tamil": "ta|tam",
    "Indonesian": "id|ind",
    "Telugu": "te|tel",
    "Slovenian": "si|slv",
    "Malayalam": "mal",
    "Kannada": "kan",
    "Marathi": "mar",
    "Georgian": "ge|ka|geo|kat",
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
_ITEM: Final = f"(?:{'|'.join(_LISTED.values())}|{LANGUAGE_WORDS})"
_LIST: Final = re.compile(
    rf"(?<![^\W_]){_ITEM}(?: ?[+,/&\- ] ?{_ITEM})+(?![^\W_])(?P<subtitles> ?{_SUBTITLES}(?![^\W_]))?",
    re.IGNORECASE,
)
_LISTED_WORD: Final = re.compile(
    "|".join(f"(?P<{name}>{codes})" for name, codes in _LISTED.items()), re.IGNORECASE
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
