"""From an answer's body to a torrent that is what was announced."""

from __future__ import annotations

from dataclasses import dataclass, field

import trio

from reeld.domain.errors import ProtocolViolation
from reeld.domain.torrent import (
    MAX_BYTES,
    InfoHash,
    InvalidTorrent,
    Metainfo,
    TorrentFault,
    parse_metainfo,
)
from reeld.services.transport import Answer, refuse_html

TORRENT_CAP = MAX_BYTES
"""Bytes."""
_PARSERS = trio.CapacityLimiter(2)


@dataclass(frozen=True, slots=True)
class DeliveredTorrent:
    """A .torrent file that passed every check."""

    data: bytes = field(repr=False)
    """The exact bytes. They hold the announce address, passkey included."""
    metainfo: Metainfo

    @property
    def infohash(self) -> InfoHash:
        """What identifies it."""
        return self.metainfo.infohash


class InfohashMismatch(ProtocolViolation):
    """The delivered .torrent is not the announced one."""

    default_reason = "infohash_mismatch"


async def read_torrent(
    answer: Answer, *, service: str, label: str, announced: str | None
) -> DeliveredTorrent:
    """Check a delivered .torrent in a worker thread.

    Args:
        answer: A successful answer.
        service: The system's name.
        label: The system's name for people.
        announced: The infohash that was announced, 40 or 64 hex digits; None when none was.

    Raises:
        ProtocolViolation: It is an HTML page, or no .torrent at all.
        InvalidTorrent: It is one, but breaks a rule or names paths outside its own folder.
        InfohashMismatch: It is another torrent than the announced one.
    """
    refuse_html(answer, service=service, label=label, due=".torrent")
    try:
        metainfo = await trio.to_thread.run_sync(parse_metainfo, answer.body, limiter=_PARSERS)
    except InvalidTorrent as error:
        if error.fault is TorrentFault.NOT_BENCODED and not answer.body.startswith(b"d"):
            raise _no_torrent(answer, service, label) from None
        raise
    if announced is not None and not metainfo.infohash.matches(announced):
        raise InfohashMismatch(
            f"{label} delivered another torrent than the announced one (announced"
            f" {announced.lower()}, got {metainfo.infohash.client_id}). Another release is tried.",
            service=service,
        )
    return DeliveredTorrent(answer.body, metainfo)


def _no_torrent(answer: Answer, service: str, label: str) -> ProtocolViolation:
    what = "an empty answer" if not answer.body else "something else"
    return ProtocolViolation(
        f"{label} answered with {what} where a .torrent file was due. Try its link in a browser; if"
        " it works there, check the key in the address.",
        service=service,
        reason="not_a_torrent",
    )
