"""The first line of a unit that reeld wrote, by which it knows the file again, and whether somebody changed it."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from pathlib import Path
from typing import Final

from reeld import __version__

_MARK: Final = re.compile(
    r"# Written by `reeld systemd install` \(reeld [^)\n]*\), sha256 of the rest: ([0-9a-f]{64})\n"
)

LARGEST_BYTES: Final = 1_000_000
"""No unit is larger; what is was not written by reeld."""


class Condition(StrEnum):
    """What is found where a unit is to be."""

    ABSENT = "absent"
    OURS = "ours"
    """As reeld wrote it."""
    CHANGED = "changed"
    """Written by reeld, and changed by somebody since."""
    FOREIGN = "foreign"
    """Not written by reeld: also a link, such as that of a masked unit, and what is no file."""


def marked(text: str) -> str:
    """Return the text of a unit with its mark in front."""
    return f"# Written by `reeld systemd install` (reeld {__version__}), sha256 of the rest: {_digest(text)}\n{text}"


def condition_of(path: Path) -> Condition:
    """Return what is found at a path. Blocks on the disk.

    Raises:
        OSError: It cannot be read.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return Condition.FOREIGN
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_BYTES).decode(errors="replace")
    except FileNotFoundError:
        return Condition.ABSENT
    found = _MARK.match(text)
    if found is None:
        return Condition.FOREIGN
    return Condition.OURS if found[1] == _digest(text[found.end() :]) else Condition.CHANGED


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
