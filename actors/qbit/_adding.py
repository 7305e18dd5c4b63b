"""Adding a torrent: observe, act, observe. Whatever the client answers, only what it lists counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog
import trio

from reeld.domain.acquisition import Acquisition
from reeld.domain.settings import QbittorrentSettings
from reeld.domain.torrent import Magnet
from reeld.services.qbittorrent import (
    AddOptions,
    QbittorrentClient,
    ShareLimits,
    TorrentStatus,
    Version,
)
from reeld.storage.crashpoints import crash_point
from reeld.storage.repositories.downloads import Download

log = structlog.get_logger("reeld.actors.qbit")

VISIBLE_SECONDS: Final = 10.0
"""Adding is asynchronous in qBittorrent: mostly milliseconds, with a slow disk seconds."""
LOOK_SECONDS: Final = 0.1


def tag_of(acquisition_id: int) -> str:
    """Return the tag that marks a torrent as added by reeld, for one acquisition."""
    return f"reeld-{acquisition_id}"


def is_ours(status: TorrentStatus, version: Version, acquisition: Acquisition | Download) -> bool:
    """Tell whether a torrent is reeld's to move and to remove: a person who takes its tag away takes it over.

    Where there are no tags, the row that it was handed over stands for it.
    """
    if version.has_tags:
        return tag_of(acquisition.id) in status.tags
    return acquisition.is_ours


@dataclass(frozen=True, slots=True)
class Added:
    """A torrent that the client was seen to have.

    Attributes:
        is_ours: Whether reeld added it; a torrent that was there before is watched, and never deleted.
    """

    status: TorrentStatus
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Handover:
    """A torrent that is to be handed over for an acquisition.

    Attributes:
        torrent: The bytes, or a magnet link.
        names: Every id that the client may list it under: of a hybrid, which one depends on its libtorrent.
        was_offered: Whether an earlier attempt was about to hand it over: then it may have.
        note_offered: Notes that this one is.
        limits: Until when it is seeded.
    """

    acquisition: Acquisition
    torrent: bytes | Magnet
    names: frozenset[str]
    was_offered: bool
    note_offered: Callable[[], Awaitable[None]]
    limits: ShareLimits

    @property
    def tag(self) -> str:
        """The tag that the torrent bears."""
        return tag_of(self.acquisition.id)


async def ensure_added(
    client: QbittorrentClient, settings: QbittorrentSettings, handover: Handover
) -> Added | None:
    """See to it that the client has the torrent of an acquisition, once.

    Returns:
        What the client lists; None when the torrent did not show up in time: trying again is safe.

    Raises:
        Refused: The client will never take this torrent.
    """
    found = await _look(client, handover.names)
    if found is None and isinstance(handover.torrent, Magnet):
        found = await _look_by_hash(client, handover.names)
    if found is not None:
        crash_point("grab.client.observed")
        return Added(found, await _claim(client, settings, handover, found))
    await client.ensure_category(settings.category, settings.save_path or "")
    await handover.note_offered()
    crash_point("grab.client.adding")
    options = AddOptions(
        settings.category,
        save_path=settings.save_path,
        tags=(handover.tag,),
        limits=handover.limits,
    )
    answer = await client.add(handover.torrent, options)
    crash_point("grab.client.answered")
    log.debug("torrent_handed_over", acquisition=handover.acquisition.id, answer=str(answer))
    found = await _await_visible(client, handover.names)
    if found is None:
        return None
    crash_point("grab.client.observed")
    await _limit_seeding(client, found, handover.limits)
    await _mark_as_ours(client, found, handover.tag)
    return Added(found, is_ours=True)


async def _claim(
    client: QbittorrentClient,
    settings: QbittorrentSettings,
    handover: Handover,
    found: TorrentStatus,
) -> bool:
    """Tell whether a torrent that is there was added by an attempt before this one, and mark it as that one would."""
    if handover.tag in found.tags:
        return True
    if not handover.was_offered or found.category != settings.category:
        return False
    await _limit_seeding(client, found, handover.limits)
    await _mark_as_ours(client, found, handover.tag)
    return True


async def _limit_seeding(
    client: QbittorrentClient, added: TorrentStatus, limits: ShareLimits
) -> None:
    """Limit how long a torrent is seeded where qBittorrent took no limits with the addition (before 4.3.9).

    Before the tag: a torrent that has it needs nothing more.
    """
    if limits != ShareLimits() and not (await client.version()).limits_at_adding:
        await client.set_share_limits([added.id], limits)


async def _mark_as_ours(client: QbittorrentClient, added: TorrentStatus, tag: str) -> None:
    """Give a torrent its tag where qBittorrent took none with the addition (before 4.3.2)."""
    if tag in added.tags or not (await client.version()).has_tags:
        return
    crash_point("grab.client.tagging")
    await client.add_tags([added.id], [tag])
    crash_point("grab.client.tagged")


async def _await_visible(client: QbittorrentClient, names: frozenset[str]) -> TorrentStatus | None:
    with trio.move_on_after(VISIBLE_SECONDS):
        while True:
            found = await _look(client, names)
            if found is not None:
                return found
            await trio.sleep(LOOK_SECONDS)
    return None


async def _look(client: QbittorrentClient, names: frozenset[str]) -> TorrentStatus | None:
    found = await client.torrents(ids=names)
    return next((each for each in found if each.is_called(names)), None)


async def _look_by_hash(client: QbittorrentClient, names: frozenset[str]) -> TorrentStatus | None:
    """Look among all torrents: one from a magnet link may go by a hash that the link does not name."""
    found = await client.torrents()
    return next((each for each in found if each.is_called(names)), None)
