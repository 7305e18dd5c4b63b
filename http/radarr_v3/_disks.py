"""`diskspace` and `filesystem`: what disks hold, looked at in threads, since a disk may hang."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from litestar import Response, get

from reeld.http.disks import looked, room_of
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._sight import Sight, absolute, normal, root_folders
from reeld.http.radarr_v3._values import Json

MOST_ENTRIES: Final = 2000


def disk_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes about disks and folders."""
    surface = frame.surface

    @get("/diskspace")
    async def diskspace() -> Response[bytes]:
        folders = [Path(each.path) for each in await root_folders(frame)]
        rooms = [(each, await room_of(each)) for each in (*folders, surface.settings().data_dir)]
        return answered(
            [
                {"path": str(folder), "label": "", "freeSpace": room.free, "totalSpace": room.total}
                for folder, room in rooms
                if room is not None
            ]
        )

    @get("/filesystem")
    async def filesystem(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        path, with_files = absolute(query.text("path") or "/"), query.flag("includeFiles")
        sight = await Sight.of(frame, request)
        found = await looked(lambda: _listed(path, with_files, sight))
        return answered(found or {"parent": "", "directories": [], "files": []})

    @get("/filesystem/type")
    async def kind_of(request: AnyRequest) -> Response[bytes]:
        path = normal(Query.of(request).text("path") or "/")
        seen = (await Sight.of(frame, request)).reaches(path)
        is_file = seen and await looked(path.is_file)
        # Radarr says "folder" of what is not there, too.
        return answered({"type": "file" if is_file else "folder"})

    return [diskspace, filesystem, kind_of]


def _listed(folder: Path, with_files: bool, sight: Sight) -> Json:
    """List a folder. Blocks."""
    directories: list[Json] = []
    files: list[Json] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name)[:MOST_ENTRIES]:
            path = str(folder / entry.name)
            if not sight.reaches(Path(path)):
                continue
            if entry.is_dir():
                directories.append({"type": "folder", "name": entry.name, "path": f"{path}/"})
            elif with_files:
                files.append({"type": "file", "name": entry.name, "path": path})
    parent = str(folder.parent) if folder.parent != folder else ""
    return {"parent": parent, "directories": directories, "files": files}
