"""What becomes of an acquisition whose work a person discarded."""

from __future__ import annotations

from typing import Final

from reeld.actors.giving_up import give_up
from reeld.domain.acquisition import FailureReason
from reeld.domain.reactions import CARRIED
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.storage import TrioConnection
from reeld.storage.repositories import acquisitions, imports, releases
from reeld.storage.work import submit

ABANDONED: Final = "A person discarded the work on this release. Search for the movie to go on."


async def abandon(conn: TrioConnection, acquisition_id: int, kind: str) -> None:
    """Give up an acquisition that stands where work of a kind should have carried it on.

    Nothing is done about one that got further all the same. An import that had begun is asked for again: it finds the
    download given up, and clears away what it had made.
    """
    acquisition = await acquisitions.get(conn, acquisition_id)
    if acquisition is None or acquisition.state is not CARRIED[kind]:
        return
    release = await releases.get(conn, acquisition.release_id)
    assert release is not None, "an acquisition keeps its release"
    await give_up(conn, acquisition, release, FailureReason.DISCARDED, ABANDONED)
    if any(not each.step.is_final for each in await imports.of_acquisition(conn, acquisition_id)):
        args = {"acquisition_id": acquisition_id}
        key = f"acquisition:{acquisition_id}"
        await submit(conn, WorkRequest(Queue.IMPORTER, WorkKind.IMPORT, args, unique_key=key))
