"""`calendar`, as JSON and as iCalendar (RFC 5545)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from litestar import Response, get

from reeld.http.icalendar import MEDIA_TYPE, icalendar
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._choosing import words_of
from reeld.http.radarr_v3._frame import Frame
from reeld.storage.repositories import calendar
from reeld.storage.repositories.calendar import ReleaseDay, ReleaseKind

_LONGEST_DAYS: Final = 3660
_KINDS: Final = {
    "cinemarelease": ReleaseKind.IN_CINEMAS,
    "digitalrelease": ReleaseKind.DIGITAL,
    "physicalrelease": ReleaseKind.PHYSICAL,
}
"""By Radarr's words in small letters."""
_NUMBERED: Final = dict(enumerate(_KINDS))


def calendar_routes(frame: Frame) -> Sequence[Any]:
    """Return the route of the calendar."""

    @get("/calendar")
    async def coming(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        start = query.moment("start") or datetime.now(UTC)
        end = query.moment("end") or start + timedelta(days=2)
        days = await _between(frame, query, start.date(), end.date())
        documents = await frame.movie_texts([each.movie_id for each in days])
        return answered([documents[number] for number in sorted(documents)])

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
        days_found = await _between(frame, query, first, last)
        told = {_KINDS[each] for each in words_of(query, "releaseTypes", _NUMBERED)}
        shown = [each for each in days_found if not told or each.kind in told]
        document = icalendar(shown, datetime.now(UTC))
        return Response(document.encode(), media_type=MEDIA_TYPE)

    return [feed]


async def _between(frame: Frame, query: Query, first: date, last: date) -> list[ReleaseDay]:
    tags = query.integers("tags") or None
    wish = query.flag("unmonitored")
    return await calendar.between(frame.database, first, last, unmonitored=wish, tags=tags)
