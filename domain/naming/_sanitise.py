"""Makes text from outside fit to be the name of a file or a folder."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST_NAME: Final = 240
"""Bytes of one name. File systems end at 255; what is left is for `.part`, `.en.forced.srt`."""

_REPLACED: Final = {
    ord("/"): "+",
    ord("\\"): "+",
    ord("?"): "!",
    ord("*"): "-",
    ord("<"): None,
    ord(">"): None,
    ord("|"): None,
    ord('"'): None,
}
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])(?=\.|$)", re.IGNORECASE)
# Cc and Cf: control characters and invisible ones that turn the direction of text; Cs: halves of
# characters that no file system takes.
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EDGES: Final = " ."


def sanitise_value(text: str) -> str:
    """Return the value of one token without anything that means something to a file system.

    Separators of paths become `+`, as in Radarr; a colon becomes a dash.
    """
    composed = unicodedata.normalize("NFC", text)
    visible = "".join(
        " " if char in "\t\r\n" else char
        for char in composed
        if char in "\t\r\n" or unicodedata.category(char) not in _INVISIBLE
    )
    plain = visible.translate(_REPLACED).replace(": ", " - ").replace(":", "-")
    return " ".join(plain.split())


def sanitise_name(text: str, *, suffix: str = "", fallback: str) -> str:
    """Return a whole name: no dots or spaces at its ends, nothing reserved, not too long.

    Args:
        text: The rendered name, its values sanitised.
        suffix: Follows the name and counts towards its length; `.mkv`.
        fallback: The name when nothing is left.
    """
    name = text.lstrip(" .-").rstrip(_EDGES)
    name = _cut(name, LONGEST_NAME - len(suffix.encode())).rstrip(_EDGES)
    if not name.strip(" .-_"):
        name = fallback
    return _unreserved(name) + suffix


def _unreserved(name: str) -> str:
    """Change a name that stands for a device on Windows: `con.game` becomes `con_game`."""
    found = _RESERVED.match(name)
    return f"{found[0]}_{name[found.end() + 1 :]}" if found else name


def _cut(text: str, most: int) -> str:
    """Cut a text to a number of bytes, never inside a character or before its accents."""
    if len(text.encode()) <= most:
        return text
    cut = text.encode()[: max(most, 0)].decode(errors="ignore")
    while cut and unicodedata.combining(text[len(cut)]):
        cut = cut[:-1]
    return cut
