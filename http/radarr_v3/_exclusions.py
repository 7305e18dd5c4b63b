"""`exclusions`: movies that no list adds again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from litestar import Response, delete, get, post, put
from litestar.params import FromPath

from reeld.http.radarr_v3._answers import Paging, accepted, answered, created
from reeld.http.radarr_v3._asked import AnyRequest, Body, Query, number_of, read_body, read_list
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json
from reeld.storage import TrioConnection
from reeld.storage.repositories import exclusions
from reeld.storage.repositories.exclusions import Exclusion

_ALL: Final = 10_000
_ORDERS: Final[Mapping[str, Callable[[Json], Any]]] = {
    "id": lambda each: each["id"],
    "tmdbid": lambda each: each["tmdbId"],
    "movietitle": lambda each: each["movieTitle"].lower(),
    "movieyear": lambda each: each["movieYear"],
}
"""By the sort keys in lower case."""


def exclusion_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of exclusions."""
    database, audit = frame.database, frame.surface.audit

    @get("/exclusions")
    async def list_exclusions() -> Response[bytes]:
        return answered([_written(each) for each in await exclusions.page(database, limit=_ALL)])

    @get("/exclusions/paged")
    async def page(request: AnyRequest) -> Response[bytes]:
        paging = Paging.of(Query.of(request), sort_key="id", known=_ORDERS)
        every = [_written(each) for each in await exclusions.page(database, limit=_ALL)]
        every.sort(key=_ORDERS[paging.sort_key.lower()], reverse=paging.descending)
        return answered(paging.cut(every))

    @get("/exclusions/{exclusion_id:int}")
    async def get_exclusion(exclusion_id: FromPath[int]) -> Response[bytes]:
        return answered(_written(await existing(exclusion_id)))

    @post("/exclusions")
    async def add(request: AnyRequest) -> Response[bytes]:
        return created(await save(request, await read_body(request)))

    @post("/exclusions/bulk")
    async def add_many(request: AnyRequest) -> Response[bytes]:
        bodies = await read_list(request)
        with audit.change(request, "save_exclusion", f"{len(bodies)} exclusions"):
            async with database.transaction() as conn:
                return created([_written(await _stored(conn, body)) for body in bodies])

    @put(["/exclusions", "/exclusions/{exclusion_id:int}"])
    async def change(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        before = await existing(number_of(request, body))
        if before.tmdb_id != body.integer("tmdbId"):
            raise invalid("TmdbId", "An exclusion is of one movie: delete it, and add another.")
        return accepted(await save(request, body))

    async def existing(number: int) -> Exclusion:
        found = await exclusions.page(database, after=number - 1, limit=1)
        if not found or found[0].id != number:
            raise Missing
        return found[0]

    async def save(request: AnyRequest, body: Body) -> Json:
        with audit.change(request, "save_exclusion", str(body.integer("tmdbId"))):
            async with database.transaction() as conn:
                return _written(await _stored(conn, body))

    return [list_exclusions, page, get_exclusion, add, add_many, change, *_removing(frame)]


def _removing(frame: Frame) -> Sequence[Any]:
    database, audit = frame.database, frame.surface.audit

    @delete("/exclusions/{exclusion_id:int}", status_code=200)
    async def remove(exclusion_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "delete_exclusion", str(exclusion_id)):
            async with database.transaction() as conn:
                if not await exclusions.remove(conn, exclusion_id):
                    raise Missing
        return answered({})

    @delete("/exclusions/bulk", status_code=200)
    async def remove_many(request: AnyRequest) -> Response[bytes]:
        numbers = (await read_body(request)).integers("ids")
        with audit.change(request, "delete_exclusion", f"{len(numbers)} exclusions"):
            async with database.transaction() as conn:
                for number in numbers:
                    await exclusions.remove(conn, number)
        return answered({})

    return [remove, remove_many]


async def _stored(conn: TrioConnection, body: Body) -> Exclusion:
    tmdb_id, title = body.integer("tmdbId"), body.text("movieTitle").strip()[:300]
    if tmdb_id <= 0:
        raise invalid("TmdbId", "'Tmdb Id' must not be empty.", tmdb_id)
    if not title:
        raise invalid("MovieTitle", "'Movie Title' must not be empty.")
    return await exclusions.add(conn, tmdb_id, title, body.integer("movieYear") or None)


def _written(exclusion: Exclusion) -> Json:
    return {
        "id": exclusion.id,
        "tmdbId": exclusion.tmdb_id,
        "movieTitle": exclusion.title,
        "movieYear": exclusion.year or 0,
    }
