"""Health: liveness asks nothing of anybody, readiness asks the database's last word, the details are cached."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
import trio
from litestar import Response, Router, get
from litestar.openapi.datastructures import ResponseSpec

from reeld.http.surface import Surface
from reeld.telemetry import Check, Status, impact_of

HEALTH_JSON: Final = "application/health+json"
"""Of draft-inadarei-api-health-check-06, whose names the views below have."""

BodyT = TypeVar("BodyT")


OLD_HEARTBEAT_SECONDS: Final = 60.0
"""The root supervisor comes round every five seconds; what it does in between has deadlines well below this."""


class Liveness(msgspec.Struct, frozen=True, omit_defaults=True):
    """The daemon's loop turns, and the root supervisor looks after its children; `output` says when not."""

    status: Status
    version: str
    output: str = ""


class ReadinessView(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the daemon can do its work; `reason` and `output` say why not."""

    status: Status
    reason: str = ""
    output: str = ""


class CheckView(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """The result of one check.

    Attributes:
        affected_endpoints: The paths that answer less well, or not at all; only when it does not pass.
        notes: What still works; only when it does not pass.
        links: `runbook` is the page of the documentation that says what to do.
    """

    component_type: str
    status: Status
    observed_value: float | str | None = None
    observed_unit: str = ""
    output: str = ""
    time: datetime | None = None
    since: datetime | None = None
    last_success: datetime | None = None
    affected_endpoints: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    links: dict[str, str] = {}

    @classmethod
    def of(cls, check: Check) -> CheckView:
        """Show a check, with what follows from it."""
        impact = impact_of(check.name)
        is_well = check.status is Status.PASS
        return cls(
            affected_endpoints=() if impact is None or is_well else impact.endpoints,
            notes=() if impact is None or is_well else (impact.still_works,),
            links={} if impact is None else {"runbook": f"docs/{impact.page}"},
            component_type=check.kind,
            status=check.status,
            observed_value=check.observed,
            observed_unit=check.unit,
            output=check.sentence,
            time=check.at,
            since=check.since,
            last_success=check.last_success,
        )


class HealthView(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every check's last result, by `component:measurement`.

    Attributes:
        notes: What still works although some checks do not pass; each once.
        output: Why the daemon is not ready, if it is not.
    """

    status: Status
    version: str
    description: str
    checks: dict[str, list[CheckView]]
    notes: tuple[str, ...] = ()
    output: str = ""


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

    @get("/health", operation_id="health", media_type=HEALTH_JSON, responses=_fails(Liveness))
    async def health() -> Response[Liveness]:
        """Say that the daemon's loop turns. It asks nothing external, so that nothing external can get it restarted."""
        age = surface.heartbeat_age()
        if age is None or age <= OLD_HEARTBEAT_SECONDS:
            return _document(Liveness(Status.PASS, surface.version))
        stuck = (
            f"The root supervisor has not looked after its children for {age:.0f} s: restart reeld."
        )
        return _document(Liveness(Status.FAIL, surface.version, stuck), 503)

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
        readiness = surface.readiness()
        status = surface.health.status if readiness.is_ready else Status.FAIL
        checks = {check.name: [CheckView.of(check)] for check in surface.health.checks()}
        notes = dict.fromkeys(note for (view,) in checks.values() for note in view.notes)
        view = HealthView(
            status, surface.version, "reeld", checks, tuple(notes), readiness.sentence
        )
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
        uptime_seconds=surface.uptime(),
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
