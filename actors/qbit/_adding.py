"""Adding a torrent: observe, act, observe. Whatever the client answers, only what it lists counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog
import trio

from reeld.domain.acquisition import Acquisition
from reeld.domain.errors import NotFound, ProtocolViolation
from reeld.domain.settings import QbittorrentSettings
from reeld.services.qbittorrent import AddOptions, QbittorrentClient, TorrentStatus
from reeld.storage.crashpoints import crash_point

log = structlog.get_logger("reeld.actors.qbit")

VISIBLE_SECONDS: Final = 10.0
"""Adding is asynchronous in qBittorrent: mostly milliseconds, with a slow disk seconds."""
LOOK_SECONDS: Final = 0.1


def tag_of(acquisition_id: int) -> str:
    """Return the tag that marks a torrent as added by reeld, for one acquisition."""
    return f"reeld-{acquisition_id}"


@dataclass(frozen=True, slots=True)
class Added:
    """A torrent that the client was seen to have.

    Attributes:
        is_ours: Whether reeld added it; a torrent that was there before is watched, and never deleted.
    """

    status: TorrentStatus
    is_ours: bool


async def ensure_added(
    client: QbittorrentClient,
    settings: QbittorrentSettings,
    acquisition: Acquisition,
    torrent: bytes,
) -> Added | None:
    """See to it that the client has the torrent of an acquisition, once.

    Returns:
        What the client lists; None when the torrent did not show up in time: trying again is safe.

    Raises:
        Refused: The client will never take this torrent.
    """
    assert acquisition.infohash is not None
    tag = tag_of(acquisition.id)
    found = await _look(client, acquisition.infohash)
    if found is None:
        await client.ensure_category(settings.category, settings.save_path or "")
        crash_point("grab.client.adding")
        options = AddOptions(settings.category, save_path=settings.save_path, tags=(tag,))
        answer = await client.add(torrent, options)
        crash_point("grab.client.answered")
        log.debug("torrent_handed_over", acquisition=acquisition.id, answer=str(answer))
        found = await _await_visible(client, acquisition.infohash)
        if found is None:
            return None
        crash_point("grab.client.observed")
        await _mark_as_ours(client, found, tag)
        return Added(found, is_ours=True)
    crash_point("grab.client.observed")
    return Added(found, is_ours=tag in found.tags)


async def _mark_as_ours(client: QbittorrentClient, added: TorrentStatus, tag: str) -> None:
    """Give a torrent its tag where qBittorrent took none with the addition (before 4.3.2)."""
    if tag in added.tags:
        return
    try:
        await client.add_tags([added.id], [tag])
    except (NotFound, ProtocolViolation):
        log.info("torrent_without_tag", torrent=added.id)  # 4.1 knows no tags


async def _await_visible(client: QbittorrentClient, infohash: str) -> TorrentStatus | None:
    with trio.move_on_after(VISIBLE_SECONDS):
        while True:
            found = await _look(client, infohash)
            if found is not None:
                return found
            await trio.sleep(LOOK_SECONDS)
    return None


async def _look(client: QbittorrentClient, infohash: str) -> TorrentStatus | None:
    found = await client.torrents(ids=[infohash])
    return next((each for each in found if each.is_called(frozenset({infohash}))), None)
