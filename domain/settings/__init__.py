"""Everything that can be configured, as values that cannot be wrong.

Reading them from the environment, a TOML file or systemd's credentials is the command line's job.
Each class checks itself when it is made: what is wrong names its setting and says what to do.
"""

from reeld.domain.settings._access import AccessSettings
from reeld.domain.settings._changes import (
    CHANGEABLE,
    Change,
    Origin,
    SettingSource,
    overlaid,
    value_of,
)
from reeld.domain.settings._checks import InvalidSetting
from reeld.domain.settings._reloaded import Reloaded
from reeld.domain.settings._services import (
    FeedSettings,
    HdbitsSettings,
    PathMapping,
    QbittorrentSettings,
    TmdbSettings,
    TorznabSettings,
)
from reeld.domain.settings._settings import (
    BackupSettings,
    DecisionSettings,
    ImportMode,
    LibrarySettings,
    PropersPolicy,
    ServerSettings,
    Settings,
)
from reeld.domain.settings._tracing import TracingSettings
from reeld.domain.settings._vault import VaultSettings

__all__ = [
    "CHANGEABLE",
    "AccessSettings",
    "BackupSettings",
    "Change",
    "DecisionSettings",
    "FeedSettings",
    "HdbitsSettings",
    "ImportMode",
    "InvalidSetting",
    "LibrarySettings",
    "Origin",
    "PathMapping",
    "PropersPolicy",
    "QbittorrentSettings",
    "Reloaded",
    "ServerSettings",
    "SettingSource",
    "Settings",
    "TmdbSettings",
    "TorznabSettings",
    "TracingSettings",
    "VaultSettings",
    "overlaid",
    "value_of",
]
