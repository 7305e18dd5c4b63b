"""The files of a movie follow it into its root folder: placed and verified there before the old name goes.

Every step is: look at what is there, act, look again, commit. So going on after a crash is the same code as going on
from one step to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import structlog

from reeld.actors.importer._copying import Tick
from reeld.actors.importer._failures import SourceMissing, VerificationFailed
from reeld.actors.importer._orders import means_of, recycle_of
from reeld.actors.importer._parts import Transfer
from reeld.actors.importer._progress import ProgressBoard
from reeld.actors.importer._roots import RootFolders
from reeld.actors.importer._withdrawing import withdraw
from reeld.actors.importer.placement import Order, discard, place, verify
from reeld.actors.importer.recycle import retire, shelf_for
from reeld.actors.resources import Resources
from reeld.domain.acquisition import LinkKind
from reeld.domain.errors import NotFound, Refused, Unavailable
from reeld.domain.movie import Movie
from reeld.storage.crashpoints import crash_point
from reeld.storage.repositories import edits, library, moves, movies, removals
from reeld.storage.repositories.moves import FileMove, MoveStep
from reeld.storage.work import Job

log = structlog.get_logger("reeld.actors.importer")

T = TypeVar("T")

WAIT_SECONDS: Final = 10.0
"""How long a move waits for an import of the same movie."""


class Moving:
    """Brings files below the root folders that their movies are to have.

    Args:
        resources: What actors share.
        roots: Runs what touches the library.
        board: Shows how far copies are.
    """

    def __init__(self, resources: Resources, roots: RootFolders, board: ProgressBoard) -> None:
        self._database = resources.database
        self._settings = resources.settings
        self._roots = roots
        self._board = board

    async def run(self, movie_id: int, job: Job | None = None) -> None:
        """Move the files of a movie that lie elsewhere, one after another; go on with what was begun.

        Raises:
            NotFound: The movie is gone.
            Unavailable: An import of the movie must end first, or a disk recover.
            Refused: Something else lies where the file is to go.
            ReeldError: It is worth another attempt.
        """
        for move in await moves.open_of_movie(self._database, movie_id):
            await self._finish(move, job)
        while (move_ := await self._planned(movie_id)) is not None:
            await self._finish(move_, job)

    async def _planned(self, movie_id: int) -> FileMove | None:
        """Commit the plan for the next file that lies elsewhere; None when there is none."""
        default = str(self._settings.current.library.root_folder)
        async with self._database.transaction() as conn:
            if await edits.locked(conn, movie_id) is None:
                raise NotFound(f"There is no movie {movie_id}: it was deleted.")
            movie = await movies.get(conn, movie_id)
            assert movie is not None, "it is locked"
            if await moves.import_runs(conn, movie_id):
                raise Unavailable(
                    "Files of the movie are being imported: they are moved afterwards.",
                    reason="import_runs",
                    retry_after=WAIT_SECONDS,
                )
            wanted = _root_of(movie, default)
            files = [f for f in await library.by_movie(conn, movie_id) if f.root_folder != wanted]
            if not files:
                return None
            owner = await library.by_path(conn, wanted, files[0].relative_path)
            if owner is not None or await removals.holds(conn, wanted, files[0].relative_path):
                raise Refused(
                    f"{wanted}/{files[0].relative_path} belongs to another movie, or is about to be removed.",
                    reason="name_taken",
                )
            move = await moves.plan(conn, files[0], wanted)
            crash_point("move.plan.uncommitted")
        crash_point("move.plan.committed")
        return move

    async def _finish(self, move: FileMove, job: Job | None) -> None:
        while True:
            match move.step:
                case MoveStep.PLANNED | MoveStep.PLACED | MoveStep.VERIFIED if not (
                    await self._is_current(move)
                ):
                    return await self._give_up(move)
                case MoveStep.PLANNED:
                    move = await self._place(move, job)
                case MoveStep.PLACED:
                    move = await self._verify(move)
                case MoveStep.VERIFIED:
                    move = await self._record(move)
                case MoveStep.RECORDED:
                    move = await self._withdraw(move)
                case MoveStep.DONE | MoveStep.FAILED:
                    return None

    async def _is_current(self, move: FileMove) -> bool:
        """Whether the library's row still is what was planned for."""
        file = await library.get(self._database, move.file_id)
        there = None if file is None else (file.root_folder, file.relative_path)
        return there == (move.from_root, move.relative_path)

    async def _place(self, move: FileMove, job: Job | None) -> FileMove:
        with self._board.shown(move.movie_id, move.size, job) as told:
            placed = await self._on_files(move, place, told)
        crash_point("move.file.placed")
        async with self._database.transaction() as conn:
            after = await moves.step(
                conn,
                move,
                MoveStep.PLACED,
                link=placed.link,
                device=placed.device,
                inode=placed.inode,
                recycle_path=None if placed.kept is None else str(placed.kept),
            )
        crash_point("move.placed.committed")
        return after

    async def _verify(self, move: FileMove) -> FileMove:
        link = move.link or LinkKind.COPY

        def whole(order: Order, tick: Tick) -> int:
            return verify(order, link, tick, whole=True)

        try:
            await self._on_files(move, whole)
        except (VerificationFailed, SourceMissing) as error:
            async with self._database.transaction() as conn:
                await moves.step(conn, move, MoveStep.PLANNED)
            raise VerificationFailed(error.sentence) from error
        async with self._database.transaction() as conn:
            after = await moves.step(conn, move, MoveStep.VERIFIED)
        crash_point("move.verified.committed")
        return after

    async def _record(self, move: FileMove) -> FileMove:
        async with self._database.transaction() as conn:
            after = await moves.record(conn, move)
            crash_point("move.record.uncommitted")
        crash_point("move.record.committed")
        return after

    async def _withdraw(self, move: FileMove) -> FileMove:
        old, new = Path(move.from_root), Path(move.to_root)
        work = partial(withdraw, move.id, old, new, move.relative_path)
        gone = await self._roots.run(old, f"import:{move.id}", work)
        log.info("file_moved", movie_id=move.movie_id, path=move.relative_path, old_removed=gone)
        async with self._database.transaction() as conn:
            return await moves.step(conn, move, MoveStep.DONE)

    async def _give_up(self, move: FileMove) -> None:
        """End a move whose file is another one by now; what was placed goes to the recycle folder."""
        await self._on_files(move, lambda order, _: discard(order))
        claimed = await library.by_path(self._database, move.to_root, move.relative_path)
        if move.step is not MoveStep.PLANNED and claimed is None:
            order = self._order(move)
            work = partial(retire, order.root_folder, order.destination, None, order.shelf)
            await self._roots.run(order.root_folder, f"import:{move.id}", work)
        async with self._database.transaction() as conn:
            await moves.step(
                conn,
                move,
                MoveStep.FAILED,
                reason="file_replaced",
                sentence="The movie has another file by now: it is looked at anew.",
            )

    async def _on_files(
        self,
        move: FileMove,
        work: Callable[[Order, Tick], T],
        told: Callable[[int], None] | None = None,
    ) -> T:
        root = Path(move.to_root)

        def in_thread(tick: Tick) -> T:
            return work(self._order(move), tick)

        return await self._roots.run(root, f"import:{move.id}", in_thread, on_progress=told)

    def _order(self, move: FileMove) -> Order:
        settings = self._settings.current.library
        root = Path(move.to_root)
        recycle = recycle_of(settings, root)
        return Order(
            import_id=move.id,
            download_root=Path(move.from_root),
            source=move.relative_path,
            size=move.size,
            root_folder=root,
            destination=move.relative_path,
            shelf=shelf_for(recycle, root, move.id, move.created_at),
            # Who moves a file to another disk asks for a copy, whatever imports may do.
            means=means_of(settings, Transfer.LINK_OR_COPY),
        )


def _root_of(movie: Movie, default: str) -> str:
    return movie.root_folder or default
