"""Typed reads of single fields of a decoded torrent."""

from __future__ import annotations

from reeld.domain.torrent._bencode import Bencoded
from reeld.domain.torrent._faults import InvalidTorrent, TorrentFault
from reeld.domain.torrent._paths import torrent_path


def no_info(detail: str) -> InvalidTorrent:
    """Build the error for a field that is missing or has the wrong type."""
    return InvalidTorrent(TorrentFault.NO_INFO, detail)


def integer_of(fields: dict[bytes, Bencoded], key: bytes, *, minimum: int) -> int:
    """Return a whole number that is at least `minimum`."""
    value = fields.get(key)
    if not isinstance(value, int) or value < minimum:
        raise no_info(f"its '{key.decode()}' is no number of at least {minimum}")
    return value


def text_of(value: Bencoded, what: str) -> str:
    """Return text; old torrents are not always UTF-8, so what cannot be read is replaced, never refused."""
    if not isinstance(value, bytes):
        raise no_info(f"its '{what}' is no text")
    return value.decode("utf-8", errors="replace")


def name_of(info: dict[bytes, Bencoded]) -> str:
    """Return the torrent's name, which is a single safe path segment."""
    name = text_of(info.get(b"name.utf-8", info.get(b"name", b"")), "name")
    torrent_path([name])
    return name


def is_padding(entry: dict[bytes, Bencoded]) -> bool:
    """Whether a file only aligns the next one to a piece (BEP 47, attribute `p`)."""
    attributes = entry.get(b"attr", b"")
    return isinstance(attributes, bytes) and b"p" in attributes


def refuse_symlink(entry: dict[bytes, Bencoded]) -> None:
    """Raise when a file is a symbolic link: with one, a torrent could make reeld read any file."""
    attributes = entry.get(b"attr", b"")
    if b"symlink path" in entry or (isinstance(attributes, bytes) and b"l" in attributes):
        raise InvalidTorrent(TorrentFault.SYMLINK, "it holds a symbolic link")
