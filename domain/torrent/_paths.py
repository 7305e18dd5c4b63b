"""Names of files inside a torrent, as a hostile stranger wrote them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

from reeld.domain.torrent._faults import InvalidTorrent, TorrentFault


def torrent_path(segments: Sequence[str]) -> PurePosixPath:
    """Return the relative path that the segments name.

    The client that downloads the torrent writes its own, cleaned names: ask the client where a file is. This check
    refuses torrents whose makers meant harm, before the client ever sees them.

    Args:
        segments: The parts of the path, outermost first, each without a separator.

    Raises:
        InvalidTorrent: `UNSAFE_PATH`: no segment, an empty one, `.` or `..`, an absolute path, a separator or a
            control character (NUL among them).
    """
    if not segments:
        raise _unsafe("a file has no name")
    for segment in segments:
        _check(segment)
    return PurePosixPath(*segments)


def _check(segment: str) -> None:
    shown = ascii(segment[:80])
    if segment in {"", "."}:
        raise _unsafe("a file has an empty name")
    if segment == "..":
        raise _unsafe("a file name climbs out of the download's folder ('..')")
    if "\0" in segment:
        raise _unsafe(f"a file name holds a NUL byte ({shown})")
    if segment[0] in "/\\":
        raise _unsafe(f"a file name is absolute ({shown})")
    if "/" in segment or "\\" in segment:
        raise _unsafe(f"a file name holds a path separator ({shown})")
    if any(unicodedata.category(char) == "Cc" for char in segment):
        raise _unsafe(f"a file name holds a control character ({shown})")


def _unsafe(detail: str) -> InvalidTorrent:
    return InvalidTorrent(TorrentFault.UNSAFE_PATH, detail)
