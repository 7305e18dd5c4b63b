"""`diskspace`, `rootfolder` and `filesystem`: what disks hold, looked at in threads, since a disk may hang."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import trio
from litestar import Response, get
from litestar.params import FromPath

from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json, present

DISK_SECONDS: Final = 5.0
"""As long as Radarr waits for a root folder's details; a disk that hangs counts as not there."""
_DISKS: Final = trio.CapacityLimiter(4)
_MOST_ENTRIES: Final = 2000

FoundT = TypeVar("FoundT")


class Usage(NamedTuple):
    """Bytes of a disk."""

    total: int
    used: int
    free: int


def disk_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes about disks and folders."""
    surface = frame.surface

    @get("/diskspace")
    async def diskspace() -> Response[bytes]:
        settings = surface.settings()
        folders = dict.fromkeys((settings.library.root_folder, settings.data_dir))
        rooms = [(folder, await _usage(folder)) for folder in folders]
        return answered(
            [
                {"path": str(folder), "label": "", "freeSpace": room.free, "totalSpace": room.total}
                for folder, room in rooms
                if room is not None
            ]
        )

    @get("/rootfolder")
    async def root_folders() -> Response[bytes]:
        return answered([await root_folder(1)])

    @get("/rootfolder/{folder_id:int}")
    async def one_root_folder(folder_id: FromPath[int]) -> Response[bytes]:
        return answered(await root_folder(folder_id))

    async def root_folder(number: int) -> Json:
        if number != 1:
            raise Missing
        folder = surface.settings().library.root_folder
        room = await _usage(folder)
        names = await _in_time(lambda: _subfolders(folder)) or []
        taken = await _folders_of_movies(frame)
        return present(
            id=1,
            path=str(folder),
            accessible=room is not None,
            freeSpace=None if room is None else room.free,
            unmappedFolders=[
                {"name": name, "path": str(folder / name), "relativePath": name}
                for name in names
                if name not in taken
            ],
        )

    @get("/filesystem")
    async def filesystem(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        path = query.text("path") or "/"
        if not path.startswith("/") or "\0" in path:
            raise invalid("path", "Path must be an absolute path.")
        with_files = query.flag("includeFiles")
        found = await _in_time(lambda: _listed(Path(path), with_files))
        return answered(found or {"parent": "", "directories": [], "files": []})

    return [diskspace, root_folders, one_root_folder, filesystem]


async def _folders_of_movies(frame: Frame) -> frozenset[str]:
    rows = await frame.database.fetch_all(
        "SELECT DISTINCT split_part(relative_path, '/', 1) FROM library_file"
    )
    return frozenset(row[0] for row in rows)


async def _usage(folder: Path) -> Usage | None:
    return await _in_time(lambda: Usage(*shutil.disk_usage(folder)))


async def _in_time(look: Callable[[], FoundT]) -> FoundT | None:
    """Look at a disk in a thread of its own; None when it cannot be looked at, or not in time."""
    with trio.move_on_after(DISK_SECONDS):
        try:
            return await trio.to_thread.run_sync(look, abandon_on_cancel=True, limiter=_DISKS)
        except OSError:
            return None
    return None


def _subfolders(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        names = sorted(
            entry.name
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
        )
    return names[:_MOST_ENTRIES]


def _listed(folder: Path, with_files: bool) -> Json:
    directories: list[Json] = []
    files: list[Json] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name)[:_MOST_ENTRIES]:
            path = str(folder / entry.name)
            if entry.is_dir():
                directories.append({"type": "folder", "name": entry.name, "path": f"{path}/"})
            elif with_files:
                files.append({"type": "file", "name": entry.name, "path": path})
    parent = str(folder.parent) if folder.parent != folder else ""
    return {"parent": parent, "directories": directories, "files": files}
