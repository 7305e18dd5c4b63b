"""Reads what a name says of subtitles that are burnt into the picture."""

from __future__ import annotations

from typing import Final

from reeld.domain.parsing._picture import words

# As Radarr has it: a language before "sub" means burnt in, and so does "subbed" alone. Unlike it
# "e" does not: what uploads from India call "ESubs" are subtitles on the side.
_LANGUAGE: Final = (
    r"kor|swe|dan?|fin?|nor?|nl|dutch|pl|ro|hun?|cz|sk|eng?|ita?|esp?|spa|lat|fr|fre|ger|bg|gr|tr|tur|"
    r"rus?|pt|por|br|heb|ara?|jap|chi|chs|cht|viet|indo|thai|fan|fast"
)
_HARDCODED: Final = words(
    rf"hc|hard-?coded(?:[ \-]subs?)?|hard-?subs?(?:bed)?|(?:{_LANGUAGE})-?subs?|subbed"
)


def read_hardcoded(tail: str) -> str | None:
    """Return the words of the tail that say so, as written; None when none does."""
    found = _HARDCODED.search(tail)
    return found[0] if found else None
