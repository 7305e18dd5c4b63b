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
    """Reads the settings when that is due: at the first call, after reeld's own were changed, and every five minutes.

    Args:
        directory: Where HealthActor is found.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._due_at = float("-inf")
        self._known: tuple[str, ...] = ()

    @property
    def is_due(self) -> bool:
        """Whether they should be read with the next call."""
        return trio.current_time() >= self._due_at

    def forget(self) -> None:
        """Read them again with the next call: it may be another qBittorrent now."""
        self._due_at = float("-inf")

    async def read(self, client: QbittorrentClient, settings: QbittorrentSettings) -> None:
        """Read them, and tell what is wrong with them.

        Raises:
            ServiceError: qBittorrent cannot be asked.
        """
        preferences = await client.preferences()
        folder = await _save_path(client, settings, preferences.save_path)
        warnings = tuple(problem.sentence for problem in problems_of(preferences))
        self._due_at = trio.current_time() + READ_SECONDS
        if warnings != self._known:
            log.warning(
                "qbittorrent_preferences", problems=len(warnings), sentence=" ".join(warnings)
            )
        self._known = warnings
        local = str(local_folder(folder, settings.path_mappings)) if folder else ""
        self._tell(ClientSettingsRead(local, warnings))

    def _tell(self, message: ClientSettingsRead) -> None:
        if "health" not in self._directory:
            return
        try:
            self._directory["health"].tell(message)
        except ReeldError as error:
            # It rests; the next reading tells it again.
            log.debug("preferences_not_told", reason=error.reason)


async def _save_path(client: QbittorrentClient, settings: QbittorrentSettings, general: str) -> str:
    """Return where downloads of reeld's category are saved, as qBittorrent names it."""
    if settings.save_path:
        return settings.save_path
    categories = await client.categories()
    own = next((each.save_path for each in categories if each.name == settings.category), "")
    return str(PurePosixPath(general) / own) if general else ""
