"""QbitActor: hands torrents to qBittorrent, watches them by hash, and takes nothing it is told for granted."""

from reeld.actors.qbit._actor import QbitActor
from reeld.actors.qbit._looking import DOWNLOAD_STATES

__all__ = ["DOWNLOAD_STATES", "QbitActor"]
