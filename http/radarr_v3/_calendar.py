"""`calendar`, as JSON and as iCalendar (RFC 5545)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from litestar import Response, get

from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import picks

_KINDS: Final = {
    "inCinemas": "Theatrical Release",
    "digitalRelease": "Digital Release",
    "physicalRelease": "Physical Release",
}
_LONGEST_DAYS: Final = 3660
_FOLD: Final = 73


def calendar_routes(frame: Frame) -> Sequence[Any]:
    """Return the route of the calendar."""

    @get("/calendar")
    async def coming(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        start = query.moment("start") or datetime.now(UTC)
        end = query.moment("end") or start + timedelta(days=2)
        documents = await _between(frame, query, start.date(), end.date())
        return answered(documents)

    return [coming]


def feed_routes(frame: Frame) -> Sequence[Any]:
    """Return the route of the calendar that calendar programs subscribe to."""

    @get("/feed/v3/calendar/radarr.ics")
    async def feed(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        today = datetime.now(UTC).date()
        past, future = query.integer("pastDays", 7) or 0, query.integer("futureDays", 28) or 0
        days = [timedelta(days=min(max(each, 0), _LONGEST_DAYS)) for each in (past, future)]
        first, last = today - days[0], today + days[1]
        documents = await _between(frame, query, first, last)
        text = icalendar(documents, first, last, datetime.now(UTC))
        return Response(text.encode(), media_type="text/calendar; charset=utf-8")

    return [feed]


async def _between(frame: Frame, query: Query, first: date, last: date) -> list[Json]:
    tags = query.integers("tags") or None
    ids = await picks.coming(
        frame.database, first, last, unmonitored=query.flag("unmonitored"), tags=tags
    )
    documents = await frame.movie_documents(ids)
    return [documents[each] for each in ids if each in documents]


def icalendar(movies: Sequence[Json], first: date, last: date, now: datetime) -> str:
    """Write the days on which movies come out as an iCalendar document."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//reeld//calendar//EN"]
    lines += ["NAME:reeld movies", "X-WR-CALNAME:reeld movies"]
    for movie in movies:
        for kind, called in _KINDS.items():
            day = date.fromisoformat(movie[kind][:10]) if kind in movie else None
            if day is not None and first <= day <= last:
                lines += _event(movie, kind, called, day, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(movie: Json, kind: str, called: str, day: date, now: datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:reeld_movie_{movie['id']}_{kind}",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(movie['title'])} ({called})",
        f"DESCRIPTION:{_escaped(movie.get('overview', ''))}",
        f"STATUS:{'CONFIRMED' if movie['status'] == 'released' else 'TENTATIVE'}",
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    """Escape what has a meaning in a text (RFC 5545, 3.3.11); other control characters are left out."""
    for char, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(char, written)
    return "".join(char for char in text if char.isprintable())


def _folded(line: str) -> str:
    """Break a line that is longer than 75 octets (RFC 5545, 3.1), never within a character."""
    parts, size = [""], 0
    for char in line:
        octets = len(char.encode())
        if size + octets > _FOLD:
            parts.append("")
            size = 0
        parts[-1] += char
        size += octets
    return "\r\n ".join(parts)
