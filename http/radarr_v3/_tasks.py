"""`system/task`, `system/backup` and `log`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import trio
from litestar import Response, get
from litestar.params import FromPath

from reeld.http.radarr_v3._answers import Paging, answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._errors import Missing
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json, moment
from reeld.storage.backup import Backup, BackupFolder
from reeld.storage.errors import BackupFailed, BackupUnusable
from reeld.storage.repositories import audit
from reeld.storage.repositories.audit import AuditEntry
from reeld.storage.schedule import Schedule, ScheduledTask

_BACKUP: Final = "backup"
_CALLED: Final = {
    "hdbits-recent": "RssSync",
    "search-missing": "MissingMoviesSearch",
    "refresh-movies": "RefreshMovie",
    _BACKUP: "Backup",
}
_FOLDER: Final = trio.CapacityLimiter(1)
_MOST: Final = 1000
_LEVELS: Final = ("trace", "debug", "info", "warn", "error", "fatal")
_ORDERS: Final[Mapping[str, Callable[[Json], Any]]] = {
    "time": lambda line: line["id"],
    "id": lambda line: line["id"],
    "level": lambda line: (_LEVELS.index(line["level"]), line["id"]),
    "logger": lambda line: line["logger"],
    "message": lambda line: line["message"].lower(),
}
"""By the sort keys in lower case; lines are written in the order of their numbers."""


def task_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of what comes round again and what was kept."""

    @get("/system/task")
    async def list_tasks() -> Response[bytes]:
        return answered(await tasks())

    @get("/system/task/{task_id:int}")
    async def get_task(task_id: FromPath[int]) -> Response[bytes]:
        for each in await tasks():
            if each["id"] == task_id:
                return answered(each)
        raise Missing

    async def tasks() -> list[Json]:
        found = sorted(await Schedule(frame.database).list(), key=lambda each: each.task)
        backup = await backed_up_at()
        return [
            _task(number, each, backup if each.task == _BACKUP else None)
            for number, each in enumerate(found, 1)
        ]

    async def backed_up_at() -> datetime | None:
        folder = BackupFolder(frame.surface.settings().backups)
        return await trio.to_thread.run_sync(_newest, folder, limiter=_FOLDER)

    @get("/system/backup")
    async def list_backups() -> Response[bytes]:
        folder = BackupFolder(frame.surface.settings().backups)
        found = await trio.to_thread.run_sync(folder.backups, limiter=_FOLDER)
        return answered([_backup(number, each) for number, each in enumerate(found, 1)])

    @get("/log")
    async def page(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        paging = Paging.of(query, sort_key="time", descending=True, known=_ORDERS)
        levels = _levels(query.text("level").strip().lower())
        lines = [_line(each) for each in await audit.page(frame.database, limit=_MOST)]
        some = [each for each in lines if each["level"] in levels]
        some.sort(key=_ORDERS[paging.sort_key.lower()], reverse=paging.descending)
        return answered(paging.cut(some))

    return [list_tasks, get_task, list_backups, page]


def _levels(least: str) -> Sequence[str]:
    """Return a level and those that are worse, as Radarr shows; all for a word that is no level."""
    return _LEVELS[_LEVELS.index(least) :] if least in _LEVELS else _LEVELS


def _newest(folder: BackupFolder) -> datetime | None:
    """Return when the newest backup was taken, by the schedule or by a person. Blocks."""
    try:
        found = folder.backups()
    except (BackupFailed, BackupUnusable):
        # The tasks are told all the same; `system/backup` and the health checks say what is wrong.
        return None
    return max((each.manifest.taken_at for each in found if each.manifest), default=None)


def _task(number: int, task: ScheduledTask, by_person: datetime | None) -> Json:
    """Write a task; it was last done in its turn, or when a person had it done, whichever is later."""
    times = [each for each in (task.last_run, by_person) if each is not None]
    last = moment(max(times, default=datetime.min.replace(tzinfo=UTC)))
    name = _CALLED.get(task.task, task.task)
    return {
        "id": number,
        "name": name,
        "taskName": name,
        "interval": max(round(task.every_seconds / 60), 1),
        "lastExecution": last,
        "lastStartTime": last,
        "nextExecution": moment(task.next_run),
        "lastDuration": "00:00:00",
    }


def _backup(number: int, backup: Backup) -> Json:
    manifest = backup.manifest
    return {
        "id": number,
        "name": backup.name,
        "path": f"/backup/scheduled/{backup.name}",
        "type": "scheduled",
        "size": 0 if manifest is None else manifest.dump.bytes,
        "time": moment(datetime.min.replace(tzinfo=UTC) if manifest is None else manifest.taken_at),
    }


def _line(entry: AuditEntry) -> Json:
    """Write a change that somebody made; what the daemon itself logs goes to the journal."""
    return {
        "id": entry.id,
        "time": moment(entry.at),
        "level": "info" if entry.outcome == "ok" else "warn",
        "logger": entry.action,
        "message": f"{entry.who} ({entry.origin}): {entry.action} {entry.target}: {entry.outcome}",
    }
