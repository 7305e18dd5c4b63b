"""QbitActor: hands torrents to qBittorrent, watches them by hash, and takes nothing it is told for granted."""

from reeld.actors.qbit._actor import QbitActor

__all__ = ["QbitActor"]
