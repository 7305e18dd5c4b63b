"""Lengths of time as people type them: 90d, 12h, 30m, 6w."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from reeld.domain.errors import Refused

_LENGTH: Final = re.compile(r"(\d{1,6})\s*([mhdw])", re.ASCII | re.IGNORECASE)
_UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
LONGEST: Final = timedelta(days=36500)


def read_duration(text: str) -> timedelta:
    """Return a length of time.

    Raises:
        Refused: It is none, or it is nothing or more than a hundred years.
    """
    found = _LENGTH.fullmatch(text.strip())
    length = int(found[1]) * _UNITS[found[2].lower()] if found else timedelta(0)
    if not timedelta(0) < length <= LONGEST:
        raise Refused(
            f"{text!r} is no length of time: write minutes, hours, days or weeks, such as 30m, 12h, 90d or 6w.",
            reason="no_duration",
        )
    return length
