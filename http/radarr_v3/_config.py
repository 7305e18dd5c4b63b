"""`config`: reeld's settings under Radarr's names.

They are read from files and variables, and cannot be changed here: a PUT that says what is so already is answered as
Radarr would, any other one with 400 and the setting to change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from litestar import Response, get, put

from reeld.domain.settings import ImportMode, Settings
from reeld.http.radarr_v3._answers import accepted, answered
from reeld.http.radarr_v3._asked import AnyRequest, read_body
from reeld.http.radarr_v3._errors import Failure, Invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import MASK, Json

_MIB: Final = 1024 * 1024
_FIXED: Final = "reeld has no such setting: this is how it works."


def config_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of the configuration."""
    return [
        handler for name, write in _SECTIONS.items() for handler in _section(frame, name, write)
    ]


def _section(frame: Frame, name: str, write: Callable[[Settings], Json]) -> Sequence[Any]:
    @get([f"/config/{name}", f"/config/{name}/{{config_id:int}}"])
    async def read() -> Response[bytes]:
        return answered({"id": 1, **write(frame.surface.settings())})

    @put([f"/config/{name}", f"/config/{name}/{{config_id:int}}"])
    async def compare_settings(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        document = write(frame.surface.settings())
        failures = [
            Failure(key, _advice(key), body.get(key))
            for key, value in document.items()
            if key in body and not _is_same(body.get(key), value)
        ]
        if failures:
            raise Invalid(*failures)
        return accepted({"id": 1, **document})

    return [read, compare_settings]


def _is_same(sent: Any, held: Any) -> bool:
    return sent in (held, MASK) or (sent in (None, "") and held in (None, ""))


def _advice(key: str) -> str:
    setting = _SETTINGS.get(key)
    return (
        _FIXED
        if setting is None
        else f"Set {setting} in reeld's settings file, and it is taken over."
    )


def _naming(settings: Settings) -> Json:
    return {
        "renameMovies": True,
        "replaceIllegalCharacters": True,
        "colonReplacementFormat": "smart",
        "standardMovieFormat": settings.library.file_template,
        "movieFolderFormat": settings.library.folder_template,
    }


def _media_management(settings: Settings) -> Json:
    library = settings.library
    mode = library.folder_mode
    return {
        "autoUnmonitorPreviouslyDownloadedMovies": False,
        "recycleBin": str(library.recycle),
        "recycleBinCleanupDays": 0,
        "downloadPropersAndRepacks": _PROPERS[settings.decision.propers.value],
        "createEmptyMovieFolders": False,
        "deleteEmptyFolders": True,
        "fileDate": "none",
        "rescanAfterRefresh": "never",
        "autoRenameFolders": False,
        "pathsDefaultStatic": False,
        "setPermissionsLinux": mode is not None,
        "chmodFolder": "" if mode is None else f"{mode:03o}",
        "chownGroup": library.group or "",
        "skipFreeSpaceCheckWhenImporting": False,
        "minimumFreeSpaceWhenImporting": settings.decision.minimum_free_bytes // _MIB,
        "copyUsingHardlinks": library.import_mode in {ImportMode.HARDLINK, ImportMode.STRICT},
        "useScriptImport": False,
        "scriptImportPath": "",
        "importExtraFiles": False,
        "extraFileExtensions": "",
        "enableMediaInfo": True,
    }


def _indexer(settings: Settings) -> Json:
    decision = settings.decision
    return {
        "minimumAge": 0,
        "maximumSize": decision.maximum_bytes // _MIB,
        "retention": 0,
        "rssSyncInterval": int(settings.hdbits.poll_seconds // 60) if settings.hdbits else 15,
        "preferIndexerFlags": decision.prefer_indexer_flags,
        "availabilityDelay": decision.availability_delay_days,
        "allowHardcodedSubs": decision.hardcoded_subs_allowed,
        "whitelistedHardcodedSubs": ",".join(decision.hardcoded_subs_whitelist),
    }


def _download_client(settings: Settings) -> Json:  # noqa: ARG001
    return {
        "downloadClientWorkingFolders": "_UNPACK_|_FAILED_",
        "enableCompletedDownloadHandling": True,
        "checkForFinishedDownloadInterval": 1,
        "autoRedownloadFailed": True,
        "autoRedownloadFailedFromInteractiveSearch": True,
    }


def _import_list(settings: Settings) -> Json:  # noqa: ARG001
    return {"listSyncLevel": "disabled"}


def _metadata(settings: Settings) -> Json:  # noqa: ARG001
    return {"certificationCountry": "us"}


def _ui(settings: Settings) -> Json:  # noqa: ARG001
    return {
        "firstDayOfWeek": 1,
        "calendarWeekColumnHeader": "ddd M/D",
        "movieRuntimeFormat": "hoursMinutes",
        "shortDateFormat": "YYYY-MM-DD",
        "longDateFormat": "dddd, MMMM D YYYY",
        "timeFormat": "HH:mm",
        "showRelativeDates": True,
        "enableColorImpairedMode": False,
        "movieInfoLanguage": 1,
        "uiLanguage": 1,
        "theme": "auto",
    }


def _host(settings: Settings) -> Json:
    return {
        "bindAddress": settings.server.host,
        "port": settings.server.port,
        "sslPort": 9898,
        "enableSsl": False,
        "launchBrowser": False,
        "authenticationMethod": "forms",
        "authenticationRequired": "enabled",
        "analyticsEnabled": False,
        "username": "",
        "password": MASK,
        "logLevel": "info",
        "logSizeLimit": 1,
        "consoleLogLevel": "",
        "branch": "master",
        "apiKey": MASK,
        "sslCertPath": "",
        "sslCertPassword": MASK,
        "urlBase": "",
        "instanceName": "reeld",
        "applicationUrl": "",
        "updateAutomatically": False,
        "updateMechanism": "external",
        "updateScriptPath": "",
        "proxyEnabled": False,
        "proxyType": "http",
        "proxyHostname": "",
        "proxyPort": 8080,
        "proxyUsername": "",
        "proxyPassword": MASK,
        "proxyBypassFilter": "",
        "proxyBypassLocalAddresses": True,
        "certificateValidation": "enabled",
        "backupFolder": str(settings.backups),
        "backupInterval": max(round(settings.backup.every_hours / 24), 1),
        "backupRetention": settings.backup.keep,
        "trustCgnatIpAddresses": False,
    }


_PROPERS: Final = {
    "prefer_and_upgrade": "preferAndUpgrade",
    "do_not_upgrade": "doNotUpgrade",
    "do_not_prefer": "doNotPrefer",
}
_SETTINGS: Final = {
    "standardMovieFormat": "library.file_template",
    "movieFolderFormat": "library.folder_template",
    "recycleBin": "library.recycle_folder",
    "downloadPropersAndRepacks": "decision.propers",
    "chmodFolder": "library.folder_mode",
    "setPermissionsLinux": "library.folder_mode",
    "chownGroup": "library.group",
    "minimumFreeSpaceWhenImporting": "decision.minimum_free_bytes",
    "copyUsingHardlinks": "library.import_mode",
    "maximumSize": "decision.maximum_bytes",
    "rssSyncInterval": "hdbits.poll_seconds",
    "preferIndexerFlags": "decision.prefer_indexer_flags",
    "availabilityDelay": "decision.availability_delay_days",
    "allowHardcodedSubs": "decision.hardcoded_subs_allowed",
    "whitelistedHardcodedSubs": "decision.hardcoded_subs_whitelist",
    "bindAddress": "bind",
    "port": "bind",
    "apiKey": "api_key",
    "backupFolder": "backup.folder",
    "backupInterval": "backup.every_hours",
    "backupRetention": "backup.keep",
}
_SECTIONS: Final[dict[str, Callable[[Settings], Json]]] = {
    "naming": _naming,
    "mediamanagement": _media_management,
    "indexer": _indexer,
    "downloadclient": _download_client,
    "importlist": _import_list,
    "metadata": _metadata,
    "ui": _ui,
    "host": _host,
}
