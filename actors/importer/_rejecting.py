"""A download that can never be imported: the release is blocked, and the next best one is looked for."""

from __future__ import annotations

from reeld.actors.importer._failures import UnsafePath
from reeld.actors.importer._subject import Subject
from reeld.actors.importer.probe import Unreadable
from reeld.actors.importer.scan import DownloadRejected
from reeld.domain.acquisition import AcquisitionState, FailureReason, ImportStep
from reeld.domain.errors import ReeldError
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.movie import Stage
from reeld.storage import TrioConnection, events
from reeld.storage.repositories import acquisitions, blocklist, history, imports, movies

_ON_ITS_WAY = (Stage.DECIDED, Stage.GRABBED, Stage.DOWNLOADING, Stage.IMPORTING)


def blame_of(error: DownloadRejected | Unreadable | UnsafePath) -> FailureReason:
    """Return what becomes of the acquisition."""
    match error:
        case DownloadRejected():
            return error.failure
        case Unreadable():
            return FailureReason.UNREADABLE
        case UnsafePath():
            return FailureReason.TORRENT_UNSAFE


async def reject(
    conn: TrioConnection, subject: Subject, failure: FailureReason, error: ReeldError
) -> None:
    """Write that the download failed: journal, acquisition, blocklist, history, event, movie.

    The event makes the decision look for the next best release.
    """
    if subject.journal is not None and subject.journal.step is ImportStep.PLANNED:
        await imports.fail(
            conn, subject.journal.id, ImportStep.PLANNED, error.reason, error.sentence
        )
    await acquisitions.move(
        conn,
        subject.acquisition.id,
        AcquisitionState.FAILED,
        failure=failure,
        note=error.sentence,
    )
    if failure.blames_release:
        await _block(conn, subject, error)
    await _tell(conn, subject, failure, error)
    await movies.move(
        conn, subject.movie.id, Stage.SEARCHED, expected=_ON_ITS_WAY, note=error.sentence
    )


async def _block(conn: TrioConnection, subject: Subject, error: ReeldError) -> None:
    await blocklist.add(
        conn,
        subject.movie.id,
        indexer=subject.release.indexer,
        guid=subject.release.guid,
        infohash=subject.acquisition.infohash,
        title=subject.release.title,
        reason=error.reason,
        sentence=error.sentence,
    )


async def _tell(
    conn: TrioConnection, subject: Subject, failure: FailureReason, error: ReeldError
) -> None:
    await history.append(
        conn,
        subject.movie.id,
        HistoryKind.IMPORT_FAILED,
        release_title=subject.release.title,
        infohash=subject.acquisition.infohash,
        data={"failure": str(failure), "reason": error.reason, "sentence": error.sentence},
    )
    payload = {
        "movie_id": subject.movie.id,
        "acquisition_id": subject.acquisition.id,
        "reason": str(failure),
    }
    await events.append(conn, EventKind.DOWNLOAD_FAILED, subject.movie.id, payload)
