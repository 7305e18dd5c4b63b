"""`/api/rootfolders`: where movies may lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import NotFound
from reeld.http.disks import room_of
from reeld.http.ops.audit import AnyRequest
from reeld.http.required import required
from reeld.http.roots import usable_root
from reeld.http.surface import Surface
from reeld.storage.repositories import roots
from reeld.storage.repositories.roots import RootFolder


class RootFolderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A folder that is there and that reeld may write to.

    Attributes:
        path: Absolute, without `..`.
    """

    path: Annotated[str, msgspec.Meta(min_length=2, max_length=4096, pattern=r"^/[^\x00-\x1f]*$")]


@dataclass(frozen=True, slots=True)
class RootFolderView:
    """A root folder and its disk.

    Attributes:
        is_default: Whether the settings name it.
        is_there: Whether it could be looked at within some seconds.
        free_bytes: None when it could not.
        total_bytes: As `free_bytes`.
    """

    id: int
    path: str
    is_default: bool
    is_there: bool
    free_bytes: int | None
    total_bytes: int | None

    @classmethod
    async def of(cls, folder: RootFolder) -> RootFolderView:
        """Look at a folder and show it."""
        room = await room_of(Path(folder.path))
        free, total = (None, None) if room is None else (room.free, room.total)
        return cls(folder.id, folder.path, folder.is_default, room is not None, free, total)


def root_folder_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of root folders."""
    database, audit = surface.database, surface.audit
    there = ResponseSpec(RootFolderView, description="It was there already.")

    @get("/api/rootfolders", operation_id="listRootFolders")
    async def list_root_folders() -> list[RootFolderView]:
        """List the root folders with the room on their disks; the first one is that of the settings."""
        return [await RootFolderView.of(each) for each in await roots.every(database, default())]

    @get("/api/rootfolders/{root_id:int}", operation_id="getRootFolder")
    async def get_root_folder(root_id: FromPath[int]) -> RootFolderView:
        """Show one root folder with the room on its disk."""
        found = required(await roots.get(database, root_id, default()), f"root folder {root_id}")
        return await RootFolderView.of(found)

    @post("/api/rootfolders", operation_id="addRootFolder", responses={200: there})
    async def add_root_folder(
        data: JSONBody[RootFolderBody], request: AnyRequest
    ) -> Response[RootFolderView]:
        """Let movies lie in another folder: 201, or 200 when they may already."""
        with audit.change(request, "change_root_folders", data.path):
            path = await usable_root(surface, data.path)
            async with database.transaction() as conn:
                folder, is_new = await roots.add(conn, path, default())
        return Response(await RootFolderView.of(folder), status_code=201 if is_new else 200)

    @delete("/api/rootfolders/{root_id:int}", operation_id="deleteRootFolder")
    async def delete_root_folder(root_id: FromPath[int], request: AnyRequest) -> None:
        """Forget a root folder in which no movie lies; nothing in it is touched."""
        with audit.change(request, "change_root_folders", str(root_id)):
            async with database.transaction() as conn:
                if not await roots.remove(conn, root_id):
                    raise NotFound(f"There is no root folder {root_id}.")

    def default() -> str:
        return str(surface.settings().library.root_folder)

    handlers = [list_root_folders, get_root_folder, add_root_folder, delete_root_folder]
    return [Router("/", route_handlers=handlers, guards=[surface.access.requires_key])]
