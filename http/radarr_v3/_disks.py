"""`diskspace`, `rootfolder` and `filesystem`: what disks hold, looked at in threads, since a disk may hang."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from litestar import Response, get
from litestar.params import FromPath

from reeld.http.disks import looked, room_of
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json, present
from reeld.storage.repositories import roots
from reeld.storage.repositories.roots import RootFolder

_MOST_ENTRIES: Final = 2000


def disk_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes about disks and folders."""
    surface = frame.surface

    @get("/diskspace")
    async def diskspace() -> Response[bytes]:
        folders = [Path(each.path) for each in await every()]
        rooms = [(each, await room_of(each)) for each in (*folders, surface.settings().data_dir)]
        return answered(
            [
                {"path": str(folder), "label": "", "freeSpace": room.free, "totalSpace": room.total}
                for folder, room in rooms
                if room is not None
            ]
        )

    @get("/rootfolder")
    async def root_folders() -> Response[bytes]:
        taken = await _folders_of_movies(frame)
        return answered([await _root_folder(each, taken) for each in await every()])

    @get("/rootfolder/{folder_id:int}")
    async def one_root_folder(folder_id: FromPath[int]) -> Response[bytes]:
        found = [each for each in await every() if each.id == folder_id]
        if not found:
            raise Missing
        return answered(await _root_folder(found[0], await _folders_of_movies(frame)))

    async def every() -> list[RootFolder]:
        return await roots.every(frame.database, str(surface.settings().library.root_folder))

    @get("/filesystem")
    async def filesystem(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        path = query.text("path") or "/"
        if not path.startswith("/") or "\0" in path:
            raise invalid("path", "Path must be an absolute path.")
        with_files = query.flag("includeFiles")
        found = await looked(lambda: _listed(Path(path), with_files))
        return answered(found or {"parent": "", "directories": [], "files": []})

    return [diskspace, root_folders, one_root_folder, filesystem]


async def _folders_of_movies(frame: Frame) -> frozenset[tuple[str, str]]:
    rows = await frame.database.fetch_all(
        "SELECT DISTINCT root_folder, split_part(relative_path, '/', 1) FROM library_file"
    )
    return frozenset((row[0], row[1]) for row in rows)


async def _root_folder(root: RootFolder, taken: frozenset[tuple[str, str]]) -> Json:
    folder = Path(root.path)
    room = await room_of(folder)
    names = await looked(lambda: _subfolders(folder)) or []
    return present(
        id=root.id,
        path=root.path,
        accessible=room is not None,
        freeSpace=None if room is None else room.free,
        unmappedFolders=[
            {"name": name, "path": str(folder / name), "relativePath": name}
            for name in names
            if (root.path, name) not in taken
        ],
    )


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
