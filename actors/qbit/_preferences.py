"""qBittorrent's own settings: read now and then, and told to HealthActor, since some of them destroy imports."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

import structlog
import trio

from reeld.actors.importer import local_folder
from reeld.actors.kernel import Directory
from reeld.domain.errors import ReeldError
from reeld.domain.messages import ClientSettingsRead
from reeld.domain.settings import QbittorrentSettings
from reeld.services.qbittorrent import QbittorrentClient, problems_of

log = structlog.get_logger("reeld.actors.qbit")

READ_SECONDS: Final = 300.0
"""A person may change them at any time, and after an upgrade they may be others."""


class PreferenceReader:
    """Reads the settings when that is due: after each login, and every five minutes while there are calls.

    It makes no call of its own accord: while nothing is under way qBittorrent is left alone.

    Args:
        directory: Where HealthActor is found.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._read_at = float("-inf")
        self._session: tuple[int, int] | None = None
        self._known: tuple[str, ...] = ()

    async def read_if_due(
        self, client: QbittorrentClient, settings: QbittorrentSettings | None
    ) -> None:
        """Read them along with a call that went well; that they cannot be read does not spoil the call."""
        session = (id(client), client.logins)
        is_due = trio.current_time() >= self._read_at + READ_SECONDS
        if settings is None or (session == self._session and not is_due):
            return
        self._session, self._read_at = session, trio.current_time()
        try:
            await self._read(client, settings)
        except ReeldError as error:
            log.debug("preferences_not_read", reason=error.reason)

    async def _read(self, client: QbittorrentClient, settings: QbittorrentSettings) -> None:
        preferences = await client.preferences()
        folder = await folder_of(client, settings, preferences.save_path)
        warnings = tuple(problem.sentence for problem in problems_of(preferences))
        if warnings and warnings != self._known:
            log.warning("qbittorrent_preferences", sentence=" ".join(warnings))
        self._known = warnings
        self._tell(ClientSettingsRead(folder, warnings))

    def _tell(self, message: ClientSettingsRead) -> None:
        if "health" not in self._directory:
            return
        try:
            self._directory["health"].tell(message)
        except ReeldError as error:
            # It rests; the next reading tells it again.
            log.debug("preferences_not_told", reason=error.reason)


async def folder_of(client: QbittorrentClient, settings: QbittorrentSettings, general: str) -> str:
    """Return where downloads of reeld's category are saved, as this machine sees it; empty when nobody knows.

    Args:
        client: Asked for the category's own folder, unless the settings name one.
        settings: How the client is spoken to.
        general: The folder of all that have none of their own.
    """
    named = await _save_path(client, settings, general)
    return str(local_folder(named, settings.path_mappings)) if named else ""


async def _save_path(client: QbittorrentClient, settings: QbittorrentSettings, general: str) -> str:
    """Return the folder as qBittorrent names it."""
    if settings.save_path:
        return settings.save_path
    categories = await client.categories()
    own = next((each.save_path for each in categories if each.name == settings.category), "")
    return str(PurePosixPath(general) / own) if general else ""
