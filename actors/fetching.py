"""Fetching a .torrent, the same for every source: once, checked, and stored before anything is done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog

from reeld.actors.delays import delays_noted
from reeld.actors.giving_up import give_up
from reeld.actors.resources import Resources
from reeld.actors.torrents import seal_torrent
from reeld.actors.worker import Effect
from reeld.domain.acquisition import Acquisition, AcquisitionState, FailureReason
from reeld.domain.errors import NotFound, ProtocolViolation, ReeldError, Refused
from reeld.domain.release import Release
from reeld.domain.torrent import InfoHash, InvalidTorrent, TorrentFault
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.services.torrents import InfohashMismatch, LinkFailed
from reeld.storage import TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.repositories import acquisitions, releases
from reeld.storage.repositories.acquisitions import TorrentTaken
from reeld.storage.work import Job, submit

log = structlog.get_logger("reeld.actors")


class Delivered(Protocol):
    """A torrent that passed every check."""

    @property
    def data(self) -> bytes:
        """The .torrent's exact bytes, or a magnet link."""

    @property
    def infohash(self) -> InfoHash:
        """What identifies it."""


Download = Callable[[Release], Awaitable[Delivered]]

PATIENT_PAGES: Final = 12
"""So often, over more than an hour of waits that double, something else may come in a torrent's place, or nothing from a
link that leads to somebody else than the source."""
_UNSAFE: Final = frozenset({TorrentFault.UNSAFE_PATH, TorrentFault.SYMLINK})


async def fetch_torrent(resources: Resources, job: Job, download: Download) -> Effect | None:
    """Fetch the .torrent of an acquisition, unless that is done or over.

    Args:
        resources: What actors share.
        job: Names the acquisition.
        download: Asks the source for the .torrent.

    Returns:
        What to commit: the bytes and the next piece of work, or that the acquisition failed.

    Raises:
        ReeldError: The source cannot be asked now; the work is tried again.
    """
    database = resources.database
    acquisition = await acquisitions.get(database, int(job.args["acquisition_id"]))
    if acquisition is None or acquisition.state is not AcquisitionState.INTENT:
        return None
    release = await releases.get(database, acquisition.release_id)
    if release is None:
        raise NotFound(f"The release of acquisition {acquisition.id} is gone.")
    crash_point("grab.intent.committed")
    try:
        async with delays_noted(database, acquisition):
            delivered = await download(release)
    except (NotFound, InfohashMismatch, InvalidTorrent, Refused) as error:
        return _failed(acquisition, release, failure_of(error), error)
    except LinkFailed as error:
        if await _is_patient(resources, job):
            raise
        return _failed(acquisition, release, FailureReason.TORRENT_UNAVAILABLE, error)
    except ProtocolViolation as error:
        # A page in place of the torrent, mostly: it may be the site's bad hour, or the release's own fault.
        if error.outage_seconds is not None or await _is_patient(resources, job):
            raise
        return _failed(acquisition, release, FailureReason.TORRENT_INVALID, error)
    crash_point("grab.torrent.fetched")
    sealed = await seal_torrent(resources.vault, acquisition.id, delivered.data)
    return _stored(acquisition, release, sealed, delivered.infohash.client_id)


async def _is_patient(resources: Resources, job: Job) -> bool:
    """Count one more page that came in a torrent's place, and tell whether another one may."""
    pages = int(job.progress.get("pages", 0)) + 1
    if pages < PATIENT_PAGES:
        await resources.work.progress(job, {**job.progress, "pages": pages})
    return pages < PATIENT_PAGES


def failure_of(error: ReeldError) -> FailureReason:
    """Return what an error says about the release."""
    match error:
        case NotFound():
            return FailureReason.TORRENT_UNAVAILABLE
        case InfohashMismatch():
            return FailureReason.INFOHASH_MISMATCH
        case InvalidTorrent() if error.fault in _UNSAFE:
            return FailureReason.TORRENT_UNSAFE
        case _:
            return FailureReason.TORRENT_INVALID


def _failed(
    acquisition: Acquisition, release: Release, failure: FailureReason, error: ReeldError
) -> Effect:
    async def effect(conn: TrioConnection) -> None:
        await give_up(conn, acquisition, release, failure, error.sentence)

    log.warning("torrent_not_fetched", release=release.title, reason=str(failure))
    return effect


def _stored(acquisition: Acquisition, release: Release, sealed: bytes, infohash: str) -> Effect:
    async def effect(conn: TrioConnection) -> None:
        # The release before its acquisition, as a decision takes them.
        await releases.set_infohash(conn, release.id, infohash)
        try:
            await acquisitions.store_torrent(conn, acquisition.id, sealed, infohash)
        except TorrentTaken as error:
            await give_up(conn, acquisition, release, FailureReason.TORRENT_TAKEN, error.sentence)
            return
        await submit(
            conn,
            WorkRequest(
                Queue.QBIT,
                WorkKind.ADD_TORRENT,
                {"acquisition_id": acquisition.id},
                unique_key=f"acquisition:{acquisition.id}",
            ),
        )

    return effect
