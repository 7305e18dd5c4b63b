"""The steps of an import as transactions: each is fenced by the step that the journal is at."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import Final

from reeld.actors.importer._media import facts_from
from reeld.actors.importer._subject import Subject
from reeld.actors.importer.placement import Placed
from reeld.domain.acquisition import AcquisitionState, IllegalTransition, ImportStep, LinkKind
from reeld.domain.errors import NotFound, Unavailable
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.library import MovieFile, NewMovieFile
from reeld.domain.movie import Stage
from reeld.domain.parsing import ParsedRelease
from reeld.domain.quality import Quality
from reeld.domain.work import Queue, WorkKind
from reeld.storage import Database, TrioConnection, events
from reeld.storage.crashpoints import crash_point
from reeld.storage.repositories import (
    acquisitions,
    edits,
    history,
    imports,
    library,
    moves,
    movies,
    removals,
)
from reeld.storage.repositories.imports import Import, NewImport
from reeld.storage.work import enqueue

QUIET_SECONDS: Final = 5.0
"""How long an import waits for a move or a removal of files of the same movie."""


async def planned(database: Database, new: NewImport) -> Import:
    """Commit a plan, before any file is touched.

    Raises:
        DestinationTaken: Another import is at work on the same final name.
        Unavailable: The movie's files are being moved, or a file of that name removed: that ends first.
    """
    async with database.transaction() as conn:
        await _require_quiet(conn, new)
        journal = await imports.plan(conn, new)
        await movies.advance(conn, new.movie_id, Stage.IMPORTING)
        crash_point("import.plan.uncommitted")
    crash_point("import.plan.committed")
    return journal


async def _require_quiet(conn: TrioConnection, new: NewImport) -> None:
    # With the movie locked no move of its files is planned before this import is.
    await edits.locked(conn, new.movie_id)
    busy = await moves.is_moving(conn, new.movie_id)
    if busy or await removals.holds(conn, new.root_folder, new.destination):
        raise Unavailable(
            "Files of the movie are being moved or removed: it is imported afterwards.",
            reason="files_leaving",
            retry_after=QUIET_SECONDS,
        )


async def placed(database: Database, journal: Import, file: Placed) -> Import:
    """Commit that the file lies under its final name."""
    async with database.transaction() as conn:
        await imports.step(
            conn,
            journal.id,
            ImportStep.PLANNED,
            ImportStep.PLACED,
            link=file.link,
            device=file.device,
            inode=file.inode,
            recycle_path=None if file.kept is None else str(file.kept),
        )
        there = await _again(conn, journal)
    crash_point("import.placed.committed")
    return there


async def verified(database: Database, journal: Import) -> Import:
    """Commit that the file under the final name was seen to be the downloaded one."""
    async with database.transaction() as conn:
        await imports.step(conn, journal.id, ImportStep.PLACED, ImportStep.VERIFIED)
        there = await _again(conn, journal)
    crash_point("import.verified.committed")
    return there


async def misplaced(database: Database, journal: Import) -> None:
    """Commit that the file under the final name is not the downloaded one: it is placed anew."""
    async with database.transaction() as conn:
        await imports.step(conn, journal.id, journal.step, ImportStep.PLANNED)


async def recorded(
    database: Database, journal: Import, subject: Subject, parsed: ParsedRelease, quality: Quality
) -> Import:
    """Commit that the movie has this file: row, history, event, stage, all or nothing."""
    async with database.transaction() as conn:
        file = await library.record(
            conn,
            _new_file(journal, subject, parsed, quality),
            device=journal.device,
            inode=journal.inode,
            replaces=journal.old_file_id,
        )
        await _tell_imported(conn, journal, subject, parsed, quality)
        await _finish_acquisition(conn, subject)
        await imports.step(
            conn, journal.id, ImportStep.VERIFIED, ImportStep.RECORDED, file_id=file.id
        )
        there = await _again(conn, journal)
        crash_point("import.record.uncommitted")
    crash_point("import.record.committed")
    return there


def _new_file(
    journal: Import, subject: Subject, parsed: ParsedRelease, quality: Quality
) -> NewMovieFile:
    acquisition = subject.acquisition
    return NewMovieFile(
        movie_id=subject.movie.id,
        root_folder=journal.root_folder,
        relative_path=journal.destination,
        size=journal.size,
        quality=quality,
        revision=parsed.revision,
        edition=", ".join(parsed.editions) or None,
        release_group=acquisition.release_group or parsed.group,
        release_title=subject.release.title,
        infohash=acquisition.infohash,
        link=journal.link,
        media=None if journal.probe is None else facts_from(journal.probe),
        acquisition_id=acquisition.id,
        # As they were when it was grabbed: found again in what the file is called, they would differ, and the same
        # release would be an upgrade of itself.
        formats=acquisition.formats,
        format_score=acquisition.format_score,
        flags=subject.release.flags,
    )


async def _tell_imported(
    conn: TrioConnection,
    journal: Import,
    subject: Subject,
    parsed: ParsedRelease,
    quality: Quality,
) -> None:
    movie, path = subject.movie.id, str(Path(journal.root_folder) / journal.destination)
    link = str(journal.link or LinkKind.COPY)
    await history.append(
        conn,
        movie,
        HistoryKind.IMPORTED,
        release_title=subject.release.title,
        infohash=subject.acquisition.infohash,
        data={
            "path": path,
            "source": journal.source,
            "size": journal.size,
            "link": link,
            "quality": quality.label,
            "indexer": subject.release.indexer,
        },
    )
    payload = {
        "movie_id": movie,
        "acquisition_id": subject.acquisition.id,
        "path": path,
        "link": link,
        "quality": quality.label,
        "promised": parsed.quality.label,
        "revision": asdict(parsed.revision),
        "replaced": _replaced(subject.old),
    }
    await events.append(conn, EventKind.MOVIE_IMPORTED, movie, payload)


def _replaced(old: MovieFile | None) -> dict[str, object] | None:
    if old is None:
        return None
    return {
        "acquisition_id": old.acquisition_id,
        "quality": old.quality.label,
        "revision": asdict(old.revision),
    }


async def _finish_acquisition(conn: TrioConnection, subject: Subject) -> None:
    # One that was given up meanwhile (its torrent was removed) stays so; the file is whole and stays as well.
    with contextlib.suppress(IllegalTransition):
        await acquisitions.move(conn, subject.acquisition.id, AcquisitionState.IMPORTED)
    await movies.move(conn, subject.movie.id, Stage.IN_LIBRARY, expected=tuple(Stage), progress=1.0)


async def retired(database: Database, journal: Import, kept: Path | None) -> Import:
    """Commit that the old file, if there was one, left the library."""
    async with database.transaction() as conn:
        path = None if kept is None else str(kept)
        await imports.step(
            conn, journal.id, ImportStep.RECORDED, ImportStep.RETIRED, recycle_path=path
        )
        there = await _again(conn, journal)
        if there.recycle_path is not None:
            await _tell_retired(conn, there)
    crash_point("import.retired.committed")
    return there


async def _tell_retired(conn: TrioConnection, journal: Import) -> None:
    old = journal.old_path or str(Path(journal.root_folder) / journal.destination)
    data = {"path": old, "kept": journal.recycle_path}
    await history.append(conn, journal.movie_id, HistoryKind.FILE_RETIRED, data=data)
    payload = {"movie_id": journal.movie_id, "path": old}
    await events.append(conn, EventKind.FILE_RETIRED, journal.movie_id, payload)


async def done(conn: TrioConnection, journal: Import) -> None:
    """Write that the import is over; the client is told by work of its own."""
    await imports.step(conn, journal.id, ImportStep.RETIRED, ImportStep.DONE)
    await enqueue(
        conn,
        Queue.QBIT,
        WorkKind.MARK_IMPORTED,
        {"acquisition_id": journal.acquisition_id},
        unique_key=f"acquisition:{journal.acquisition_id}",
    )


async def _again(conn: TrioConnection, journal: Import) -> Import:
    there = await imports.get(conn, journal.id)
    if there is None:
        raise NotFound(f"There is no import {journal.id}: its movie was deleted.")
    return there


def probe_json(facts: object) -> dict[str, object]:
    """Return what the probe saw as the journal stores it."""
    return asdict(facts)  # type: ignore[call-overload,no-any-return]  # any dataclass will do
