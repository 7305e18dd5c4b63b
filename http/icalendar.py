"""An iCalendar document (RFC 5545) of the days on which movies come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from reeld.domain.movie import MovieStatus
from reeld.storage.repositories.calendar import ReleaseDay, ReleaseKind

MEDIA_TYPE: Final = "text/calendar"
_LONGEST_OCTETS: Final = 75
"""Of a line, without its end (RFC 5545, 3.1)."""

_CALLED: Final = {
    ReleaseKind.IN_CINEMAS: "in cinemas",
    ReleaseKind.DIGITAL: "digital",
    ReleaseKind.PHYSICAL: "on disc",
}
_ESCAPES: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def icalendar(days: Iterable[ReleaseDay], now: datetime) -> str:
    """Return the document; `now`, in UTC, is when it was made."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//reeld//calendar//EN",
        "CALSCALE:GREGORIAN",
        "NAME:reeld",
        "X-WR-CALNAME:reeld",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ]
    for each in days:
        lines += _event(each, now)
    return "".join(f"{folded}\r\n" for line in [*lines, "END:VCALENDAR"] for folded in _fold(line))


def _event(each: ReleaseDay, now: datetime) -> list[str]:
    year = "" if each.year is None else f" ({each.year})"
    return [
        "BEGIN:VEVENT",
        f"UID:{each.kind}-{each.tmdb_id}@reeld",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{each.day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{each.day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_text(f'{each.title}{year}: {_CALLED[each.kind]}')}",
        f"DESCRIPTION:{_text(each.overview)}",
        f"STATUS:{'CONFIRMED' if each.status is MovieStatus.RELEASED else 'TENTATIVE'}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _text(text: str) -> str:
    """Escape what has a meaning in a text (RFC 5545, 3.3.11); other control characters have no place there."""
    plain = "".join(c for c in text.replace("\r\n", "\n") if c == "\n" or c.isprintable())
    return plain.translate(_ESCAPES)


def _fold(line: str) -> Iterator[str]:
    """Break a line that is too long, never inside a character; what goes on begins with a space."""
    part, octets = "", 0
    for char in line:
        size = len(char.encode())
        if octets + size > _LONGEST_OCTETS:
            yield part
            part, octets = " ", 1
        part, octets = part + char, octets + size
    yield part
