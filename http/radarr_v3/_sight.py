"""Which folders of the machine a caller is shown."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reeld.domain.scope import Scope
from reeld.http.access import caller_of
from reeld.http.radarr_v3._asked import AnyRequest
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.storage.repositories import roots
from reeld.storage.repositories.roots import RootFolder


@dataclass(frozen=True, slots=True)
class Sight:
    """What a caller may see.

    Attributes:
        folders: Those that are seen, with what leads to them; None for all that there are.
    """

    folders: tuple[Path, ...] | None

    @classmethod
    async def of(cls, frame: Frame, request: AnyRequest) -> Sight:
        """Return the sight of a caller: whoever may only read sees the library and the way there."""
        if caller_of(request).scope.allows(Scope.OPERATE):
            return cls(None)
        return cls(tuple(Path(each.path) for each in await root_folders(frame)))

    def reaches(self, path: Path) -> bool:
        """Whether a path is seen."""
        return self.folders is None or any(
            path.is_relative_to(each) or each.is_relative_to(path) for each in self.folders
        )


async def root_folders(frame: Frame) -> list[RootFolder]:
    """Return the root folders, the default one first."""
    default = str(frame.surface.settings().library.root_folder)
    return await roots.every(frame.database, default)


def absolute(path: str) -> Path:
    """Return a path without `..` that a client sent.

    Raises:
        Invalid: It does not begin at the root.
    """
    if not path.startswith("/") or "\0" in path:
        raise invalid("path", "Path must be an absolute path.")
    return normal(path)


def normal(path: str) -> Path:
    """Return a path without `..`."""
    return Path(os.path.normpath(path))
