"""After a restore the rows are older than the world: what lies in the library is learned before anybody acts.

The download client needs no such look. Whoever adds a torrent observes first whether the client has it, whoever
imports one observes first what lies under the final name, and each look at the downloads compares them by infohash:
the recovery of a killed daemon does the same. Only a file whose torrent the client does not have any more would be
fetched a second time, and that is what this prevents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import structlog
import trio

from reeld.actors.importer.adopted_formats import formats_of_file
from reeld.actors.importer.adoption import FoundFile, Place, find_unknown, place_of
from reeld.domain.acquisition import Acquisition, AcquisitionState, FailureReason
from reeld.domain.custom_format import CustomFormat
from reeld.domain.errors import ServiceError, Unavailable
from reeld.domain.history import HistoryKind
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import Movie, Stage
from reeld.domain.settings import Settings
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.storage import Database, TrioConnection
from reeld.storage.repositories import (
    acquisitions,
    formats,
    history,
    imports,
    library,
    metadata,
    movies,
    profiles,
)
from reeld.storage.work import submit

log = structlog.get_logger("reeld.actors")

PAGE: Final = 500
READ_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 600.0
NOTE: Final = "Found in the library after a restore."

_IS_OPEN: Final = "SELECT EXISTS (SELECT FROM restoration WHERE reconciled_at IS NULL)"
_CANCEL_IMPORT: Final = """
UPDATE work SET state = 'cancelled', finished_at = now(), reason = 'restored', sentence = %s
WHERE queue = %s AND kind = %s AND unique_key = %s AND state = 'available'
"""
_CLOSE: Final = (
    "UPDATE restoration SET reconciled_at = now(), adopted = %s WHERE reconciled_at IS NULL"
)


async def reconcile(database: Database, settings: Settings) -> int | None:
    """Give movies the files that lie in their folders and that no row knows; nothing unless a restore happened.

    It is the first thing after the lead was taken: every other call to the database is still held back. Killed in
    between, the next daemon does it again.

    Returns:
        How many files were found; None when there was nothing to be done.

    Raises:
        Unavailable: The library cannot be looked at: is its disk mounted? Nothing may act before it was.
        DatabaseUnavailable: PostgreSQL does not answer.
    """
    async with database.dedicated(deadline=READ_SECONDS) as conn:
        row = await (await conn.execute(_IS_OPEN)).fetchone()
        if row is None or not row[0]:
            return None
        log.info("reconciling_after_restore")
        places = await _places(conn, settings)
    found = [each for root in places for each in await _look(root, places[root])]
    async with database.ahead(deadline=READ_SECONDS) as conn:
        known = await formats.every(conn) if found else ()
        for each in found:
            await _adopt(conn, each, settings, known)
        await conn.execute(_CLOSE, (len(found),))
    log.info("reconciled_after_restore", files_found=len(found))
    return len(found)


async def _places(conn: TrioConnection, settings: Settings) -> dict[Path, list[Place]]:
    places: dict[Path, list[Place]] = defaultdict(list)
    places[settings.library.root_folder] = []
    after = 0
    while page := await movies.page(conn, after=after, limit=PAGE):
        after = page[-1].id
        files = await library.of_movies(conn, [movie.id for movie in page])
        for movie in page:
            known = next(iter(files.get(movie.id, ())), None)
            root = Path(known.root_folder) if known else _root_of(movie, settings)
            details = None if known else await metadata.get(conn, movie.id)
            places[root].append(
                await trio.to_thread.run_sync(place_of, movie, known, details, settings.library)
            )
    return places


def _root_of(movie: Movie, settings: Settings) -> Path:
    return Path(movie.root_folder or settings.library.root_folder)


async def _look(root: Path, places: Sequence[Place]) -> list[FoundFile]:
    """Look at one root folder, whose disk may be away."""
    with trio.move_on_after(LOOK_SECONDS):
        try:
            found = await trio.to_thread.run_sync(
                partial(find_unknown, root, places, _go_on), abandon_on_cancel=True
            )
            empty = await trio.to_thread.run_sync(
                lambda: next(root.iterdir(), None) is None, abandon_on_cancel=True
            )
        except (ServiceError, OSError) as error:
            raise _not_seen(root, str(error)) from error
        if empty and any(each.known for each in places):
            raise _not_seen(root, "It is empty.")
        return found
    raise _not_seen(root, "It does not answer.")


def _go_on(_done: int) -> None:
    trio.from_thread.check_cancelled()


def _not_seen(root: Path, why: str) -> Unavailable:
    return Unavailable(
        f"A backup was restored, and reeld looks at the library before it acts; {root} cannot be looked at. {why}"
        " Mount its disk, or make the folder with any file in it if the library is lost: reeld goes on by itself.",
        reason="library_not_observed",
    )


async def _adopt(
    conn: TrioConnection,
    found: FoundFile,
    settings: Settings,
    known_formats: Sequence[CustomFormat],
) -> None:
    movie, known = found.place.movie, found.place.known
    root = str(known.root_folder if known else _root_of(movie, settings))
    new = NewMovieFile(
        movie_id=movie.id,
        root_folder=root,
        relative_path=found.relative_path,
        size=found.size,
        quality=found.parsed.quality,
        revision=found.parsed.revision,
        release_group=found.parsed.group,
    )
    if await library.by_path(conn, root, found.relative_path) is not None:
        return  # another movie has it
    details = await metadata.get(conn, movie.id)
    language = details.original_language if details else None
    # Found now, and never again: what decides about upgrades must not change with the name of a file.
    matches = await formats_of_file(found, language, known_formats)
    profile = await profiles.by_name(conn, movie.profile)
    await library.record(
        conn,
        replace(new, formats=matches, format_score=profile.score(matches)),
        device=found.device,
        inode=found.inode,
        replaces=known.id if known else None,
    )
    path = str(Path(root) / found.relative_path)
    await history.append(conn, movie.id, HistoryKind.FOUND, data={"path": path})
    await _settle_acquisition(conn, movie.id)
    if await acquisitions.active_of_movie(conn, movie.id) is None:
        await movies.move(
            conn, movie.id, Stage.IN_LIBRARY, expected=tuple(Stage), progress=1.0, note=NOTE
        )


async def _settle_acquisition(conn: TrioConnection, movie_id: int) -> None:
    """End what was on its way for a movie that has a file by now, unless the client or a journal knows more."""
    active = await acquisitions.active_of_movie(conn, movie_id)
    match active:
        case Acquisition(state=AcquisitionState.INTENT | AcquisitionState.FETCHED):
            failure = FailureReason.SUPERSEDED
            await acquisitions.move(
                conn, active.id, AcquisitionState.FAILED, failure=failure, note=NOTE
            )
        case Acquisition(state=AcquisitionState.COMPLETE):
            if not await imports.of_acquisition(conn, active.id):
                await _imported_before(conn, active.id)
        case _:
            pass


async def _imported_before(conn: TrioConnection, acquisition_id: int) -> None:
    key = f"acquisition:{acquisition_id}"
    await acquisitions.move(conn, acquisition_id, AcquisitionState.IMPORTED, note=NOTE)
    await conn.execute(_CANCEL_IMPORT, (NOTE, Queue.IMPORTER, WorkKind.IMPORT, key))
    args = {"acquisition_id": acquisition_id}
    await submit(conn, WorkRequest(Queue.QBIT, WorkKind.MARK_IMPORTED, args, unique_key=key))
