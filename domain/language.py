"""The languages that Radarr knows, with its ids and names, and what a profile may wish for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final

ANY: Final = "any"
"""A profile's wish: the language plays no part."""

ORIGINAL: Final = "original"
"""A profile's wish: the language that the movie was made in."""

ANY_NUMBER: Final = -1
ORIGINAL_NUMBER: Final = -2


class Language(Enum):
    """A language as people know it from Radarr: (id, name, codes of ISO 639-1 as TMDB writes them)."""

    UNKNOWN = (0, "Unknown")
    ENGLISH = (1, "English", "en")
    FRENCH = (2, "French", "fr")
    SPANISH = (3, "Spanish", "es")
    GERMAN = (4, "German", "de")
    ITALIAN = (5, "Italian", "it")
    DANISH = (6, "Danish", "da")
    DUTCH = (7, "Dutch", "nl")
    JAPANESE = (8, "Japanese", "ja")
    ICELANDIC = (9, "Icelandic", "is")
    CHINESE = (10, "Chinese", "zh", "cn")
    RUSSIAN = (11, "Russian", "ru")
    POLISH = (12, "Polish", "pl")
    VIETNAMESE = (13, "Vietnamese", "vi")
    SWEDISH = (14, "Swedish", "sv")
    NORWEGIAN = (15, "Norwegian", "no", "nb", "nn")
    FINNISH = (16, "Finnish", "fi")
    TURKISH = (17, "Turkish", "tr")
    PORTUGUESE = (18, "Portuguese", "pt")
    FLEMISH = (19, "Flemish")
    GREEK = (20, "Greek", "el")
    KOREAN = (21, "Korean", "ko")
    HUNGARIAN = (22, "Hungarian", "hu")
    HEBREW = (23, "Hebrew", "he")
    LITHUANIAN = (24, "Lithuanian", "lt")
    CZECH = (25, "Czech", "cs")
    HINDI = (26, "Hindi", "hi")
    ROMANIAN = (27, "Romanian", "ro")
    THAI = (28, "Thai", "th")
    BULGARIAN = (29, "Bulgarian", "bg")
    PORTUGUESE_BRAZIL = (30, "Portuguese (Brazil)")
    ARABIC = (31, "Arabic", "ar")
    UKRAINIAN = (32, "Ukrainian", "uk")
    PERSIAN = (33, "Persian", "fa")
    BENGALI = (34, "Bengali", "bn")
    SLOVAK = (35, "Slovak", "sk")
    LATVIAN = (36, "Latvian", "lv")
    SPANISH_LATINO = (37, "Spanish (Latino)")
    CATALAN = (38, "Catalan", "ca")
    CROATIAN = (39, "Croatian", "hr")
    SERBIAN = (40, "Serbian", "sr")
    BOSNIAN = (41, "Bosnian", "bs")
    ESTONIAN = (42, "Estonian", "et")
    TAMIL = (43, "Tamil", "ta")
    INDONESIAN = (44, "Indonesian", "id")
    TELUGU = (45, "Telugu", "te")
    MACEDONIAN = (46, "Macedonian", "mk")
    SLOVENIAN = (47, "Slovenian", "sl")
    MALAYALAM = (48, "Malayalam", "ml")
    KANNADA = (49, "Kannada", "kn")
    ALBANIAN = (50, "Albanian", "sq")
    AFRIKAANS = (51, "Afrikaans", "af")
    MARATHI = (52, "Marathi", "mr")
    TAGALOG = (53, "Tagalog", "tl")
    URDU = (54, "Urdu", "ur")
    ROMANSH = (55, "Romansh", "rm")
    MONGOLIAN = (56, "Mongolian", "mn")
    GEORGIAN = (57, "Georgian", "ka")

    def __init__(self, number: int, label: str, *codes: str) -> None:
        self.number = number
        self.label = label
        self.codes = codes

    @classmethod
    def by_label(cls, label: str) -> Language:
        """Return the language of that name, in any case, with or without its punctuation.

        `PortugueseBR`, as release names are read, is `Portuguese (Brazil)`.

        Raises:
            KeyError: There is none of that name.
        """
        return _BY_LABEL[_plain(label)]

    @classmethod
    def by_number(cls, number: int) -> Language:
        """Return the language with Radarr's id.

        Raises:
            KeyError: There is none with that id; `Any` and `Original` are no languages.
        """
        return _BY_NUMBER[number]

    @classmethod
    def by_code(cls, code: str | None) -> Language | None:
        """Return the language of TMDB's code, such as `en`; None when Radarr knows none for it."""
        return _BY_CODE.get((code or "").lower())


def _plain(label: str) -> str:
    return re.sub(r"[\W_]+", "", label).casefold()


_BY_NUMBER: Final = {language.number: language for language in Language}
_BY_LABEL: Final = {_plain(language.label): language for language in Language} | {
    "portuguesebr": Language.PORTUGUESE_BRAZIL
}
_BY_CODE: Final = {code: language for language in Language for code in language.codes}


def spoken_languages(names: Iterable[str], original: Language | None) -> frozenset[Language]:
    """Return what a release is spoken in, as Radarr's `AggregateLanguages` concludes it.

    A name that says nothing means the movie's original language, and so does the word `Original` in it.

    Args:
        names: The languages as a release name was read: Radarr's names, or `Original`.
        original: The language that the movie was made in; None when nobody knows.
    """
    wished = original or Language.UNKNOWN
    found = frozenset(_BY_LABEL.get(_plain(name), wished) for name in names)
    return found or frozenset({wished})
