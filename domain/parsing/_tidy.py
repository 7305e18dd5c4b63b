"""Makes a name safe and plain before anything reads meaning into it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

LONGEST_NAME: Final = 300
"""Characters that are parsed. guessit's time grows faster than the length (35 ms at 467
characters, 2.2 s at 5,803), and file systems end names at 255 bytes."""

_EXTENSIONS: Final = (
    "mkv|mk3d|mp4|m4v|avi|divx|wmv|asf|mov|qt|mpg|mpeg|m2v|ts|m2ts|vob|webm|ogm|ogv|flv|rm|rmvb|"
    "3gp|iso|img|torrent|nfo|srt|sub|idx|nzb|rar|zip|7z|tar|gz|bz2|xz|tgz|ace|arj|r\\d\\d|par2|sfv|"
    "cb[rz7]|jpe?g|png|gif|bmp|tbn|webp|txt"
)
_EXTENSION: Final = re.compile(rf"[. ]({_EXTENSIONS})\s*$", re.IGNORECASE)
_SITE: Final = (
    r"(?:w{2,4}[. ][\w-]+(?:[. ][\w-]+)*?[. ][a-z]{2,10}|[\w-]+\.(?:org|com|net|to|cc|io))"
)
_SITE_BEFORE: Final = re.compile(
    rf"^\s*(?:\[\s*{_SITE}\s*\]|\(\s*{_SITE}\s*\)|w{{2,4}}[. ,]\S+(?:\s\S+){{0,2}}?(?=\s+-))[\s_]*(?:-\s*)?",
    re.IGNORECASE,
)
_SITE_AFTER: Final = re.compile(
    rf"(?:\s*[\[(]\s*{_SITE}\s*[\])]|[ \-]www\.[\w-]{{2,40}}\.[a-z]{{2,10}})\s*$", re.IGNORECASE
)
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}")
# Usenet posters append these when they post somebody's release again.
_REPOST: Final = re.compile(
    r"(?:[-. ]{1,3}(?:rakuv\w*|obfuscat(?:ed|ion)|postbot|xpost|scrambled|nzbgeek|rp|pre|sample|gerov|"
    r"asrequested|alternativetorequested|z0ids3n|chamele0n|4p(?:lanet)?|alteza?chen|repackpost|"
    r"whiterev|buymore|rartv|wrtteam|cap(?:tc|hd)ha|no-?rar|n0tfs?))+\s*$",
    re.IGNORECASE,
)
_INDEX_TAG: Final = re.compile(
    r"\s*[\[{(](?:rartv|rarbg|eztv[\w.]*|ettv|tgx|ethd|etrg|etmovies|publichd|1337x[\w.]*|"
    r"prime|yts[\w.]*|hdo\.?|moviesfd)[\])}]\s*$",
    re.IGNORECASE,
)


class Tidied(NamedTuple):
    """A name without what only surrounds it.

    Attributes:
        text: The name itself.
        flat: The same length, with a space for each dot and underscore.
        extension: Without the dot, in lower case; empty when there is none.
    """

    text: str
    flat: str
    extension: str


def tidy(name: str) -> Tidied:
    """Cut a name to `LONGEST_NAME`, drop control characters, its folder, sites and re-post tags."""
    text = _printable(name[: LONGEST_NAME * 2])[:LONGEST_NAME]
    text = _base_name(text)
    text = _TEMPLATE.sub(" ", text).strip()
    text = _SITE_BEFORE.sub("", text)
    text, extension = _without_extension(text)
    text = _without_tail(text)
    text, inner = _without_extension(text)
    return Tidied(text, flatten(text), extension or inner)


def flatten(text: str) -> str:
    """Put a space in the place of each dot and underscore; the length stays."""
    return text.translate(_SPACES)


_SPACES: Final = str.maketrans("._\t", "   ")


def _printable(name: str) -> str:
    kept = (" " if unicodedata.category(char)[0] in "CZ" else char for char in name)
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def _base_name(text: str) -> str:
    # Only a path that looks like one: release names use "/" between titles, too.
    if re.match(r"[A-Za-z]:\\|/", text):
        return re.split(r"[\\/]", text.rstrip("\\/"))[-1].strip()
    return text


def _without_extension(text: str) -> tuple[str, str]:
    found = _EXTENSION.search(text)
    if found is None or found.start() == 0:
        return text, ""
    return text[: found.start()].rstrip(), found[1].lower()


def _without_tail(text: str) -> str:
    # The tags stack up, but a name is bounded, and each round makes it shorter.
    while True:
        shorter = _REPOST.sub("", _SITE_AFTER.sub("", text)).rstrip()
        if shorter == text or not shorter:
            return text
        text = shorter
