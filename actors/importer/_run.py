"""One attempt at an import: from whatever step the journal is at to its end.

Every step is: look at what is there, act, look again, commit. So going on after a crash is the same code
as going on from one step to the next.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import structlog

from reeld.actors.importer import _journal
from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import (
    DownloadMissing,
    SourceMissing,
    UnsafePath,
    VerificationFailed,
)
from reeld.actors.importer._media import facts_from
from reeld.actors.importer._orders import order_for, shelf_of
from reeld.actors.importer._planning import Planner, downloads_of, understood
from reeld.actors.importer._progress import ProgressBoard
from reeld.actors.importer._quality import mended
from reeld.actors.importer._rejecting import blame_of, reject
from reeld.actors.importer._roots import RootFolders
from reeld.actors.importer._subject import Subject, subject_of
from reeld.actors.importer.placement import Order, Placed, discard, place, verify
from reeld.actors.importer.probe import Unreadable
from reeld.actors.importer.recycle import retire
from reeld.actors.importer.scan import DownloadRejected
from reeld.actors.resources import Resources
from reeld.actors.worker import Effect
from reeld.domain.acquisition import AcquisitionState, FailureReason, ImportStep, LinkKind
from reeld.domain.errors import DatabaseUnavailable, ReeldError, Refused, Unavailable
from reeld.domain.movie import Stage
from reeld.storage import TrioConnection
from reeld.storage.repositories import downloads, imports, library, movies
from reeld.storage.repositories.imports import DestinationTaken, Import, NewImport
from reeld.storage.work import Job

log = structlog.get_logger("reeld.actors.importer")

T = TypeVar("T")

REMOVED: Final = "Somebody removed the torrent and its files before they were imported. Another release is tried."


class Importing:
    """Takes one download through the journal.

    Args:
        resources: What actors share.
        planner: Finds the movie and its place.
        roots: Runs what touches the library.
        board: Shows how far copies are.
    """

    def __init__(
        self, resources: Resources, planner: Planner, roots: RootFolders, board: ProgressBoard
    ) -> None:
        self._database = resources.database
        self._settings = resources.settings
        self._metrics = resources.metrics
        self._planner = planner
        self._roots = roots
        self._board = board

    async def run(self, acquisition_id: int, job: Job | None = None) -> Effect | None:
        """Import a download, or go on with its import; the effect ends the journal.

        Args:
            acquisition_id: The download.
            job: The claimed work, to note progress on its row.

        Raises:
            Unavailable: Somebody else must recover first: a disk, a mount, a person.
            Refused: It cannot be done, and neither the release nor time will mend it.
            ReeldError: It is worth another attempt.
        """
        subject = await subject_of(self._database, acquisition_id)
        async with self._told_to_people(subject):
            if _was_given_up(subject):
                return await self._abandoned(subject)
            try:
                subject = await self._planned(subject)
                journal = await self._placed(subject, job)
            except (DownloadRejected, Unreadable, UnsafePath) as error:
                return await self._rejected(subject, error)
            except (SourceMissing, DownloadMissing):
                if not await downloads.is_gone(self._database, acquisition_id):
                    raise
                removed = DownloadRejected(FailureReason.REMOVED_BY_USER, REMOVED)
                return await self._rejected(subject, removed)
            return await self._walk(subject, journal)

    @asynccontextmanager
    async def _told_to_people(self, subject: Subject) -> AsyncIterator[None]:
        """Turn errors into what becomes of the work, and note on the movie why it waits."""
        try:
            yield
        except SourceMissing as error:
            # The client still claims to have it. If a person removed it, its next looks say so.
            await self._note(subject, error)
            raise Unavailable(error.sentence, reason=error.reason) from error
        except DestinationTaken as error:
            raise Unavailable(error.sentence, reason=error.reason, retry_after=30) from error
        except ReeldError as error:
            await self._note(subject, error)
            raise

    async def _planned(self, subject: Subject) -> Subject:
        """Return the subject with its plan: the one of an earlier attempt, or a new one."""
        if subject.journal is not None:
            return subject
        state = subject.acquisition.state
        if state is not AcquisitionState.COMPLETE:
            raise Refused(
                f"Acquisition {subject.acquisition.id} is {state}: there is nothing to import.",
                reason="not_downloaded",
            )
        new = await self._planner.plan(subject, self._settings.current)
        await self._require_free_name(new)
        return replace(subject, journal=await _journal.planned(self._database, new))

    async def _require_free_name(self, new: NewImport) -> None:
        owner = await library.by_path(self._database, new.root_folder, new.destination)
        if owner is not None and owner.movie_id != new.movie_id:
            raise Refused(
                f"{new.destination} is the file of another movie: add {{TmdbId}} to "
                "library.folder_template, then retry the import.",
                reason="name_taken",
            )

    async def _placed(self, subject: Subject, job: Job | None) -> Import:
        journal = subject.journal
        assert journal is not None, "it was planned"
        if journal.step is not ImportStep.PLANNED:
            return journal
        return await self._place(subject, journal, job)

    async def _walk(self, subject: Subject, journal: Import) -> Effect | None:
        while True:
            match journal.step:
                case ImportStep.PLACED:
                    journal = await self._verify(subject, journal)
                case ImportStep.VERIFIED:
                    journal = await self._record(subject, journal)
                case ImportStep.RECORDED:
                    journal = await self._retire(journal)
                case ImportStep.RETIRED:
                    return partial(_journal.done, journal=journal)
                case ImportStep.PLANNED | ImportStep.DONE | ImportStep.FAILED:
                    return None

    async def _place(self, subject: Subject, journal: Import, job: Job | None) -> Import:
        started = time.perf_counter()
        with self._board.shown(journal.movie_id, journal.size, job) as told:
            file = await self._on_files(subject, journal, place, told)
        self._measure(file, journal, time.perf_counter() - started)
        return await _journal.placed(self._database, journal, file)

    def _measure(self, file: Placed, journal: Import, seconds: float) -> None:
        method = str(file.link)
        self._metrics.add("reeld_import_files_total", method=method)
        self._metrics.add("reeld_import_bytes_total", journal.size, method=method)
        self._metrics.observe("reeld_import_duration_seconds", seconds, method=method)
        if file.refusal is not None:
            self._metrics.add("reeld_import_fallbacks_total", reason=str(file.refusal))
            log.warning(
                "hard_link_impossible",
                import_id=journal.id,
                link=method,
                reason=str(file.refusal),
                remedy=file.refusal.remedy,
            )

    async def _verify(self, subject: Subject, journal: Import) -> Import:
        link = journal.link or LinkKind.COPY
        try:
            await self._on_files(subject, journal, lambda order, tick: verify(order, link, tick))
        except (VerificationFailed, SourceMissing) as error:
            await _journal.misplaced(self._database, journal)
            raise VerificationFailed(error.sentence) from error
        return await _journal.verified(self._database, journal)

    async def _record(self, subject: Subject, journal: Import) -> Import:
        parsed = await understood(subject.release.title)
        facts = journal.probe
        quality = parsed.quality if facts is None else mended(parsed.quality, facts_from(facts))
        there = await _journal.recorded(self._database, journal, subject, parsed, quality)
        self._metrics.add("reeld_imports_total", outcome="imported")
        return there

    async def _retire(self, journal: Import) -> Import:
        kept = None if journal.old_path is None else await self._take_away(journal)
        return await _journal.retired(self._database, journal, kept)

    async def _take_away(self, journal: Import) -> Path | None:
        settings = self._settings.current.library
        root, old = _split(journal, settings.root_folder)
        if root == Path(journal.root_folder) and old == journal.destination:
            return None
        shelf = shelf_of(journal, root, settings)
        new = journal.destination if root == Path(journal.root_folder) else None
        return await self._roots.run(
            root, f"import:{journal.id}", lambda tick: retire(root, old, new, shelf, tick)
        )

    async def _on_files(
        self,
        subject: Subject,
        journal: Import,
        work: Callable[[Order, Tick], T],
        told: Callable[[int], None] | None = None,
    ) -> T:
        settings = self._settings.current
        downloads = downloads_of(subject.acquisition, settings)

        def in_thread(tick: Tick) -> T:
            return work(order_for(journal, downloads, settings.library), tick)

        root = Path(journal.root_folder)
        return await self._roots.run(root, f"import:{journal.id}", in_thread, on_progress=told)

    async def _abandoned(self, subject: Subject) -> Effect | None:
        """End the plan of a download that was given up before any file was touched."""
        journal = subject.journal
        if journal is None:
            return None
        await self._on_files(subject, journal, lambda order, _: discard(order))

        async def effect(conn: TrioConnection) -> None:
            await imports.fail(
                conn,
                journal.id,
                ImportStep.PLANNED,
                "acquisition_failed",
                "The download was given up before it was imported.",
            )

        return effect

    async def _rejected(
        self, subject: Subject, error: DownloadRejected | Unreadable | UnsafePath
    ) -> Effect:
        failure = blame_of(error)
        if subject.journal is not None:
            await self._on_files(subject, subject.journal, lambda order, _: discard(order))
        self._metrics.add("reeld_imports_total", outcome="rejected")
        self._metrics.add("reeld_import_failures_total", reason=error.reason)
        log.warning(
            "download_rejected",
            movie_id=subject.movie.id,
            acquisition_id=subject.acquisition.id,
            failure=str(failure),
            reason=error.reason,
        )
        return partial(reject, subject=subject, failure=failure, error=error)

    async def _note(self, subject: Subject, error: ReeldError) -> None:
        """Tell people why the movie waits, where they look first."""
        if isinstance(error, DatabaseUnavailable):
            return
        self._metrics.add("reeld_imports_total", outcome="failed")
        self._metrics.add("reeld_import_failures_total", reason=error.reason)
        movie = subject.movie
        if movie.stage_note != error.sentence and movie.stage in _WAITING:
            async with self._database.transaction() as conn:
                await movies.move(
                    conn, movie.id, Stage.IMPORTING, expected=_WAITING, note=error.sentence
                )


_WAITING = (Stage.DOWNLOADING, Stage.IMPORTING)


def _was_given_up(subject: Subject) -> bool:
    """Whether the download failed before any file of it was touched."""
    untouched = subject.journal is None or subject.journal.step is ImportStep.PLANNED
    return subject.acquisition.state is AcquisitionState.FAILED and untouched


def _split(journal: Import, default: Path) -> tuple[Path, str]:
    """Take the old file's path apart again: its root folder, and the path below it."""
    old = Path(journal.old_path or "")
    for root in (Path(journal.root_folder), default):
        if old.is_relative_to(root):
            return root, str(old.relative_to(root))
    return old.parent.parent, str(old.relative_to(old.parent.parent))
