"""A download that can never be imported: the release is blocked, and the next best one is looked for."""

from __future__ import annotations

from reeld.actors.giving_up import give_up
from reeld.actors.importer._failures import UnsafePath
from reeld.actors.importer._subject import Subject
from reeld.actors.importer.probe import Unreadable
from reeld.actors.importer.scan import DownloadRejected
from reeld.domain.acquisition import FailureReason, ImportStep
from reeld.domain.errors import ReeldError
from reeld.domain.history import HistoryKind
from reeld.storage import TrioConnection
from reeld.storage.repositories import imports


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
    await give_up(
        conn,
        subject.acquisition,
        subject.release,
        failure,
        error.sentence,
        cause=error.reason,
        kind=HistoryKind.IMPORT_FAILED,
    )
