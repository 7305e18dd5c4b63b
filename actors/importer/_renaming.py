"""The files of a movie get the names that the template gives them now.

The plan is committed first, with the file's inode: after a crash it is seen under which name the file lies, and the same
code goes on.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from reeld.actors.importer._failures import Occupied, SourceChanged, SourceMissing, library_side
from reeld.actors.importer._renaming_files import rename
from reeld.actors.importer._roots import RootFolders
from reeld.actors.importer._source import opened
from reeld.actors.resources import Resources
from reeld.domain.errors import NotFound, Refused, Unavailable
from reeld.domain.library import MovieFile
from reeld.domain.naming import InvalidTemplate, Template, renamed_path
from reeld.storage import TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.repositories import (
    edits,
    formats,
    library,
    metadata,
    moves,
    movies,
    removals,
    renames,
)
from reeld.storage.repositories.renames import FileRename

log = structlog.get_logger("reeld.actors.importer")

WAIT_SECONDS: Final = 10.0
"""How long a rename waits for an import or a move of the same movie."""


class Renaming:
    """Renames files of the library.

    Args:
        resources: What actors share.
        roots: Runs what touches the library.
    """

    def __init__(self, resources: Resources, roots: RootFolders) -> None:
        self._database = resources.database
        self._settings = resources.settings
        self._roots = roots

    async def run(self, movie_id: int, only: Collection[int] = ()) -> None:
        """Rename the files of a movie that are called otherwise; go on with what was begun.

        Args:
            movie_id: The movie.
            only: The numbers of the files that are meant; all when empty.

        Raises:
            NotFound: The movie is gone, or its file.
            Unavailable: An import or a move of the movie must end first, a template be corrected, or a disk recover.
            Refused: Something else has the name.
        """
        for begun in await renames.open_of_movie(self._database, movie_id):
            await self._finish(begun)
        for file in await library.by_movie(self._database, movie_id):
            if not only or file.id in only:
                planned = await self._planned(file)
                if planned is not None:
                    await self._finish(planned)

    async def _planned(self, file: MovieFile) -> FileRename | None:
        """Commit the plan for a file; None when it has its name already."""
        wanted = await self._wanted(file)
        if wanted == file.relative_path:
            return None
        size, inode = await self._seen(file)
        async with self._database.transaction() as conn:
            await self._require_quiet(conn, file, wanted)
            planned = await renames.plan(conn, file, wanted, size=size, inode=inode)
            crash_point("rename.plan.uncommitted")
        crash_point("rename.plan.committed")
        return planned

    async def _wanted(self, file: MovieFile) -> str:
        movie = await movies.get(self._database, file.movie_id)
        if movie is None:
            raise NotFound(f"There is no movie {file.movie_id}: it was deleted.")
        try:
            template = Template(self._settings.current.library.file_template)
        except InvalidTemplate as error:
            raise Unavailable(
                f"{error.sentence} Correct library.file_template.", reason="invalid_template"
            ) from error
        details = await metadata.get(self._database, movie.id)
        original = await renames.original_of(self._database, file.id)
        shown = await formats.shown_in_names(self._database)
        return renamed_path(file, movie, details, original, template, shown)

    async def _seen(self, file: MovieFile) -> tuple[int, int]:
        root = Path(file.root_folder)

        def look(_tick: object) -> tuple[int, int]:
            with opened(root, file.relative_path, side=library_side) as there:
                return there.facts.st_size, there.facts.st_ino

        return await self._roots.run(root, f"rename:{file.id}", look)

    async def _require_quiet(self, conn: TrioConnection, file: MovieFile, wanted: str) -> None:
        # With the movie locked no import or move of its files is planned before this rename is.
        if await edits.locked(conn, file.movie_id) is None:
            raise NotFound(f"There is no movie {file.movie_id}: it was deleted.")
        importing = await moves.import_runs(conn, file.movie_id)
        if importing or await moves.is_moving(conn, file.movie_id):
            raise Unavailable(
                "Files of the movie are being imported or moved: they are renamed afterwards.",
                reason="files_leaving",
                retry_after=WAIT_SECONDS,
            )
        owner = await library.by_path(conn, file.root_folder, wanted)
        if owner is not None or await removals.holds(conn, file.root_folder, wanted):
            raise Refused(
                f"{wanted} belongs to another movie, or is about to be removed: add {{TmdbId}} to "
                "library.file_template, then rename it again.",
                reason="name_taken",
            )

    async def _finish(self, planned: FileRename) -> None:
        file = await library.get(self._database, planned.file_id)
        if file is None or file.relative_path != planned.from_path:
            await self._give_up(planned, "file_replaced", "The movie has another file by now.")
            return
        root, known = Path(planned.root_folder), (planned.size, planned.inode)
        work = partial(rename, root, planned.from_path, planned.to_path, known)
        try:
            await self._roots.run(root, f"rename:{planned.file_id}", work)
        except (Occupied, SourceMissing, SourceChanged) as error:
            await self._give_up(planned, error.reason, error.sentence)
            raise
        async with self._database.transaction() as conn:
            await renames.record(conn, planned)
            crash_point("rename.record.uncommitted")
        crash_point("rename.record.committed")
        log.info("file_renamed", movie_id=planned.movie_id, path=planned.to_path)

    async def _give_up(self, planned: FileRename, reason: str, sentence: str) -> None:
        async with self._database.transaction() as conn:
            await renames.fail(conn, planned, reason, sentence)
