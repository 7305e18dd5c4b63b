"""The .torrent file as an indexer delivers it: checked before anybody uses it."""

from reeld.services.torrents._elsewhere import LinkFailed, elsewhere
from reeld.services.torrents._reading import (
    TORRENT_CAP,
    DeliveredTorrent,
    InfohashMismatch,
    read_torrent,
)

__all__ = [
    "TORRENT_CAP",
    "DeliveredTorrent",
    "InfohashMismatch",
    "LinkFailed",
    "elsewhere",
    "read_torrent",
]
