"""Which folders may become root folders, by whichever API somebody asks for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from reeld.domain.errors import InvalidField
from reeld.domain.settings import Settings
from reeld.http.disks import fault_of, looked
from reeld.http.surface import Surface
from reeld.storage.repositories import roots

_OF_THE_SYSTEM: Final = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sbin", "/sys", "/usr",
)  # fmt: skip
"""Trees of the Filesystem Hierarchy Standard that hold the system itself: nothing is filed there. Radarr's
`SystemFolderValidator` refuses most of them too."""
_TOO_WIDE: Final = frozenset({"/", "/home", "/root", "/run", "/var"})
"""Folders with everything of a machine or of all its people in them; what lies below is somebody's choice."""


async def usable_root(surface: Surface, path: str) -> str:
    """Return a path as it is stored, once its folder was seen to do.

    Raises:
        InvalidField: It cannot be a root folder; the sentence says why.
    """
    plain = path.rstrip("/")
    settings = surface.settings()
    own = _own_places(settings)
    complaint = _complaint(plain, own)
    if complaint is None:
        listed = await roots.every(surface.database, str(settings.library.root_folder))
        complaint = _overlap(plain, [each.path for each in listed if each.path != plain])
    if complaint is None:
        complaint = await looked(lambda: _fault(Path(plain), own))
        complaint = "does not answer: check its disk." if complaint is None else complaint
    if complaint:
        raise InvalidField("path", f"{path!r} {complaint}", reason="unusable")
    return plain


def _own_places(settings: Settings) -> tuple[Path, ...]:
    """Return what holds reeld's own data. The folder of a key file that somebody named may hold other things too."""
    places = (settings.data_dir, settings.backups, settings.key_file)
    return places if settings.vault.key_file else (*places, settings.key_file.parent)


def _fault(folder: Path, own: Sequence[Path]) -> str:
    """Return what speaks against a folder that is there, or where its links lead; empty when nothing does. Blocks."""
    real, places = folder.resolve(), [each.resolve() for each in own]
    return fault_of(folder) or _own_fault(real, places) or _system_fault(str(real)) or ""


def _complaint(path: str, own: Sequence[Path]) -> str | None:
    if path and os.path.normpath(path) != path:
        return "must be a plain absolute path, without `.`, `..` or empty parts."
    try:
        path.encode()
    except UnicodeEncodeError:
        return "cannot be the name of a folder."
    return _own_fault(Path(path), own) or _system_fault(path)


def _own_fault(path: Path, own: Sequence[Path]) -> str | None:
    if any(path.is_relative_to(each) or each.is_relative_to(path) for each in own):
        return "holds reeld's own data, or lies among it: choose another folder."
    return None


def _system_fault(path: str) -> str | None:
    if (path or "/") in _TOO_WIDE:
        return "holds much beside movies: make a folder for them below it."
    if any(path == each or path.startswith(f"{each}/") for each in _OF_THE_SYSTEM):
        return "belongs to the system: choose a folder of your own."
    return None


def _overlap(path: str, others: Sequence[str]) -> str | None:
    for other in others:
        if Path(path).is_relative_to(other) or Path(other).is_relative_to(path):
            return f"lies within the root folder {other}, or holds it."
    return None
