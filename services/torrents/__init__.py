"""The .torrent file as an indexer delivers it: checked before anybody uses it."""

from reeld.services.torrents._elsewhere import LinkFailed, elsewhere
from reeld.services.torrents._link import LinkClient
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
    "LinkClient",
    "LinkFailed",
    "elsewhere",
    "read_torrent",
]
