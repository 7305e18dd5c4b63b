"""The .torrent file and the magnet link: a strict bencode reader, and the facts reeld needs of either.

Everything here reads hostile bytes. `parse_metainfo` of the largest file allowed takes seconds of processor time:
call it in a worker thread unless the input is known to be small.
"""

from reeld.domain.torrent._bencode import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_TOKENS,
    Bencodable,
    Bencoded,
    decode,
    encode,
)
from reeld.domain.torrent._faults import InvalidTorrent, TorrentFault
from reeld.domain.torrent._magnet import (
    LONGEST_MAGNET,
    LONGEST_NAME,
    SCHEME,
    InvalidMagnet,
    Magnet,
    is_magnet,
    parse_magnet,
)
from reeld.domain.torrent._metainfo import InfoHash, Metainfo, TorrentFile, parse_metainfo
from reeld.domain.torrent._paths import torrent_path

__all__ = [
    "LONGEST_MAGNET",
    "LONGEST_NAME",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_TOKENS",
    "SCHEME",
    "Bencodable",
    "Bencoded",
    "InfoHash",
    "InvalidMagnet",
    "InvalidTorrent",
    "Magnet",
    "Metainfo",
    "TorrentFault",
    "TorrentFile",
    "decode",
    "encode",
    "is_magnet",
    "parse_magnet",
    "parse_metainfo",
    "torrent_path",
]
