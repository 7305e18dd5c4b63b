"""`diskspace` and `filesystem`: what disks hold, looked at in threads, since a disk may hang."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from litestar import Response, get

from reeld.domain.scope import Scope
from reeld.http.access import caller_of
from reeld.http.disks import looked, room_of
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import roots
from reeld.storage.repositories.roots import RootFolder

MOST_ENTRIES: Final = 2000


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

    async def every() -> list[RootFolder]:
        return await roots.every(frame.database, str(surface.settings().library.root_folder))

    @get("/filesystem")
    async def filesystem(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        path = query.text("path") or "/"
        if not path.startswith("/") or "\0" in path:
            raise invalid("path", "Path must be an absolute path.")
        with_files = query.flag("includeFiles")
        shown: Sequence[Path] | None = None
        if not caller_of(request).scope.allows(Scope.OPERATE):
            shown = [Path(each.path) for each in await every()]
        found = await looked(lambda: _listed(Path(path), with_files, shown))
        return answered(found or {"parent": "", "directories": [], "files": []})

    @get("/filesystem/type")
    async def kind_of(request: AnyRequest) -> Response[bytes]:
        path = _normal(Query.of(request).text("path") or "/")
        seen = await may_see(request, path)
        is_file = seen and await looked(path.is_file)
        # Radarr says "folder" of what is not there, too.
        return answered({"type": "file" if is_file else "folder"})

    async def may_see(request: AnyRequest, path: Path) -> bool:
        if caller_of(request).scope.allows(Scope.OPERATE):
            return True
        return _may_see(path, [Path(each.path) for each in await every()])

    return [diskspace, filesystem, kind_of]


def _listed(folder: Path, with_files: bool, shown: Sequence[Path] | None) -> Json:
    """List a folder. Blocks.

    Args:
        folder: Which.
        with_files: Whether files are listed too.
        shown: The folders that the asker may see, with what leads to them; None for all.
    """
    folder = Path(os.path.normpath(folder))
    directories: list[Json] = []
    files: list[Json] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name)[:MOST_ENTRIES]:
            path = str(folder / entry.name)
            if shown is not None and not _may_see(Path(path), shown):
                continue
            if entry.is_dir():
                directories.append({"type": "folder", "name": entry.name, "path": f"{path}/"})
            elif with_files:
                files.append({"type": "file", "name": entry.name, "path": path})
    parent = str(folder.parent) if folder.parent != folder else ""
    return {"parent": parent, "directories": directories, "files": files}


def _normal(path: str) -> Path:
    return Path(os.path.normpath(path))


def _may_see(path: Path, shown: Sequence[Path]) -> bool:
    return any(path.is_relative_to(each) or each.is_relative_to(path) for each in shown)
