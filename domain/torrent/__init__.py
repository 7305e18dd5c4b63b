"""The .torrent file: a strict bencode reader and the facts reeld needs from a metainfo file.

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
from reeld.domain.torrent._metainfo import InfoHash, Metainfo, TorrentFile, parse_metainfo
from reeld.domain.torrent._paths import torrent_path

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_TOKENS",
    "Bencodable",
    "Bencoded",
    "InfoHash",
    "InvalidTorrent",
    "Metainfo",
    "TorrentFault",
    "TorrentFile",
    "decode",
    "encode",
    "parse_metainfo",
    "torrent_path",
]
