"""Relative paths that cannot leave their root, and the names of reeld's own files."""

from __future__ import annotations

import os
import re
from typing import Final

from reeld.actors.importer._failures import NameTooLong, UnsafePath

MAX_NAME_BYTES: Final = 255
"""NAME_MAX of every usual Linux file system; counted in bytes, not characters."""

MAX_DEPTH: Final = 32
"""More folders below each other than any real release or naming template has."""

_PART = re.compile(r"\.reeld-(\d{1,19})\.part", re.ASCII)
_PROBE = re.compile(r"\.reeld-probe-[0-9a-f]{16}", re.ASCII)


def safe_parts(relative: str) -> tuple[str, ...]:
    """Return the components of a relative path that stays below its root.

    Raises:
        UnsafePath: The path is absolute or empty, climbs (`..`), or holds NUL or another control
            character.
        NameTooLong: A component has more bytes than a file system takes.
    """
    parts = tuple(relative.split("/"))
    if len(parts) > MAX_DEPTH or any(part in {"", ".", ".."} for part in parts):
        raise UnsafePath(f"{relative!r} is no plain path below its folder.")
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in relative):
        raise UnsafePath(f"{relative!r} holds control characters.")
    if any(_too_long(part) for part in parts):
        raise NameTooLong(f"{relative!r} holds a name of more than {MAX_NAME_BYTES} bytes.")
    return parts


def _too_long(part: str) -> bool:
    try:
        return len(os.fsencode(part)) > MAX_NAME_BYTES
    except UnicodeEncodeError:
        # A lone surrogate out of JSON: it can be the name of no file.
        raise UnsafePath(f"{part!r} cannot be the name of a file.") from None


def part_name(import_id: int) -> str:
    """Return the name under which an import's file grows beside its final name."""
    return f".reeld-{import_id}.part"


def import_of_part(name: str) -> int | None:
    """Return the import that a part file belongs to; None for any other file."""
    match = _PART.fullmatch(name)
    return int(match[1]) if match else None


def is_probe(name: str) -> bool:
    """Whether a file is a left-over of the hard-link probe."""
    return _PROBE.fullmatch(name) is not None
