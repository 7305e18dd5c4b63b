"""Health: liveness asks nothing of anybody, readiness asks the database's last word, the details are cached."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec
import trio
from litestar import Response, Router, get
from litestar.openapi.datastructures import ResponseSpec

from reeld.http.surface import Surface
from reeld.telemetry import Check, Status

HEALTH_JSON: Final = "application/health+json"
"""Of draft-inadarei-api-health-check-06, whose names the views below have."""

BodyT = TypeVar("BodyT")


class Liveness(msgspec.Struct, frozen=True):
    """The daemon's loop turns."""

    status: Status
    version: str


class ReadinessView(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the daemon can do its work; `reason` and `output` say why not."""

    status: Status
    reason: str = ""
    output: str = ""


class CheckView(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """The result of one check."""

    component_type: str
    status: Status
    observed_value: float | str | None = None
    observed_unit: str = ""
    output: str = ""
    time: datetime | None = None
    since: datetime | None = None
    last_success: datetime | None = None

    @classmethod
    def of(cls, check: Check) -> CheckView:
        """Show a check."""
        return cls(
            component_type=check.kind,
            status=check.status,
            observed_value=check.observed,
            observed_unit=check.unit,
            output=check.sentence,
            time=check.at,
            since=check.since,
            last_success=check.last_success,
        )


class HealthView(msgspec.Struct, frozen=True):
    """Every check's last result, by `component:measurement`."""

    status: Status
    version: str
    description: str
    checks: dict[str, list[CheckView]]


@dataclass(frozen=True, slots=True)
class ServicesView:
    """Which outside systems are set up."""

    tmdb: bool
    hdbits: bool
    qbittorrent: bool
    feeds: list[str]


@dataclass(frozen=True, slots=True)
class Info:
    """What runs here."""

    name: str
    version: str
    python: str
    started_at: datetime
    uptime_seconds: float
    database: str
    library: str
    data_dir: str
    services: ServicesView
    actors: int
    tasks: int


def health_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of health and information."""

    @get("/health", operation_id="health", media_type=HEALTH_JSON)
    async def health() -> Response[Liveness]:
        """Say that the daemon's loop turns. It asks nothing external, so that nothing external can get it restarted."""
        return _document(Liveness(Status.PASS, surface.version))

    @get("/ready", operation_id="ready", media_type=HEALTH_JSON, responses=_fails(ReadinessView))
    async def ready() -> Response[ReadinessView]:
        """Say whether the daemon can do its work: 200, or 503 and why not."""
        readiness = surface.readiness()
        if readiness.is_ready:
            return _document(ReadinessView(Status.PASS))
        return _document(ReadinessView(Status.FAIL, readiness.reason, readiness.sentence), 503)

    @get(
        "/health/detailed",
        operation_id="healthDetailed",
        media_type=HEALTH_JSON,
        guards=[surface.access.requires_key],
        responses=_fails(HealthView),
    )
    async def detailed() -> Response[HealthView]:
        """Show every check's last result. Degraded is not dead: a warning answers 200."""
        status = surface.health.status if surface.readiness().is_ready else Status.FAIL
        checks = {check.name: [CheckView.of(check)] for check in surface.health.checks()}
        view = HealthView(status, surface.version, "reeld", checks)
        return _document(view, 503 if status is Status.FAIL else 200)

    @get("/info", operation_id="info", guards=[surface.access.requires_key])
    async def info() -> Info:
        """Say what runs here."""
        return _info(surface)

    return [Router("/", route_handlers=[health, ready, detailed, info])]


def _info(surface: Surface) -> Info:
    settings = surface.settings()
    return Info(
        name="reeld",
        version=surface.version,
        python=platform.python_version(),
        started_at=surface.started_at,
        uptime_seconds=(datetime.now(UTC) - surface.started_at).total_seconds(),
        database="embedded" if settings.database_url is None else "external",
        library=str(settings.library.root_folder),
        data_dir=str(settings.data_dir),
        services=ServicesView(
            tmdb=settings.tmdb is not None,
            hdbits=settings.hdbits is not None,
            qbittorrent=settings.qbittorrent is not None,
            feeds=[feed.name for feed in settings.feeds],
        ),
        actors=len(surface.directory),
        tasks=trio.lowlevel.current_statistics().tasks_living,
    )


def _fails(body: type[Any]) -> dict[int, ResponseSpec]:
    return {503: ResponseSpec(body, description="It cannot.", media_type=HEALTH_JSON)}


def _document(body: BodyT, status: int = 200) -> Response[BodyT]:
    return Response(body, status_code=status, media_type=HEALTH_JSON)
