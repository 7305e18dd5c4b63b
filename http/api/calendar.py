"""`/api/calendar`: when movies come out, as JSON, and for calendar programs that know one token and no key."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

from litestar import Response, Router, delete, get, post
from litestar.handlers.base import BaseRouteHandler
from litestar.params import FromQuery, QueryParameter

from reeld.domain.errors import InvalidField, NotFound
from reeld.domain.scope import Scope
from reeld.http.access import Caller, Connection, digest
from reeld.http.icalendar import MEDIA_TYPE, icalendar
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import calendar
from reeld.storage.repositories.calendar import ReleaseDay
from reeld.telemetry import redaction

LONGEST: Final = timedelta(days=3660)
PAST, FUTURE = timedelta(days=30), timedelta(days=365)
_TOKEN_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class CalendarToken:
    """A token that reads the calendar and nothing else, shown this once.

    Attributes:
        path: What a calendar program subscribes to, below reeld's address.
    """

    token: str
    path: str


def calendar_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of the calendar."""
    database = surface.database

    @get("/api/calendar", operation_id="listCalendar", guards=[surface.access.requires_key])
    async def list_calendar(
        first: Annotated[date | None, QueryParameter(name="from")] = None,
        last: Annotated[date | None, QueryParameter(name="to")] = None,
        unmonitored: FromQuery[bool] = False,
    ) -> list[ReleaseDay]:
        """List what comes out between two days, both included: from a month ago for a year when they are left out."""
        begin, end = _period(first, last)
        return await calendar.between(database, begin, end, unmonitored=unmonitored)

    @post(
        "/api/calendar/token",
        operation_id="renewCalendarToken",
        guards=[surface.access.requires_key],
    )
    async def renew_token(request: AnyRequest) -> CalendarToken:
        """Make the token for calendar programs; the former one ends. It is shown once."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        redaction.register([token])
        with surface.audit.change(request, "add_key", "calendar"):
            async with database.transaction() as conn:
                await calendar.renew_token(conn, digest(token))
        return CalendarToken(token, f"/api/calendar.ics?token={token}")

    @delete(
        "/api/calendar/token",
        operation_id="revokeCalendarToken",
        guards=[surface.access.requires_key],
    )
    async def revoke_token(request: AnyRequest) -> None:
        """Let calendar programs read no more: the token ends at once."""
        with surface.audit.change(request, "revoke_key", "calendar"):
            async with database.transaction() as conn:
                if not await calendar.forget_token(conn):
                    raise NotFound("There is no calendar token.")

    async def requires_token(connection: Connection, handler: BaseRouteHandler) -> None:
        """Let the token in, or a key."""
        given = connection.query_params.get("token")
        known = None if given is None else await calendar.token_digest(database)
        if given is None or known is None or not hmac.compare_digest(digest(given), known):
            await surface.access.requires_key(connection, handler)
            return
        connection.scope["auth"] = Caller("calendar", Scope.READ)

    @get(
        "/api/calendar.ics",
        operation_id="readCalendar",
        guards=[requires_token],
        media_type=MEDIA_TYPE,
    )
    async def read_calendar(
        unmonitored: FromQuery[bool] = False,
        token: Annotated[str | None, QueryParameter(max_length=200)] = None,  # noqa: ARG001 - the guard's
    ) -> Response[str]:
        """Show the calendar as iCalendar (RFC 5545), with a key or with the calendar's own token."""
        begin, end = _period(None, None)
        days = await calendar.between(database, begin, end, unmonitored=unmonitored)
        return Response(icalendar(days, datetime.now(UTC)), media_type=MEDIA_TYPE)

    return [Router("/", route_handlers=[list_calendar, renew_token, revoke_token, read_calendar])]


def _period(first: date | None, last: date | None) -> tuple[date, date]:
    today = datetime.now(UTC).date()
    try:
        begin = first or (today if last is None else min(today, last)) - PAST
        end = last or max(today, begin) + FUTURE
    except OverflowError:
        raise InvalidField("from", "lies too far away.") from None
    if end < begin or end - begin > LONGEST:
        raise InvalidField("to", f"must be `from` or up to {LONGEST.days} days later.")
    return begin, end
