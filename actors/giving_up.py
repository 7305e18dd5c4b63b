"""An acquisition that can never succeed: its release is blocked, and the next best one is looked for."""

from __future__ import annotations

from typing import Final

from reeld.domain.acquisition import Acquisition, AcquisitionState, FailureReason
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.movie import Stage
from reeld.domain.release import Release
from reeld.storage import TrioConnection
from reeld.storage.events import append
from reeld.storage.repositories import acquisitions, blocklist, history, library, movies

ON_ITS_WAY: Final = (Stage.DECIDED, Stage.GRABBED, Stage.DOWNLOADING, Stage.IMPORTING)


async def give_up(
    conn: TrioConnection,
    acquisition: Acquisition,
    release: Release,
    failure: FailureReason,
    sentence: str,
    *,
    cause: str | None = None,
    kind: HistoryKind = HistoryKind.DOWNLOAD_FAILED,
    again: bool = True,
) -> None:
    """Write that an acquisition failed: acquisition, blocklist, history, event and movie, in one transaction.

    The event makes the decision look for the next best release. Doing it again changes nothing.

    Args:
        conn: The connection with the transaction.
        acquisition: The acquisition.
        release: What was to be fetched.
        failure: Why, for machines; some reasons do not blame the release, which then is not blocked.
        sentence: Why, for people.
        cause: What exactly, machine-readable too; told where it says more than `failure`.
        kind: What the history calls it.
        again: Whether another release is looked for, if the reason allows it.
    """
    if not await acquisitions.move(
        conn, acquisition.id, AcquisitionState.FAILED, failure=failure, note=sentence
    ):
        return
    if failure.blames_release:
        await blocklist.add(
            conn,
            acquisition.movie_id,
            indexer=release.indexer,
            guid=release.guid,
            infohash=acquisition.infohash or release.infohash,
            title=release.title,
            reason=str(failure),
            sentence=sentence,
        )
    await history.append(
        conn,
        acquisition.movie_id,
        kind,
        release_title=release.title,
        infohash=acquisition.infohash,
        data={"reason": str(failure), "sentence": sentence},
    )
    payload: dict[str, object] = {
        "movie_id": acquisition.movie_id,
        "acquisition_id": acquisition.id,
        "reason": str(failure),
    }
    if cause is not None and cause != failure:
        payload["cause"] = cause
    if not again:
        payload["again"] = False
    await append(conn, EventKind.DOWNLOAD_FAILED, acquisition.movie_id, payload)
    # What was on its way to replace a file leaves that file where it is.
    owned = bool(await library.by_movie(conn, acquisition.movie_id))
    back = Stage.IN_LIBRARY if owned else Stage.SEARCHED
    await movies.move(
        conn,
        acquisition.movie_id,
        back,
        expected=ON_ITS_WAY,
        progress=1.0 if owned else 0.0,
        note=sentence,
    )
