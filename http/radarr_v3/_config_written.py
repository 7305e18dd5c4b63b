"""reeld's settings as Radarr's `config` writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from reeld.domain.settings import Settings
from reeld.http.radarr_v3._values import MASK, Json

MIB: Final = 1024 * 1024
PROPERS: Final = {
    "prefer_and_upgrade": "preferAndUpgrade",
    "do_not_upgrade": "doNotUpgrade",
    "do_not_prefer": "doNotPrefer",
}


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
        "downloadPropersAndRepacks": PROPERS[settings.decision.propers.value],
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
        "minimumFreeSpaceWhenImporting": settings.decision.minimum_free_bytes // MIB,
        "copyUsingHardlinks": True,
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
        "maximumSize": decision.maximum_bytes // MIB,
        "retention": 0,
        "rssSyncInterval": int((settings.hdbits or settings.torznab).poll_seconds // 60),
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


SECTIONS: Final[dict[str, Callable[[Settings], Json]]] = {
    "naming": _naming,
    "mediamanagement": _media_management,
    "indexer": _indexer,
    "downloadclient": _download_client,
    "importlist": _import_list,
    "metadata": _metadata,
    "ui": _ui,
    "host": _host,
}
"""By the names of the parts of `config`."""
