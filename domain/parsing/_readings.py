"""The ways to read the words of a title: two titles, another script, remarks at its end."""

from __future__ import annotations

import re
from typing import Final

_AKA: Final = re.compile(r"\s+[(\[]?a[. ]?k[. ]?a[. ]?\s+", re.IGNORECASE)
_OTHER_LETTER: Final = re.compile(r"[^\W\d_\x00-\u024f]")
_OTHER_SCRIPT: Final = re.compile(
    r"^[^A-Za-z]*[^\x00-\u024f][^A-Za-z]*?[\s/]+(?=[\d\s]{0,4}[A-Za-z])"
)
_PERSON_AT_END: Final = re.compile(r"\s*\((?:[^()]|\([^()]*\))*\)?\s*$")
_BROADCASTER: Final = re.compile(r"^BBC\s+(?:-\s+)?(?=\w)")
_VERSION_AT_END: Final = re.compile(r"(?<=\w)\s+v\d$", re.IGNORECASE)
_REMARK_AT_END: Final = re.compile(r"(?<=[\s\-])[(\[]([^()\[\]]+)[)\]]$")
# Names of files inside scene releases: "grp-the title".
_SCENE_GROUP_BEFORE: Final = re.compile(r"^[a-z\d]{2,10}-(?=[a-z\d ]+$)")
_3D_AT_END: Final = re.compile(r"(?<=\w) 3D$", re.IGNORECASE)
_PUNCTUATION: Final = " \t-–—_,;[({)]}~|/*+"


def readings_of(title: str) -> list[str]:
    """Return the ways to read a title, the likeliest first."""
    halves = _AKA.split(title)
    if all(half.strip(_PUNCTUATION) for half in halves) and len(halves) > 1:
        return halves
    plain = _VERSION_AT_END.sub("", _BROADCASTER.sub("", title))
    if " / " in plain and _OTHER_LETTER.search(plain):
        # Behind a title in two scripts stands who directed it, in both.
        plain = _PERSON_AT_END.sub("", plain) or plain
    latin = _latin(plain)
    readings = [latin] if latin != plain else []
    remark = _REMARK_AT_END.search(plain.rstrip(" -"))
    if remark and any(char.isalnum() for char in plain[: remark.start()]):
        readings += [plain[: remark.start()], remark[1]]
    if " / " in plain:
        readings += [*latin.split(" / "), *plain.split(" / ")]
    return [*readings, plain, _3D_AT_END.sub("", plain), _SCENE_GROUP_BEFORE.sub("", plain)]


def _latin(title: str) -> str:
    """Return the part in Latin letters, when another script comes before it."""
    if _OTHER_LETTER.search(title) is None:
        return title
    if " / " not in title:
        return _OTHER_SCRIPT.sub("", title)
    latin = [half for half in title.split(" / ") if not _OTHER_LETTER.search(half)]
    return " / ".join(latin) or title


def polished(title: str) -> str:
    """Strip signs from both ends of a title, but no bracket whose other half stays inside."""
    text = title.strip(_PUNCTUATION)
    if title.rstrip().endswith((")", "]")) and text.count("(") > text.count(")"):
        text += ")"
    for opening, closing in ("()", "[]"):
        if title.lstrip().startswith(opening) and text.count(closing) > text.count(opening):
            text = opening + text
    return " ".join(text.split())
