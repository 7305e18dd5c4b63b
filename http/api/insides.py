"""`/api/logs`: what the daemon said lately. No secret is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from litestar import Router, get
from litestar.params import FromQuery, QueryParameter

from reeld.http.surface import Surface
from reeld.telemetry.logs import Level, LogRecord, recent

_SEVERITY: Final = {
    level: place for place, level in enumerate(("debug", "info", "warning", "error", "critical"))
}


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some records, newest first; `next` is what to pass as `before` for more, None when no more are kept."""

    records: list[LogRecord]
    next: int | None


def inside_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes about the daemon itself."""

    @get("/api/logs", operation_id="listLogs")
    async def list_logs(
        level: FromQuery[Level] = "info",
        logger: Annotated[str | None, QueryParameter(max_length=100)] = None,
        text: Annotated[str | None, QueryParameter(max_length=200)] = None,
        before: Annotated[int | None, QueryParameter(ge=1, le=2**53)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> LogPage:
        """List the last records of the log, newest first: of a level and above, of a logger and those below it."""
        least = _SEVERITY[level]
        found: list[LogRecord] = []
        for record in recent.latest(before=before):
            if len(found) == limit:
                break
            if _SEVERITY.get(record.level, 1) >= least and _fits(record, logger, text):
                found.append(record)
        return LogPage(found, found[-1].number if len(found) == limit else None)

    return [Router("/", route_handlers=[list_logs], guards=[surface.access.requires_key])]


def _fits(record: LogRecord, logger: str | None, text: str | None) -> bool:
    of_logger = logger is None or record.logger == logger or record.logger.startswith(f"{logger}.")
    if text is None or not of_logger:
        return of_logger
    wanted = text.casefold()
    said = (record.event, *record.fields.values())
    return any(wanted in each.casefold() for each in said)
