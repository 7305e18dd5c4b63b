"""qBittorrent, and the way from its downloads into the library."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import PurePosixPath

from reeld.cli.doctor._downloads import check_downloads
from reeld.cli.doctor._findings import Finding, failed, passed, warned
from reeld.cli.doctor._patient import Patient
from reeld.cli.doctor._rejection import note_rejection, rejection_of
from reeld.domain.errors import CredentialsRejected, ReeldError
from reeld.domain.settings import QbittorrentSettings
from reeld.services.qbittorrent import (
    PreferenceProblem,
    Preferences,
    QbittorrentClient,
    problems_of,
)


async def check_qbittorrent(patient: Patient) -> list[Finding]:
    """Log in once at most, look at version and preferences, and try the way into the library."""
    settings = patient.settings.qbittorrent
    if settings is None:
        sentence = (
            "qBittorrent is not configured, so that nothing can be downloaded: set REELD_QBITTORRENT_URL, and"
            " REELD_QBITTORRENT_USERNAME and REELD_QBITTORRENT_PASSWORD, or REELD_QBITTORRENT_API_KEY, if it wants a login."
        )
        return [warned("qbittorrent", sentence, configured=False)]
    if (rejected := await rejection_of(patient, settings)) is not None:
        return [rejected]
    try:
        async with aclosing(QbittorrentClient(settings)) as client:
            version = await client.version()
            preferences = await client.preferences()
            folder = await _save_path(client, settings, preferences)
    except ReeldError as error:
        if error.reason == CredentialsRejected.default_reason:
            await note_rejection(patient, settings)
        return [failed("qbittorrent", error.sentence, configured=True, reason=error.reason)]
    found = [
        passed(
            "qbittorrent",
            f"qBittorrent {version.app} answers.",
            configured=True,
            version=version.app,
        ),
        *_judge_preferences(preferences),
    ]
    library = patient.settings.library
    return [*found, *await check_downloads(folder, settings.path_mappings, library)]


async def _save_path(
    client: QbittorrentClient, settings: QbittorrentSettings, preferences: Preferences
) -> str:
    """Return where downloads of reeld's category are saved, as qBittorrent names it."""
    if settings.save_path:
        return settings.save_path
    categories = await client.categories()
    own = next((each.save_path for each in categories if each.name == settings.category), "")
    return str(PurePosixPath(preferences.save_path) / own)


def _judge_preferences(preferences: Preferences) -> list[Finding]:
    found = []
    for problem in problems_of(preferences):
        removes_files = problem.problem is PreferenceProblem.REMOVES_FILES
        judge = failed if removes_files else warned
        found.append(
            judge("qbittorrent_preferences", problem.sentence, problem=str(problem.problem))
        )
    return found
