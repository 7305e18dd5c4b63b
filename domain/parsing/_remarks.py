"""Takes off what uploaders write around a title."""

from __future__ import annotations

import re
from typing import Final

_GENRE: Final = (
    r"action|adventure|animation|anime|biography|comedy|crime|documentary|drama|family|fantasy|history|"
    r"horror|musical|mystery|romance|sci-?fi|thriller|war|western"
)
_GENRE_BEFORE: Final = re.compile(rf"^\((?:{_GENRE})\)\s*(?=\S)", re.IGNORECASE)
_GENRE_AT_END: Final = re.compile(rf"\s+-\s+(?:{_GENRE})$", re.IGNORECASE)
_PACK_AT_END: Final = re.compile(
    r"\s+(?:the )?complete (?:\d+ )?(?:movie |film )?(?:collection|saga|series)(?![^\W_]).*$",
    re.IGNORECASE,
)
_DAY_AT_END: Final = re.compile(
    r"\s+(?:(?:0[1-9]|[12]\d|3[01])(?:-(?:0[1-9]|[12]\d|3[01])-?|/(?:0[1-9]|[12]\d|3[01])/?)|"
    r"\d{1,2}(?:st|nd|rd|th)\s(?:jan|feb|mar|apr|may|jun|jul|aug|"
    r"sep|oct|nov|dec)[a-z]*)$",
    re.IGNORECASE,
)
_STEREO_AT_END: Final = re.compile(
    r"(?:\s+3D)?\s+(?:(?:h|half|f|full)[ \-]?)?(?:sbs|ou|tab|side ?by ?side|over ?under)$",
    re.IGNORECASE,
)
_BRACKETS: Final = re.compile(r"(?<=\w)[\s.]*\[[^\[\]]*\]?(?:[\s.]*\[[^\[\]]*\]?)*[\s.]*")


def without_remarks(title: str) -> str:
    """Take off what uploaders write around a title: genre, pack, brackets, the day, how 3D is packed."""
    for pattern in (_GENRE_BEFORE, _PACK_AT_END, _GENRE_AT_END, _DAY_AT_END, _STEREO_AT_END):
        title = pattern.sub("", title) or title
    return _BRACKETS.sub(" ", title).strip() or title
