"""`rootfolder`: where movies may lie."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from litestar import Response, delete, get, post
from litestar.params import FromPath

from reeld.domain.errors import InvalidField
from reeld.http.disks import looked, room_of
from reeld.http.radarr_v3._answers import answered, created
from reeld.http.radarr_v3._asked import AnyRequest, read_body
from reeld.http.radarr_v3._disks import MOST_ENTRIES
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._values import Json, present
from reeld.http.roots import usable_root
from reeld.storage.repositories import roots
from reeld.storage.repositories.roots import RootFolder

_LONGEST_PATH: Final = 4096


def root_folder_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of root folders."""
    surface, audit = frame.surface, frame.surface.audit

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

    @post("/rootfolder")
    async def add_root_folder(request: AnyRequest) -> Response[bytes]:
        path = (await read_body(request)).text("path")
        if not path.startswith("/") or len(path) > _LONGEST_PATH or not path.isprintable():
            raise invalid("Path", "Invalid Path: it must be absolute.", path[:100])
        with audit.change(request, "change_root_folders", path):
            try:
                plain = await usable_root(surface, path)
            except InvalidField as error:
                raise invalid("Path", error.complaint, path) from error
            async with frame.database.transaction() as conn:
                folder, is_new = await roots.add(conn, plain, default())
        if not is_new:
            raise invalid("Path", "Path is already configured as a root folder", path)
        return created(await _root_folder(folder, await _folders_of_movies(frame)))

    @delete("/rootfolder/{folder_id:int}", status_code=200)
    async def forget_root_folder(folder_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "change_root_folders", str(folder_id)):
            async with frame.database.transaction() as conn:
                if not await roots.remove(conn, folder_id):
                    raise Missing
        return answered({})

    async def every() -> list[RootFolder]:
        return await roots.every(frame.database, default())

    def default() -> str:
        return str(surface.settings().library.root_folder)

    return [root_folders, one_root_folder, add_root_folder, forget_root_folder]


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
    return names[:MOST_ENTRIES]
