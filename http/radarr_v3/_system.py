"""`/ping`, `system`, `health` and the lists that never change."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get
from litestar.params import FromPath

from reeld.domain.language import ANY_NUMBER, ORIGINAL_NUMBER, Language
from reeld.domain.release import IndexerFlag
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._door import APPLICATION_VERSION
from reeld.http.radarr_v3._errors import Missing
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json, moment
from reeld.telemetry import Check, Status, impact_of

_RESULTS: Final = {Status.WARN: "warning", Status.FAIL: "error"}
_FLAGS: Final = {
    IndexerFlag.FREELEECH: "G_Freeleech",
    IndexerFlag.HALFLEECH: "G_Halfleech",
    IndexerFlag.DOUBLE_UPLOAD: "G_DoubleUpload",
    IndexerFlag.PTP_GOLDEN: "PTP_Golden",
    IndexerFlag.PTP_APPROVED: "PTP_Approved",
    IndexerFlag.INTERNAL: "G_Internal",
    IndexerFlag.SCENE: "G_Scene",
    IndexerFlag.FREELEECH_75: "G_Freeleech75",
    IndexerFlag.FREELEECH_25: "G_Freeleech25",
    IndexerFlag.NUKED: "Nuked",
}


def open_routes() -> Sequence[Any]:
    """Return the routes that need no key."""

    @get("/ping")
    async def ping() -> Response[bytes]:
        return answered({"status": "OK"})

    return [ping]


def system_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes about the system."""
    surface = frame.surface

    @get("/system/status")
    async def status() -> Response[bytes]:
        return answered(await _status(frame))

    @get("/health")
    async def health() -> Response[bytes]:
        checks = [each for each in surface.health.checks() if each.status is not Status.PASS]
        return answered([_health(number, each) for number, each in enumerate(checks, 1)])

    @get("/language")
    async def list_languages() -> Response[bytes]:
        wishes = [_language(ANY_NUMBER, "Any"), _language(ORIGINAL_NUMBER, "Original")]
        return answered([*wishes, *(_language(each.number, each.label) for each in Language)])

    @get("/language/{language_id:int}")
    async def one_language(language_id: FromPath[int]) -> Response[bytes]:
        try:
            found = Language.by_number(language_id)
        except KeyError:
            raise Missing from None
        return answered(_language(found.number, found.label))

    @get("/indexerflag")
    async def flags() -> Response[bytes]:
        return answered(
            [
                {"id": int(flag), "name": name, "nameLower": name.lower()}
                for flag, name in _FLAGS.items()
            ]
        )

    return [
        status,
        health,
        list_languages,
        one_language,
        flags,
    ]


def _language(number: int, name: str) -> Json:
    return {"id": number, "name": name, "nameLower": name.lower()}


async def _status(frame: Frame) -> Json:
    surface = frame.surface
    row = await frame.database.fetch_one(
        "SELECT current_setting('server_version'), (SELECT max(number) FROM schema_migration)"
    )
    server, schema = row or ("", 0)
    return {
        "appName": "Radarr",
        "instanceName": "reeld",
        "version": APPLICATION_VERSION,
        "buildTime": moment(surface.started_at),
        "isDebug": False,
        "isProduction": True,
        "isAdmin": os.geteuid() == 0,
        "isUserInteractive": False,
        "startupPath": "/",
        "appData": str(surface.settings().data_dir),
        "osName": platform.system().lower(),
        "osVersion": platform.release(),
        "isNetCore": True,
        "isLinux": True,
        "isOsx": False,
        "isWindows": False,
        "isDocker": False,
        "mode": "console",
        "branch": "master",
        "authentication": "forms",
        "databaseType": "postgreSQL",
        "databaseVersion": str(server),
        "migrationVersion": int(schema or 0),
        "urlBase": "",
        "runtimeVersion": platform.python_version(),
        "runtimeName": "python",
        "startTime": moment(surface.started_at),
        "packageVersion": surface.version,
        "packageAuthor": "reeld",
        "packageUpdateMechanism": "external",
    }


def _health(number: int, check: Check) -> Json:
    impact = impact_of(check.name)
    return {
        "id": number,
        "source": "".join(part.capitalize() for part in check.name.replace(":", "_").split("_"))
        + "Check",
        "type": _RESULTS[check.status],
        "message": check.sentence,
        "wikiUrl": "" if impact is None else f"/docs/{impact.page}",
    }
