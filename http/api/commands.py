"""`/api/commands`: what is to be done now. Each command is durable work that can be followed and cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Annotated, Any, Final, assert_never

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from reeld.domain.errors import InvalidField, NotFound
from reeld.domain.settings import Settings
from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest, readings_of, searches_of
from reeld.http.access import caller_of
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import commands, indexers, movies
from reeld.storage.repositories.commands import Command

MOST_MOVIES: Final = 1000


class CommandName(StrEnum):
    """What can be asked for."""

    SEARCH_MOVIES = "search-movies"
    """Look for releases of the movies that are named."""
    SEARCH_MISSING = "search-missing"
    """Look for the movies that are most wanted."""
    REFRESH_MOVIES = "refresh-movies"
    """Read again what TMDB says of the movies that are named, or of those whose facts are oldest."""
    READ_FEEDS = "read-feeds"
    """Read every feed, and the newest releases of every indexer."""
    MOVE_FILES = "move-files"
    """Bring the files of the movies that are named into their root folders."""
    RENAME_FILES = "rename-files"
    """Give the files of the movies that are named the names that `library.file_template` gives."""
    BACKUP = "backup"


class CommandBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a command is about.

    Attributes:
        movie_ids: Needed by `search-movies`, `move-files` and `rename-files`; `refresh-movies` takes it; the others refuse it.
    """

    movie_ids: Annotated[
        list[Annotated[int, msgspec.Meta(ge=1, le=2**53)]], msgspec.Meta(max_length=MOST_MOVIES)
    ] = []


@dataclass(frozen=True, slots=True)
class CommandPage:
    """Some commands, newest first; `next` is what to pass as `before` for more."""

    commands: list[Command]
    next: int | None


def command_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of commands."""
    database, audit = surface.database, surface.audit

    @get("/", operation_id="listCommands")
    async def list_commands(
        before: Annotated[int | None, QueryParameter(ge=1, le=2**53)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 50,
    ) -> CommandPage:
        """List what was asked for, newest first, and how far it is."""
        found = await commands.page(database, before=before, limit=limit)
        return CommandPage(found, found[-1].id if len(found) == limit else None)

    @post("/{command:str}", operation_id="runCommand", status_code=202)
    async def run_command(
        command: FromPath[CommandName],
        request: AnyRequest,
        data: JSONBody[CommandBody | None] = None,
    ) -> Command:
        """Have something done now. What of it waits already is not asked for twice."""
        movie_ids = [] if data is None else data.movie_ids
        with audit.change(request, "run_command", command, movies=len(movie_ids)):
            parts = await indexers.parts_read(database)
            requests = work_of(command, movie_ids, surface.settings(), parts)
            async with database.transaction() as conn:
                for movie_id in movie_ids:
                    if await movies.get(conn, movie_id) is None:
                        raise NotFound(f"There is no movie {movie_id}.")
                    if command is CommandName.SEARCH_MOVIES:
                        await movies.ask_for(conn, movie_id)
                number = await commands.add(conn, command, caller_of(request).name, requests)
        return await known(number)

    @get("/{command:str}", operation_id="getCommand")
    async def get_command(command: FromPath[str]) -> Command:
        """Show one command by its number."""
        return await known(_number(command))

    @delete("/{command:str}", operation_id="cancelCommand", status_code=200)
    async def cancel_command(command: FromPath[str], request: AnyRequest) -> Command:
        """Cancel what of a command still waits. What runs ends by itself, and safely."""
        number = _number(command)
        with audit.change(request, "discard_work", f"command:{number}"):
            there = await known(number)
            if there.open:
                for work_id in await commands.work_of(database, number):
                    await surface.work.discard(work_id)
        return await known(number)

    async def known(number: int) -> Command:
        found = await commands.get(database, number)
        if found is None:
            raise NotFound(f"There is no command {number}.")
        return found

    handlers = [list_commands, run_command, get_command, cancel_command]
    return [Router("/api/commands", route_handlers=handlers, guards=[surface.access.requires_key])]


def work_of(
    command: CommandName, movie_ids: Sequence[int], settings: Settings, parts: Sequence[str]
) -> Sequence[WorkRequest]:
    """Return the work that a command becomes.

    Args:
        command: Its name.
        movie_ids: The movies that it is about.
        settings: Name the feeds.
        parts: The queues of the indexers whose newest releases are read.

    Raises:
        InvalidField: It must be said which movies it is about, or it is about none.
    """
    if command in _OF_MOVIES and not movie_ids:
        complaint = f"{command} needs them: say which movies."
        raise InvalidField("movie_ids", complaint, reason="movies_missing")
    if command in _OF_NONE and movie_ids:
        raise InvalidField("movie_ids", f"{command} is about no movies of yours: leave it out.")
    match command:
        case CommandName.SEARCH_MOVIES:
            found = (searches_of(each, priority=Priority.PERSON_WAITS) for each in movie_ids)
            return list(chain.from_iterable(found))
        case CommandName.REFRESH_MOVIES if movie_ids:
            return _of_movies(Queue.TMDB, WorkKind.REFRESH_MOVIE, movie_ids)
        case CommandName.REFRESH_MOVIES:
            return [WorkRequest(Queue.TMDB, WorkKind.REFRESH_STALE, {}, "stale")]
        case CommandName.MOVE_FILES:
            return _of_movies(Queue.IMPORTER, WorkKind.MOVE_FILES, movie_ids)
        case CommandName.RENAME_FILES:
            return _of_movies(Queue.IMPORTER, WorkKind.RENAME_FILES, movie_ids)
        case CommandName.SEARCH_MISSING:
            return [WorkRequest(Queue.DECISION, WorkKind.SEARCH_MISSING, {}, "missing")]
        case CommandName.BACKUP:
            return [WorkRequest(Queue.BACKUP, WorkKind.MAKE_BACKUP, {}, "backup")]
        case CommandName.READ_FEEDS:
            feeds = [each.name for each in settings.feeds]
            return readings_of(feeds, parts, hdbits=settings.hdbits is not None)
        case _:
            assert_never(command)


_OF_MOVIES: Final = frozenset(
    {CommandName.SEARCH_MOVIES, CommandName.MOVE_FILES, CommandName.RENAME_FILES}
)

_OF_NONE: Final = frozenset(
    {CommandName.BACKUP, CommandName.READ_FEEDS, CommandName.SEARCH_MISSING}
)


def _of_movies(queue: Queue, kind: WorkKind, movie_ids: Sequence[int]) -> list[WorkRequest]:
    return [
        WorkRequest(queue, kind, {"movie_id": each}, f"movie:{each}", Priority.PERSON_WAITS)
        for each in dict.fromkeys(movie_ids)
    ]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound(f"There is no command {text!r}; commands have numbers.")
    return int(text)
