"""The actor that brings downloads into the library."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final

import structlog
import trio

from reeld.actors.importer._moving import Moving
from reeld.actors.importer._planning import Planner
from reeld.actors.importer._progress import ProgressBoard
from reeld.actors.importer._removing import Removing
from reeld.actors.importer._renaming import Renaming
from reeld.actors.importer._roots import RootFolders
from reeld.actors.importer._run import Importing
from reeld.actors.importer._threads import FileWork
from reeld.actors.importer.leftovers import find_leftovers, remove_leftovers
from reeld.actors.importer.probe import Prober
from reeld.actors.kernel import handles
from reeld.actors.resources import Resources
from reeld.actors.worker import Effect, WorkerActor, works
from reeld.domain.errors import ReeldError
from reeld.domain.messages import Sweep
from reeld.domain.work import Queue, WorkKind
from reeld.storage.repositories import imports, moves, removals
from reeld.storage.work import Job

LEFTOVERS_RETRY_SECONDS: Final = 30.0
_ALL: Final = 1_000_000

log = structlog.get_logger("reeld.actors.importer")


class ImportActor(WorkerActor):
    """Works on the rows of queue `importer`: imports, moves to other root folders, renames and removals.

    Each import is a journal in the database, so an incarnation goes on where the one before it ended. A root
    folder that fails opens a breaker of its own; its imports wait, those of other folders go on, and the actor
    finds out by itself when the disk is back.
    """

    name = "importer"
    queue = Queue.IMPORTER
    slots: ClassVar[int] = 3
    # A copy of 100 GB to a slow disk; a copy that stands still ends after two minutes.
    job_seconds: ClassVar[float] = 12 * 3600.0

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self._files = FileWork(threads=self.slots + 2)
        self._board = ProgressBoard(resources.database, resources.work)
        self._planner = Planner(self._files, Prober(self._files))

    async def on_start(self) -> None:  # type: ignore[override]  # pykka hooks are plain functions
        """Clear away what a killed process left, and begin to sweep."""
        observer = None if self._cell is None else self._cell.observer
        self._roots = RootFolders(
            self._files, self.address.breakers, self.resources.breakers, observer
        )
        self._importing = Importing(self.resources, self._planner, self._roots, self._board)
        self._moving = Moving(self.resources, self._roots, self._board)
        self._renaming = Renaming(self.resources, self._roots)
        self._removing = Removing(self.resources, self._roots)
        self.start_soon(self._board.report)
        self.start_soon(self._clear_leftovers)
        await super().on_start()

    @works(WorkKind.IMPORT)
    async def import_download(self, job: Job) -> Effect | None:
        """Take a finished download into the library."""
        return await self._importing.run(int(job.args["acquisition_id"]), job)

    @works(WorkKind.MOVE_FILES)
    async def move_files(self, job: Job) -> Effect | None:
        """Bring the files of a movie into its root folder."""
        await self._moving.run(int(job.args["movie_id"]), job)
        return None

    @works(WorkKind.RENAME_FILES)
    async def rename_files(self, job: Job) -> Effect | None:
        """Give files of a movie the names that the template gives."""
        only = [int(each) for each in job.args.get("files") or ()]
        await self._renaming.run(int(job.args["movie_id"]), only)
        return None

    @works(WorkKind.REMOVE_FILE)
    async def remove_file(self, job: Job) -> Effect | None:
        """Take a file to the recycle folder."""
        return await self._removing.run(int(job.args["removal_id"]))

    @handles(Sweep)
    async def sweep(self, message: Sweep) -> None:
        """See whether folders that were down are back, and claim work."""
        self.start_soon(self._mend_roots)
        await super().sweep(message)

    async def _mend_roots(self) -> None:
        if await self._roots.mend():
            try:
                await self.resources.work.wake(self.queue)
            except ReeldError as error:
                log.debug("wake_postponed", reason=error.reason)
            self.address.tell(Sweep())

    async def _clear_leftovers(self) -> None:
        """Clear once, however long the disk or the database lets us wait."""
        while True:
            if await self._tried_to_clear():
                return
            await trio.sleep(LEFTOVERS_RETRY_SECONDS)

    async def _tried_to_clear(self) -> bool:
        root = self.resources.settings.current.library.root_folder
        try:
            found = await self._files.run(f"sweep:{root}", partial(find_leftovers, root))
            work = partial(remove_leftovers, root, found, await self._being_written())
            removed = await self._files.run(f"sweep:{root}", work)
        except ReeldError as error:
            log.info("leftovers_not_cleared", root=str(root), reason=error.reason)
            return False
        log.info("leftovers_cleared", root=str(root), removed=removed)
        return True

    async def _being_written(self) -> set[int]:
        """Return the numbers by which files that are being written are named."""
        database = self.resources.database
        importing = {row.id for row in await imports.unfinished(database, limit=_ALL)}
        moving = {number for number, _ in await moves.unfinished(database)}
        return importing | moving | set(await removals.unfinished(database))
