"""Writing down what a look at the downloads found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from reeld.actors.giving_up import give_up
from reeld.actors.qbit._watching import Finding
from reeld.domain.acquisition import (
    AcquisitionState,
    DownloadedFile,
    FailureReason,
    IllegalTransition,
)
from reeld.domain.errors import NotFound
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.movie import Stage
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.services.qbittorrent import QbittorrentFile, TorrentStatus
from reeld.storage import Database, TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.events import append
from reeld.storage.repositories import acquisitions, downloads, history, movies, releases
from reeld.storage.repositories.acquisitions import TorrentTaken
from reeld.storage.repositories.downloads import ClientReport, Download
from reeld.storage.work import submit

log = structlog.get_logger("reeld.actors.qbit")

REMOVED: Final = "Somebody removed the torrent from qBittorrent. Another release is tried."


async def note_progress(database: Database, looked: Sequence[tuple[Download, Finding]]) -> None:
    """Write down how far the downloads are, and what keeps them; the movies follow."""
    if not looked:
        return
    async with database.transaction() as conn:
        for download, finding in looked:
            await _note_stage(conn, download, finding)
        await downloads.report(conn, [_report(download, finding) for download, finding in looked])


async def _note_stage(conn: TrioConnection, download: Download, finding: Finding) -> None:
    status = finding.status
    assert status is not None
    begins = download.state is AcquisitionState.SENT and status.downloaded > 0
    if not begins and not finding.is_new:
        return
    try:
        if begins:
            await acquisitions.move(conn, download.id, AcquisitionState.DOWNLOADING)
    except (IllegalTransition, NotFound) as error:
        log.info("finding_overtaken", acquisition=download.id, reason=error.reason)
        return
    is_downloading = begins or download.state is AcquisitionState.DOWNLOADING
    await movies.move(
        conn,
        download.movie_id,
        Stage.DOWNLOADING if is_downloading else Stage.GRABBED,
        expected=(Stage.DECIDED, Stage.GRABBED, Stage.DOWNLOADING)
        if is_downloading
        else (Stage.GRABBED,),
        progress=status.progress,
        note=finding.sentence or download.release_title,
    )


def _report(download: Download, finding: Finding) -> ClientReport:
    status = finding.status
    assert status is not None
    return ClientReport(
        acquisition_id=download.id,
        progress=status.progress,
        downloaded=status.downloaded,
        speed=status.download_speed,
        eta_seconds=status.eta_seconds,
        client_state=status.raw_state,
        still_seconds=finding.still_seconds,
    )


async def note_complete(
    database: Database,
    download: Download,
    status: TorrentStatus,
    files: Sequence[QbittorrentFile],
) -> None:
    """Write down that everything is there, with the list of files that the client vouches for."""
    wanted = [DownloadedFile(str(each.path), each.size) for each in files if each.wanted]
    async with database.transaction() as conn:
        if not await acquisitions.move(
            conn,
            download.id,
            AcquisitionState.COMPLETE,
            save_path=status.save_path,
            content_path=status.content_path,
            files=wanted,
        ):
            return
        await history.append(
            conn,
            download.movie_id,
            HistoryKind.DOWNLOADED,
            release_title=download.release_title,
            infohash=download.infohash,
            data={"bytes": status.size},
        )
        payload = {"movie_id": download.movie_id, "acquisition_id": download.id}
        await append(conn, EventKind.DOWNLOAD_COMPLETED, download.movie_id, payload)
        await movies.advance(conn, download.movie_id, Stage.IMPORTING, note=download.release_title)
        crash_point("grab.complete.uncommitted")
    crash_point("grab.complete.committed")


async def note_failed(
    database: Database, download: Download, failure: FailureReason, sentence: str
) -> None:
    """Write down that a download failed."""
    async with database.transaction() as conn:
        await _fail(conn, download, failure, sentence)


async def note_listed(database: Database, acquisition_ids: Sequence[int]) -> None:
    """Write down that the client still lists complete downloads."""
    if not acquisition_ids:
        return
    async with database.transaction() as conn:
        await downloads.note_listed(conn, acquisition_ids)


async def note_id(database: Database, download: Download, torrent_id: str) -> None:
    """Write down that the client lists a torrent by another of its hashes now."""
    log.info("torrent_renamed", acquisition=download.id, torrent=torrent_id)
    try:
        async with database.transaction() as conn:
            await acquisitions.note_id(conn, download.id, torrent_id)
    except TorrentTaken as error:
        log.warning("torrent_not_renamed", acquisition=download.id, reason=error.reason)


async def note_missing(database: Database, download: Download) -> None:
    """Write down that the client does not list a torrent; once that is certain, act on it.

    One that was just added and never began is added again from the stored bytes: the client lost it before it was
    safe. Any other was removed by a person, and nobody adds it again behind their back. A complete one may have left its
    files, which are all that its import needs: the import gives up when they are gone as well.
    """
    async with database.transaction() as conn:
        missed = await downloads.note_missed(conn, download.id)
        if not missed.is_certain or download.state is AcquisitionState.COMPLETE:
            return
        if download.state is AcquisitionState.SENT and missed.is_fresh:
            log.warning("torrent_lost", acquisition=download.id, release=download.release_title)
            crash_point("grab.client.lost")
            await _add_again(conn, download)
        else:
            log.warning("torrent_removed", acquisition=download.id, release=download.release_title)
            crash_point("grab.removal.noticed")
            await _fail(conn, download, FailureReason.REMOVED_BY_USER, REMOVED)


async def _add_again(conn: TrioConnection, download: Download) -> None:
    note = "qBittorrent lost the torrent; it is added again."
    await acquisitions.move(conn, download.id, AcquisitionState.FETCHED, note=note)
    await submit(
        conn,
        WorkRequest(
            Queue.QBIT,
            WorkKind.ADD_TORRENT,
            {"acquisition_id": download.id},
            unique_key=f"acquisition:{download.id}",
        ),
    )


async def _fail(
    conn: TrioConnection, download: Download, failure: FailureReason, sentence: str
) -> None:
    acquisition = await acquisitions.get(conn, download.id)
    release = await releases.get(conn, acquisition.release_id) if acquisition else None
    if acquisition is not None and release is not None:
        await give_up(conn, acquisition, release, failure, sentence)
