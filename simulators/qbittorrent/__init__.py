"""A simulator of qBittorrent's WebUI API v2, versions 4.1 to 5.2, that writes real files."""

from reeld.simulators.qbittorrent._disk import Contents
from reeld.simulators.qbittorrent._knobs import QbittorrentKnobs
from reeld.simulators.qbittorrent._profile import PROFILES, Profile
from reeld.simulators.qbittorrent._simulator import QbittorrentSimulator

__all__ = ["PROFILES", "Contents", "Profile", "QbittorrentKnobs", "QbittorrentSimulator"]
