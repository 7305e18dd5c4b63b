"""A file that a person had removed goes to the recycle folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import structlog

from reeld.actors.importer._orders import recycle_of
from reeld.actors.importer._roots import RootFolders
from reeld.actors.importer.recycle import retire, shelf_for
from reeld.actors.resources import Resources
from reeld.actors.worker import Effect
from reeld.domain.errors import NotFound
from reeld.domain.history import EventKind, HistoryKind
from reeld.storage import TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.events import append
from reeld.storage.repositories import history, library, removals
from reeld.storage.repositories.removals import Removal, RemovalStep

log = structlog.get_logger("reeld.actors.importer")


class Removing:
    """Carries removals out.

    Args:
        resources: What actors share.
        roots: Runs what touches the library.
    """

    def __init__(self, resources: Resources, roots: RootFolders) -> None:
        self._database = resources.database
        self._settings = resources.settings
        self._roots = roots

    async def run(self, removal_id: int) -> Effect | None:
        """Bring a file to the recycle folder, or see that it is there already; the effect ends the removal.

        Raises:
            NotFound: There is no such removal.
            Unavailable: A disk must recover first.
            ReeldError: It is worth another attempt.
        """
        removal = await removals.get(self._database, removal_id)
        if removal is None:
            raise NotFound(f"There is no removal {removal_id}.")
        if removal.step is not RemovalStep.PLANNED:
            return None
        if await library.by_path(self._database, removal.root_folder, removal.relative_path):
            return partial(_left, removal=removal)
        crash_point("remove.file.chosen")
        root = Path(removal.root_folder)
        recycle = recycle_of(self._settings.current.library, root)
        shelf = shelf_for(recycle, root, removal.id, removal.created_at)
        kept = await self._roots.run(
            root,
            f"import:{removal.id}",
            lambda tick: retire(root, removal.relative_path, None, shelf, tick),
        )
        crash_point("remove.file.retired")
        return partial(_retired, removal=removal, kept=kept)


async def _left(conn: TrioConnection, removal: Removal) -> None:
    log.info("removal_left_file", movie_id=removal.movie_id, path=removal.relative_path)
    await removals.step(conn, removal.id, RemovalStep.LEFT, None)


async def _retired(conn: TrioConnection, removal: Removal, kept: Path | None) -> None:
    path = f"{removal.root_folder}/{removal.relative_path}"
    where = None if kept is None else str(kept)
    if not await removals.step(conn, removal.id, RemovalStep.RETIRED, where):
        return
    data = {"path": path, "kept": where}
    await history.append(conn, removal.movie_id, HistoryKind.FILE_DELETED, data=data)
    payload = {"movie_id": removal.movie_id, "path": path}
    await append(conn, EventKind.FILE_RETIRED, removal.movie_id, payload)
