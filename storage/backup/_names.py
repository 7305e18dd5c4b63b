"""The names of the databases that a restore makes beside the one whose place the backup takes."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Final

RESTORING: Final = "_restoring_"
"""Is being filled."""
BEFORE: Final = "_before_"
"""Was put aside."""

# PostgreSQL cuts longer names off silently, at 63 bytes; mark and moment take 26.
_LONGEST: Final = 32
_DIGEST: Final = 9
_MOMENT: Final = re.compile(r"\d{8}T\d{6}", re.ASCII)


def name_beside(live: str, mark: str, moment: datetime) -> str:
    """Return the name of a database beside the live one, made at a moment (UTC)."""
    return f"{prefix(live, mark)}{moment:%Y%m%dT%H%M%S}"


def stood_beside(live: str, mark: str, name: str) -> bool:
    """Whether a restore gave this name: to the last letter, since people have names of their own that begin so."""
    begin = prefix(live, mark)
    return name.startswith(begin) and _MOMENT.fullmatch(name.removeprefix(begin)) is not None


def prefix(live: str, mark: str) -> str:
    """Return how the names begin; two databases whose long names begin alike have beginnings of their own."""
    name = live.encode()
    if len(name) <= _LONGEST:
        return live + mark
    begin = name[: _LONGEST - _DIGEST].decode(errors="ignore")
    return f"{begin}_{hashlib.sha256(name).hexdigest()[: _DIGEST - 1]}{mark}"
