"""Why a .torrent file is refused."""

from __future__ import annotations

from enum import StrEnum, unique

from reeld.domain.errors import Refused


@unique
class TorrentFault(StrEnum):
    """The machine-readable reasons for which a .torrent file is refused."""

    TOO_LARGE = "torrent_too_large"
    """More bytes than a .torrent file needs."""
    TOO_DEEP = "torrent_too_deep"
    """Lists and dictionaries nested deeper than any real torrent."""
    TOO_MANY_TOKENS = "torrent_too_many_tokens"
    """More values than any real torrent holds."""
    NOT_BENCODED = "torrent_not_bencoded"
    """The bytes break the rules of bencoding."""
    NO_INFO = "torrent_without_info"
    """There is no `info` dictionary, or it lacks or mistypes a field that must be there."""
    UNSAFE_PATH = "torrent_unsafe_path"
    """A file would land outside the download's own folder, or has a name no file system should see."""
    SYMLINK = "torrent_symlink"
    """The torrent holds a symbolic link (BEP 47, attribute `l`)."""


class InvalidTorrent(Refused):
    """A .torrent file that reeld does not touch: trying the same bytes again cannot help.

    Args:
        fault: Which rule it breaks; also the error's `reason`.
        detail: What was found, for a person.
    """

    default_reason = "torrent_invalid"

    def __init__(self, fault: TorrentFault, detail: str) -> None:
        super().__init__(
            f"The .torrent file is refused: {detail}. Choose another release.", reason=fault.value
        )
        self.fault = fault
        self.detail = detail
