"""What changes movies: edits and deletions, of one or of many at once. All files follow by durable work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from litestar import delete, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from reeld.domain.edits import Edited, MovieEdit
from reeld.domain.errors import NotFound
from reeld.http.api.movie_bodies import BulkDeleteBody, BulkEditBody, EditBody
from reeld.http.api.movie_views import MovieView, Removal
from reeld.http.api.shaping import mark_of, require_match
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage import TrioConnection
from reeld.storage.colliding import committed
from reeld.storage.repositories import edits, removals
from reeld.storage.repositories.removals import Removed


def change_handlers(
    surface: Surface, view_of: Callable[[int], Awaitable[MovieView]]
) -> Sequence[Any]:
    """Return the handlers below `/api/movies` that change something.

    Args:
        surface: What the web server may reach.
        view_of: Shows a movie, or raises `NotFound`.
    """
    database, audit = surface.database, surface.audit

    @put("/{movie_id:int}", operation_id="changeMovie")
    async def change_movie(
        movie_id: FromPath[int], data: JSONBody[EditBody], request: AnyRequest
    ) -> MovieView:
        """Change a movie; what is left out stays. With `If-Match`, only what nobody else has changed since."""
        change = data.change()
        with audit.change(request, "edit_movie", str(movie_id), changes=told_of(change)):

            async def effect(conn: TrioConnection) -> None:
                before = await edits.locked(conn, movie_id)
                if before is None:
                    raise NotFound(f"There is no movie {movie_id}.")
                require_match(request, mark_of(before))
                await edit(conn, movie_ids=[movie_id], change=change, move_files=data.move_files)

            await committed(database, effect)
        return await view_of(movie_id)

    @delete("/{movie_id:int}", operation_id="deleteMovie", status_code=200)
    async def delete_movie(
        movie_id: FromPath[int],
        request: AnyRequest,
        delete_files: FromQuery[bool] = False,
        exclude: FromQuery[bool] = False,
    ) -> Removal:
        """Delete a movie. With `delete_files` its files go to the recycle folder, from where a person can fetch them.

        With `If-Match` it is deleted only as the client has read it.
        """
        with audit.change(request, "delete_movie", str(movie_id), delete_files=delete_files):

            async def effect(conn: TrioConnection) -> Removed:
                if (before := await edits.locked(conn, movie_id)) is not None:
                    require_match(request, mark_of(before))
                return await removals.remove_movies(
                    conn, [movie_id], with_files=delete_files, exclude=exclude
                )

            removed = await committed(database, effect)
            if not removed.movies:
                raise NotFound(f"There is no movie {movie_id}.")
        return _shown(removed)

    @post("/edit", operation_id="changeMovies", status_code=200)
    async def change_movies(data: JSONBody[BulkEditBody], request: AnyRequest) -> Edited:
        """Change many movies in the same way; numbers that no movie has are told, and the others changed all the same."""
        change = data.change()
        told = {"changes": told_of(change), "count": len(data.ids)}
        with audit.change(request, "edit_movie", _listed(data.ids), "", **told):
            many = partial(edit, movie_ids=data.ids, change=change, move_files=data.move_files)
            return await committed(database, many)

    @post("/delete", operation_id="deleteMovies", status_code=200)
    async def delete_movies(data: JSONBody[BulkDeleteBody], request: AnyRequest) -> Removal:
        """Delete many movies, all or none of them; numbers that no movie has are told."""
        told = {"count": len(data.ids), "delete_files": data.delete_files}
        with audit.change(request, "delete_movie", _listed(data.ids), "", **told):
            many = partial(
                removals.remove_movies,
                movie_ids=data.ids,
                with_files=data.delete_files,
                exclude=data.exclude,
            )
            return _shown(await committed(database, many))

    async def edit(
        conn: TrioConnection, *, movie_ids: Sequence[int], change: MovieEdit, move_files: bool
    ) -> Edited:
        default_root = str(surface.settings().library.root_folder)
        return await edits.edit(
            conn, movie_ids, change, default_root=default_root, move_files=move_files
        )

    return [change_movie, delete_movie, change_movies, delete_movies]


def told_of(change: MovieEdit) -> dict[str, object]:
    """Return an edit as the audit tells it: what was given, and nothing else."""
    given = {name: getattr(change, name) for name in MovieEdit.__slots__}
    told = {name: value for name, value in given.items() if value is not None}
    if change.tags is None:
        told.pop("tags_mode", None)
    return {name: list(v) if isinstance(v, tuple) else v for name, v in told.items()}


def _listed(ids: Sequence[int]) -> str:
    shown = ", ".join(map(str, ids[:20]))
    return shown if len(ids) <= 20 else f"{shown} and {len(ids) - 20} more"


def _shown(removed: Removed) -> Removal:
    return Removal(removed.movies, len(removed.files), removed.missing)
