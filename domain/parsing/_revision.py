"""Reads whether a release mends an earlier one."""

from __future__ import annotations

import re
from typing import Final

from reeld.domain.quality import Revision

_PROPER: Final = re.compile(r"(?<![^\W_])proper\d?(?![^\W_])", re.IGNORECASE)
_REPACK: Final = re.compile(r"(?<![^\W_])(?:repack|rerip)(\d?)(?![^\W_])", re.IGNORECASE)
_VERSION: Final = re.compile(r"(?<=\d) ?v([2-9])(?![^\W_])", re.IGNORECASE)
_BRACKETED_VERSION: Final = re.compile(r"\[v([2-9])\]", re.IGNORECASE)
# Written large it is the scene's word; "Real" may be a title's.
_REAL: Final = re.compile(r"(?<![^\W_])REAL(?![^\W_])")


def read_revision(flat: str, tail_start: int) -> Revision:
    """Read the revision from a flat name.

    Args:
        flat: The whole name: a version may stand right behind an episode's number.
        tail_start: Where the title and its year end: only after it are words taken.
    """
    tail = flat[tail_start:]
    real = len(_REAL.findall(tail))
    repack = _REPACK.search(tail)
    if repack:
        return Revision(real, int(repack[1] or 1) + 1, is_repack=True)
    version = _VERSION.search(flat) or _BRACKETED_VERSION.search(flat)
    if version:
        return Revision(real, int(version[1]))
    return Revision(real, 2 if _PROPER.search(tail) else 1)
