"""Health: liveness asks nothing of anybody, readiness asks the database's last word, the details are cached."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import trio
from litestar import Response, Router, get

from reeld.http.surface import Surface
from reeld.telemetry import Check, Status

HEALTH_JSON = "application/health+json"
"""Of draft-inadarei-api-health-check-06."""


def health_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of health and information."""

    @get("/health", operation_id="health")
    async def health() -> Response[bytes]:
        """Say that the daemon's loop turns. It asks nothing external, so that nothing external can get it restarted."""
        return _document({"status": Status.PASS, "version": surface.version}, 200)

    @get("/ready", operation_id="ready")
    async def ready() -> Response[bytes]:
        """Say whether the daemon can do its work: 200, or 503."""
        readiness = surface.readiness()
        if readiness.is_ready:
            return _document({"status": Status.PASS}, 200)
        body = {
            "status": Status.FAIL,
            "reason": readiness.reason,
            "output": readiness.sentence,
        }
        return _document(body, 503)

    @get("/health/detailed", operation_id="healthDetailed", guards=[surface.access.requires_key])
    async def detailed() -> Response[bytes]:
        """Show every check's last result. Degraded is not dead: a warning answers 200."""
        status = surface.health.status if surface.readiness().is_ready else Status.FAIL
        body = {
            "status": status,
            "version": surface.version,
            "description": "reeld",
            "checks": {check.name: [_entry(check)] for check in surface.health.checks()},
        }
        return _document(body, 503 if status is Status.FAIL else 200)

    @get("/info", operation_id="info", guards=[surface.access.requires_key])
    async def info() -> dict[str, Any]:
        """Say what runs here."""
        settings = surface.settings()
        return {
            "name": "reeld",
            "version": surface.version,
            "python": platform.python_version(),
            "started_at": surface.started_at,
            "uptime_seconds": (datetime.now(UTC) - surface.started_at).total_seconds(),
            "database": "embedded" if settings.database_url is None else "external",
            "library": str(settings.library.root_folder),
            "data_dir": str(settings.data_dir),
            "services": {
                "tmdb": settings.tmdb is not None,
                "hdbits": settings.hdbits is not None,
                "qbittorrent": settings.qbittorrent is not None,
                "feeds": [feed.name for feed in settings.feeds],
            },
            "actors": len(surface.directory),
            "tasks": trio.lowlevel.current_statistics().tasks_living,
        }

    return [Router("/", route_handlers=[health, ready, detailed, info])]


def _entry(check: Check) -> dict[str, Any]:
    entry = {
        "componentType": check.kind,
        "status": check.status,
        "observedValue": check.observed,
        "observedUnit": check.unit or None,
        "output": check.sentence or None,
        "time": check.at,
        "since": check.since,
        "lastSuccess": check.last_success,
    }
    return {name: value for name, value in entry.items() if value is not None}


def _document(body: dict[str, Any], status: int) -> Response[bytes]:
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type=HEALTH_JSON,
        headers={"Cache-Control": "no-store"},
    )
