"""What becomes of a download that a person takes out of the queue."""

from __future__ import annotations

from typing import Final

from reeld.actors.giving_up import give_up
from reeld.domain.acquisition import Acquisition, AcquisitionState, ImportStep
from reeld.domain.parting import InClient, Parting
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.storage import TrioConnection
from reeld.storage.repositories import acquisitions, imports, releases
from reeld.storage.repositories.removals import HANDED_OVER_SECONDS
from reeld.storage.work import enqueue, submit

_BEGUN: Final = frozenset({ImportStep.PLANNED, ImportStep.FAILED})


async def let_go(conn: TrioConnection, acquisition_id: int, parting: Parting) -> None:
    """Go on without a download, and ask for what is to be done about its torrent, in one transaction.

    The rows come first, and the client follows by work of its own: a client that is away delays nothing, and a crash
    in between leaves no torrent behind. A download whose file the library has already is imported all the same.
    """
    acquisition = await acquisitions.get(conn, acquisition_id)
    if acquisition is None or acquisition.state.is_final:
        return
    plans = await imports.of_acquisition(conn, acquisition_id)
    if all(each.step in _BEGUN for each in plans):
        await _give_up(conn, acquisition, parting)
    if any(not each.step.is_final for each in plans):
        # It finds the download given up, and clears away what it had made.
        args, key = {"acquisition_id": acquisition_id}, f"acquisition:{acquisition_id}"
        await submit(conn, WorkRequest(Queue.IMPORTER, WorkKind.IMPORT, args, unique_key=key))
    await _tell_client(conn, acquisition, parting.in_client)


async def _give_up(conn: TrioConnection, acquisition: Acquisition, parting: Parting) -> None:
    release = await releases.get(conn, acquisition.release_id)
    assert release is not None, "an acquisition keeps its release"
    await give_up(
        conn,
        acquisition,
        release,
        parting.reason,
        parting.sentence,
        kind=parting.history,
        again=parting.again,
    )


async def _tell_client(conn: TrioConnection, acquisition: Acquisition, order: InClient) -> None:
    if acquisition.infohash is None:
        return
    args: dict[str, object] = {"acquisition_id": acquisition.id}
    match order:
        case InClient.LEFT:
            return
        case InClient.MARKED:
            kind = WorkKind.MARK_IMPORTED
        case InClient.REMOVED:
            kind = WorkKind.DROP_TORRENT
            args |= {"infohash": acquisition.infohash, "ours": acquisition.is_ours}
    # One that is just being handed over may come after the order.
    is_fresh = acquisition.state is AcquisitionState.FETCHED
    await enqueue(
        conn,
        Queue.QBIT,
        kind,
        args,
        unique_key=f"acquisition:{acquisition.id}",
        delay=HANDED_OVER_SECONDS if is_fresh else 0.0,
    )
