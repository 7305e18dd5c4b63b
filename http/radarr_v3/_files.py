"""What becomes of the files of movies: deleting them, and how they would be renamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, delete, get
from litestar.params import FromPath

from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query, read_body
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._renames import renames_of
from reeld.storage import TrioConnection
from reeld.storage.colliding import committed
from reeld.storage.repositories import removals


def file_changing_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that change files."""
    audit = frame.surface.audit

    @delete("/moviefile/{file_id:int}", status_code=200)
    async def remove(file_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "delete_movie", f"file {file_id}"):
            await remove_all([file_id])
        return answered({})

    @delete("/moviefile/bulk", status_code=200)
    async def remove_many(request: AnyRequest) -> Response[bytes]:
        numbers = (await read_body(request)).integers("movieFileIds")
        if not numbers:
            raise invalid("MovieFileIds", "'Movie File Ids' must not be empty.")
        with audit.change(request, "delete_movie", f"{len(numbers)} files"):
            await remove_all(numbers)
        return answered({})

    @get("/rename")
    async def renames(request: AnyRequest) -> Response[bytes]:
        movie_id = Query.of(request).integer("movieId")
        if movie_id is None:
            raise invalid("movieId", "'movieId' must not be empty.")
        return answered(await renames_of(frame, movie_id))

    async def remove_all(numbers: Sequence[int]) -> None:
        async def effect(conn: TrioConnection) -> None:
            for number in dict.fromkeys(numbers):
                if await removals.remove_file(conn, number) is None:
                    raise Missing

        await committed(frame.database, effect)

    return [remove, remove_many, renames]
