"""What people ask of a download."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from reeld.actors.giving_up import give_up
from reeld.actors.kernel import handles
from reeld.actors.kernel.breaker import BreakerState
from reeld.actors.qbit._adding import tag_of
from reeld.actors.service import ServiceActor, mark_of_qbittorrent
from reeld.domain.acquisition import AcquisitionState, FailureReason, ImportStep
from reeld.domain.errors import NotFound
from reeld.domain.messages import (
    PauseDownload,
    PrioritiseDownload,
    RemoveDownload,
    ResumeDownload,
    SetShareLimits,
)
from reeld.domain.settings import QbittorrentSettings
from reeld.services.qbittorrent import QbittorrentClient, ShareLimits
from reeld.storage import TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.repositories import acquisitions, imports, releases

_REPLACED: Final = "Somebody removed the download. Another release is tried."
_FOR_NOW: Final = "Somebody removed the download. The movie rests until its next search."
_NO_LIMIT: Final = -1
_IN_CLIENT: Final = frozenset({AcquisitionState.SENT, AcquisitionState.DOWNLOADING})


class DownloadsByHand(ServiceActor[QbittorrentSettings, QbittorrentClient]):
    """An actor with a client of qBittorrent, that does what people ask of downloads."""

    def read_settings(self) -> QbittorrentSettings | None:
        """Return qBittorrent's settings in force."""
        return self.resources.settings.current.qbittorrent

    def mark(self, settings: QbittorrentSettings) -> str:
        """Return a mark of address and credentials."""
        return mark_of_qbittorrent(settings)

    def make_client(self, settings: QbittorrentSettings) -> QbittorrentClient:
        """Make a client, which logs in when it first has to."""
        return QbittorrentClient(settings, observer=self.observer)

    def about_to_call(self, client: QbittorrentClient) -> None:
        """Let a probe of the breaker, and nothing else, log in once more after rejected credentials."""
        if self.breaker.state is BreakerState.HALF_OPEN:
            client.forgive()

    @handles(PauseDownload)
    async def pause(self, message: PauseDownload) -> None:
        """Stop a torrent until it is resumed."""
        async with self._torrent(message.acquisition_id) as (client, infohash):
            await client.stop([infohash])

    @handles(ResumeDownload)
    async def resume(self, message: ResumeDownload) -> None:
        """Let a torrent go on."""
        async with self._torrent(message.acquisition_id) as (client, infohash):
            await client.start([infohash])

    @handles(PrioritiseDownload)
    async def prioritise(self, message: PrioritiseDownload) -> bool:
        """Put a torrent at the head or at the end of the queue."""
        async with self._torrent(message.acquisition_id) as (client, infohash):
            move = client.move_to_top if message.first else client.move_to_bottom
            return await move([infohash])

    @handles(SetShareLimits)
    async def set_share_limits(self, message: SetShareLimits) -> None:
        """Set how long a torrent is seeded."""
        minutes = message.seeding_minutes
        limits = ShareLimits(
            ratio=_NO_LIMIT if message.ratio is None else message.ratio,
            seeding_minutes=_NO_LIMIT if minutes is None else minutes,
        )
        async with self._torrent(message.acquisition_id) as (client, infohash):
            await client.set_share_limits([infohash], limits)

    @handles(RemoveDownload)
    async def remove(self, message: RemoveDownload) -> None:
        """Remove a torrent that reeld added, and go on without it; `Refused` for any other."""
        async with self._torrent(message.acquisition_id) as (client, infohash):
            tag = await self._required_tag(client, message.acquisition_id)
            await client.delete(infohash, with_files=message.delete_files, required_tag=tag)
        await self._go_on_without(message)

    async def _required_tag(self, client: QbittorrentClient, acquisition_id: int) -> str | None:
        """Return the tag without which a torrent is not reeld's; None where only the row can say so, and does."""
        acquisition = await acquisitions.get(self.resources.database, acquisition_id)
        is_in_row = acquisition is not None and acquisition.is_ours
        if is_in_row and not (await client.version()).has_tags:
            return None
        return tag_of(acquisition_id)

    async def _go_on_without(self, order: RemoveDownload) -> None:
        acquisition_id, with_files = order.acquisition_id, order.delete_files
        reason = FailureReason.REMOVED_BY_USER if order.blocklist else FailureReason.DISCARDED
        sentence = _REPLACED if order.blocklist else _FOR_NOW
        async with self.resources.database.transaction() as conn:
            acquisition = await acquisitions.get(conn, acquisition_id)
            if acquisition is None:
                return
            # What is complete is imported all the same, unless nothing of it is left.
            is_lost = acquisition.state is AcquisitionState.COMPLETE and with_files
            if acquisition.state not in _IN_CLIENT and not (
                is_lost and not await _is_placed(conn, acquisition_id)
            ):
                return
            release = await releases.get(conn, acquisition.release_id)
            assert release is not None, "an acquisition keeps its release"
            await give_up(conn, acquisition, release, reason, sentence)

    @asynccontextmanager
    async def _torrent(self, acquisition_id: int) -> AsyncIterator[tuple[QbittorrentClient, str]]:
        acquisition = await acquisitions.get(self.resources.database, acquisition_id)
        if acquisition is None or acquisition.infohash is None:
            raise NotFound(f"There is no torrent of an acquisition {acquisition_id}.")
        crash_point("import.client.ordering")
        async with self.call() as client:
            yield client, acquisition.infohash
        crash_point("import.client.ordered")


async def _is_placed(conn: TrioConnection, acquisition_id: int) -> bool:
    """Whether the library has the file already, so that the import ends well without the download."""
    begun = (ImportStep.PLANNED, ImportStep.FAILED)
    return any(
        each.step not in begun for each in await imports.of_acquisition(conn, acquisition_id)
    )
