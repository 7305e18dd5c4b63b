"""qBittorrent's Web API, versions 4.1 to 5.2."""

from reeld.services.qbittorrent._adding import AddAnswer, AddOptions, ShareLimitAction, ShareLimits
from reeld.services.qbittorrent._client import QbittorrentClient
from reeld.services.qbittorrent._preferences import (
    PreferenceProblem,
    Preferences,
    PreferenceWarning,
    problems_of,
)
from reeld.services.qbittorrent._reading import (
    Category,
    QbittorrentFile,
    TorrentProperties,
    TrackerState,
    TrackerStatus,
    Transfer,
)
from reeld.services.qbittorrent._status import PHASES, Phase, TorrentStatus
from reeld.services.qbittorrent._versions import Version

__all__ = [
    "PHASES",
    "AddAnswer",
    "AddOptions",
    "Category",
    "Phase",
    "PreferenceProblem",
    "PreferenceWarning",
    "Preferences",
    "QbittorrentClient",
    "QbittorrentFile",
    "ShareLimitAction",
    "ShareLimits",
    "TorrentProperties",
    "TorrentStatus",
    "TrackerState",
    "TrackerStatus",
    "Transfer",
    "Version",
    "problems_of",
]
