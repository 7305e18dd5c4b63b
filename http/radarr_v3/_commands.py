"""`command`: what clients ask to be done, as durable work that they can follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, delete, get, post
from litestar.params import FromPath

from reeld.domain.messages import PollDownloads
from reeld.domain.settings import Settings
from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest, readings_of, searches_of
from reeld.http.access import caller_of
from reeld.http.radarr_v3._answers import answered, created
from reeld.http.radarr_v3._asked import AnyRequest, Body, read_body
from reeld.http.radarr_v3._errors import Missing, UnknownCommand, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json, moment, present, span
from reeld.storage import TrioConnection
from reeld.storage.repositories import blocklist, commands, indexers, movies
from reeld.storage.repositories.commands import Command, CommandState

SHOWN: Final = 100
MOST_MOVIES: Final = 1000
MOST_FILES: Final = 100
_POLLS: Final = frozenset(
    {
        "refreshmonitoreddownloads",
        "processmonitoreddownloads",
        "checkforfinisheddownload",
        "downloadedmoviesscan",
    }
)
_BY_ITSELF: Final = frozenset(
    {
        "applicationcheckupdate",
        "applicationupdatecheck",
        "checkhealth",
        "cleanuprecyclebin",
        "housekeeping",
        "importlistsync",
        "messagingcleanup",
        "refreshcollections",
    }
)
"""What reeld does without being asked, or has no need of."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a command is made from, beside what its body says.

    Attributes:
        parts: The queues of the indexers whose newest releases are read.
    """

    settings: Settings
    parts: Sequence[str]


def command_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of commands."""
    database = frame.database

    @get("/command")
    async def list_commands() -> Response[bytes]:
        return answered([_written(each) for each in await commands.page(database, limit=SHOWN)])

    @get("/command/{command_id:int}")
    async def get_command(command_id: FromPath[int]) -> Response[bytes]:
        return answered(await shown(command_id))

    @post("/command")
    async def run(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        name = body.text("name")
        known = Known(frame.surface.settings(), await indexers.parts_read(database))
        message, requests = _work_of(name, body, known)
        agent = request.headers.get("user-agent", "")[:100]
        with frame.surface.audit.change(request, "run_command", name[:100]):
            async with database.transaction() as conn:
                await _prepare(conn, name.lower(), requests)
                number = await commands.add(
                    conn, name, caller_of(request).name, requests, message=message, agent=agent
                )
            if name.lower() in _POLLS:
                frame.surface.directory["qbit"].tell(PollDownloads())
        return created(await shown(number))

    @delete("/command/{command_id:int}", status_code=200)
    async def cancel(command_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with frame.surface.audit.change(request, "discard_work", f"command:{command_id}"):
            await shown(command_id)
            # What runs ends by itself, and safely.
            for work_id in await commands.work_of(database, command_id):
                await frame.surface.work.discard(work_id)
        return answered({})

    async def shown(number: int) -> Json:
        found = await commands.get(database, number)
        if found is None:
            raise Missing
        return _written(found)

    return [list_commands, get_command, run, cancel]


async def _prepare(conn: TrioConnection, name: str, requests: Sequence[WorkRequest]) -> None:
    """Do what goes with the work: a movie that a person searches for is taken although it is not monitored."""
    if name == "clearblocklist":
        await blocklist.clear(conn)
    searched = [each for each in requests if each.kind is WorkKind.SEARCH_MOVIE]
    numbers = [int(str(each.args["movie_id"])) for each in searched]
    known = {movie.id for movie in await movies.by_ids(conn, numbers)}
    for number in numbers:
        if number not in known:
            raise invalid("movieIds", f"There is no movie {number}.", number)
        await movies.ask_for(conn, number)


def _work_of(name: str, body: Body, known: Known) -> tuple[str, Sequence[WorkRequest]]:
    """Return what becomes of a command, in words and as work.

    Raises:
        UnknownCommand: Nobody knows it.
    """
    lowered = name.lower()
    if lowered in _POLLS:
        return "qBittorrent is asked how the downloads are getting on.", ()
    if lowered in _BY_ITSELF:
        return "reeld does this by itself.", ()
    if lowered == "clearblocklist":
        return "The blocklist is empty.", ()
    if lowered not in _WORK:
        raise UnknownCommand
    requests = _WORK[lowered](body, known)
    return f"{len(requests)} piece(s) of work asked for.", requests


def _numbers(body: Body) -> list[int]:
    numbers = [
        *body.integers("movieIds"),
        *([body.integer("movieId")] if "movieId" in body else []),
    ]
    if len(numbers) > MOST_MOVIES:
        raise invalid("movieIds", f"At most {MOST_MOVIES} movies at once.")
    return list(dict.fromkeys(numbers))


def _refresh(body: Body, _known: Known) -> Sequence[WorkRequest]:
    stale = WorkRequest(Queue.TMDB, WorkKind.REFRESH_STALE, {}, "stale")
    movies = [
        WorkRequest(
            Queue.TMDB,
            WorkKind.REFRESH_MOVIE,
            {"movie_id": each},
            f"movie:{each}",
            Priority.PERSON_WAITS,
        )
        for each in _numbers(body)
    ]
    return movies or [stale]


def _search(body: Body, _known: Known) -> Sequence[WorkRequest]:
    return [
        search
        for number in _numbers(body)
        for search in searches_of(number, priority=Priority.PERSON_WAITS)
    ]


def _search_missing(_body: Body, _known: Known) -> Sequence[WorkRequest]:
    return [WorkRequest(Queue.DECISION, WorkKind.SEARCH_MISSING, {}, "missing")]


def _read_feeds(_body: Body, known: Known) -> Sequence[WorkRequest]:
    feeds = [each.name for each in known.settings.feeds]
    return readings_of(feeds, known.parts, hdbits=known.settings.hdbits is not None)


def _rename(body: Body, _known: Known) -> Sequence[WorkRequest]:
    files = sorted(set(body.integers("files")))
    if len(files) > MOST_FILES:
        raise invalid("files", f"At most {MOST_FILES} files at once.")
    numbers = _numbers(body)
    if files and len(numbers) != 1:
        raise invalid("movieId", "'movieId' must say whose files they are.")
    named = f":{','.join(map(str, files))}" if files else ""
    return [
        WorkRequest(
            Queue.IMPORTER,
            WorkKind.RENAME_FILES,
            {"movie_id": each, "files": files},
            f"movie:{each}{named}",
            Priority.PERSON_WAITS,
        )
        for each in numbers
    ]


def _back_up(_body: Body, _known: Known) -> Sequence[WorkRequest]:
    return [WorkRequest(Queue.BACKUP, WorkKind.MAKE_BACKUP, {}, "backup")]


_WORK: Final[Mapping[str, Callable[[Body, Known], Sequence[WorkRequest]]]] = {
    "refreshmovie": _refresh,
    "rescanmovie": _refresh,
    "moviessearch": _search,
    "moviesearch": _search,
    "missingmoviessearch": _search_missing,
    "missingmoviesearch": _search_missing,
    "cutoffunmetmoviessearch": _search_missing,
    "rsssync": _read_feeds,
    "backup": _back_up,
    "renamefiles": _rename,
    "renamemovie": _rename,
}


_STATUS: Final = {
    CommandState.WAITING: "queued",
    CommandState.RUNNING: "started",
    CommandState.DONE: "completed",
    CommandState.FAILED: "failed",
    CommandState.CANCELLED: "cancelled",
}
_RADARRS: Final = {
    "search-movies": "MoviesSearch",
    "search-missing": "MissingMoviesSearch",
    "refresh-movies": "RefreshMovie",
    "read-feeds": "RssSync",
    "move-files": "MoveMovie",
    "rename-files": "RenameMovie",
    "backup": "Backup",
}
"""What Radarr calls that which people ask reeld for."""


def _written(command: Command) -> Json:
    status, name = _STATUS[command.state], _RADARRS.get(command.name, command.name)
    is_open = status in {"queued", "started"}
    started = command.started_at or (None if is_open else command.asked_at)
    ended = None if is_open else command.finished_at or started
    message = command.message or "Asked for in reeld."
    result = {"completed": "successful", "failed": "unsuccessful"}.get(status, "unknown")
    return present(
        id=command.id,
        name=name,
        commandName=_in_words(name),
        message=message if is_open else command.sentence or message,
        body={
            "sendUpdatesToClient": True,
            "updateScheduledTask": False,
            "completionMessage": "Completed",
            "requiresDiskAccess": False,
            "isExclusive": False,
            "isTypeExclusive": False,
            "isLongRunning": False,
            "name": name,
            "trigger": "manual",
            "suppressMessages": False,
            "clientUserAgent": command.agent,
        },
        priority="normal",
        status=status,
        result=result,
        queued=moment(command.asked_at),
        started=moment(started),
        ended=moment(ended),
        duration=span((ended - started).total_seconds()) if ended and started else None,
        exception=command.sentence if status == "failed" else None,
        trigger="manual",
        clientUserAgent=command.agent,
        stateChangeTime=moment(ended or started or command.asked_at),
        sendUpdatesToClient=True,
        updateScheduledTask=False,
    )


def _in_words(name: str) -> str:
    return "".join(f" {char}" if char.isupper() else char for char in name).strip()
