"""`PUT movie`, `DELETE movie` and `movie/editor`: what becomes of movies that are there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from litestar import Response, delete, put
from litestar.params import FromPath

from reeld.domain.edits import MovieEdit, TagsMode
from reeld.http.radarr_v3._answers import accepted, answered
from reeld.http.radarr_v3._asked import AnyRequest, Body, Query, number_of, read_body
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._wishes import Checker, availability
from reeld.storage import TrioConnection
from reeld.storage.colliding import committed
from reeld.storage.repositories import edits, removals
from reeld.storage.repositories.shelf import ShelvedMovie

MOST_AT_ONCE: Final = 2000


def editing_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that change and delete movies."""
    audit = frame.surface.audit

    @put(["/movie", "/movie/{movie_id:int}"])
    async def change(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        movie = await frame.movie(number_of(request, body))
        number = movie.movie.id
        wanted = _edit_of(
            body, movie, (await frame.shelf()).path_of(movie), await Checker.of(frame)
        )
        move_files = Query.of(request).flag("moveFiles")
        with audit.change(request, "edit_movie", str(number)):
            await stored([number], wanted, move_files=move_files)
        return accepted((await frame.movie_documents([number]))[number])

    @put("/movie/editor")
    async def change_many(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        numbers = _numbers(body)
        wanted = _bulk_edit_of(body, await Checker.of(frame))
        with audit.change(request, "edit_movie", f"{len(numbers)} movies"):
            await stored(numbers, wanted, move_files=body.flag("moveFiles"))
        return accepted(list((await frame.movie_documents(numbers)).values()))

    @delete("/movie/{movie_id:int}", status_code=200)
    async def remove(movie_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        await frame.movie(movie_id)
        with audit.change(request, "delete_movie", str(movie_id)):
            with_files, exclude = query.flag("deleteFiles"), query.flag("addImportExclusion")
            await removed([movie_id], with_files=with_files, exclude=exclude)
        return answered({})

    @delete("/movie/editor", status_code=200)
    async def remove_many(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        numbers = _numbers(body)
        with_files, exclude = _flag(body, "deleteFiles"), _flag(body, "addImportExclusion")
        with audit.change(request, "delete_movie", f"{len(numbers)} movies"):
            await removed(numbers, with_files=with_files, exclude=exclude)
        return answered({})

    async def stored(numbers: Sequence[int], wanted: MovieEdit, *, move_files: bool) -> None:
        default = str(frame.surface.settings().library.root_folder)

        async def effect(conn: TrioConnection) -> None:
            edited = await edits.edit(
                conn, numbers, wanted, default_root=default, move_files=move_files
            )
            if edited.missing:
                raise Missing

        await committed(frame.database, effect)

    async def removed(numbers: Sequence[int], *, with_files: bool, exclude: bool) -> None:
        await committed(
            frame.database,
            partial(
                removals.remove_movies,
                movie_ids=numbers,
                with_files=with_files,
                exclude=exclude,
            ),
        )

    return [change, change_many, remove, remove_many]


def _edit_of(body: Body, movie: ShelvedMovie, path: str, checker: Checker) -> MovieEdit:
    """Return what a whole movie that was sent back says otherwise; what it leaves out stays."""
    sent = body.text("path").rstrip("/")
    root = None
    if sent and sent != path:
        root = checker.root_of(sent, path.rpartition("/")[2])
    elif "rootFolderPath" in body and not sent:
        root = checker.root(body.text("rootFolderPath"))
    return MovieEdit(
        monitored=body.flag("monitored", movie.movie.monitored),
        profile=checker.profile(body),
        minimum_availability=availability(body),
        root_folder=root,
        tags=tuple(body.integers("tags")) if body.get("tags") is not None else None,
    )


def _bulk_edit_of(body: Body, checker: Checker) -> MovieEdit:
    root = body.text("rootFolderPath")
    return MovieEdit(
        monitored=body.flag("monitored") if body.get("monitored") is not None else None,
        profile=checker.profile(body),
        minimum_availability=availability(body),
        root_folder=checker.root(root) if root else None,
        tags=tuple(body.integers("tags")) if body.get("tags") is not None else None,
        tags_mode=_mode(body.text("applyTags") or "add"),
    )


def _mode(text: str) -> TagsMode:
    try:
        return TagsMode(text.lower())
    except ValueError:
        raise invalid("ApplyTags", f"'{text[:40]}' is not valid.", text) from None


def _numbers(body: Body) -> list[int]:
    numbers = body.integers("movieIds")
    if not numbers or len(numbers) > MOST_AT_ONCE:
        raise invalid("MovieIds", f"There must be 1 to {MOST_AT_ONCE} movies.")
    return numbers


def _flag(body: Body, name: str) -> bool:
    """Return a truth value that aiopyarr writes as a text."""
    value = body.get(name, False)
    return value.lower() == "true" if isinstance(value, str) else body.flag(name)
