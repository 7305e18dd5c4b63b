"""The folders on this machine: who may write, how much room there is, what can be linked."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Final

import trio

from reeld.actors.importer._failures import AccessDenied
from reeld.actors.importer._orders import group_number
from reeld.actors.importer._roots import write_probe
from reeld.actors.importer.linkprobe import can_link
from reeld.cli.doctor._findings import Finding, failed, passed, warned
from reeld.cli.doctor._patient import Patient
from reeld.cli.output import bytes_of
from reeld.domain.errors import ReeldError
from reeld.domain.settings import LibrarySettings

SCARCE_BYTES: Final = 1_000_000_000
"""A data directory with less room is near its end: database, backups and pictures take some hundred MB."""
TIGHT_BYTES: Final = 20_000_000_000
"""A library with less room holds not one more large movie that has to be copied."""


async def check_data_directory(patient: Patient) -> list[Finding]:
    """Look at the data directory."""
    folder = patient.settings.data_dir
    return await trio.to_thread.run_sync(_judge_data_directory, folder, abandon_on_cancel=True)


def _judge_data_directory(folder: Path) -> list[Finding]:
    name = "data_directory"
    if not os.path.lexists(folder):
        return [_to_be_made(folder)]
    if not folder.is_dir():
        sentence = f"{folder} is no folder: move it away, or set REELD_DATA_DIR to another."
        return [failed(name, sentence, path=str(folder))]
    found = folder.stat()
    mode, free = stat.S_IMODE(found.st_mode), shutil.disk_usage(folder).free
    observed = {
        "path": str(folder),
        "owner": found.st_uid,
        "mode": f"{mode:04o}",
        "free_bytes": free,
    }
    if not os.access(folder, os.W_OK | os.X_OK):
        sentence = (
            f"This user may not write in {folder}: run reeld as its owner, or set REELD_DATA_DIR."
        )
        return [failed(name, sentence, **observed)]
    if free < SCARCE_BYTES:
        sentence = f"{folder} has {bytes_of(free)} left: free some space, or set REELD_DATA_DIR to another disk."
        return [warned(name, sentence, **observed)]
    if found.st_uid != os.geteuid():
        sentence = (
            f"{folder} belongs to user {found.st_uid}: run reeld and this check as that user."
        )
        return [warned(name, sentence, **observed)]
    if mode & 0o077:
        sentence = f"Others on this machine may look into {folder}: chmod 700 {folder}"
        return [warned(name, sentence, **observed)]
    return [passed(name, f"{folder} is private and has {bytes_of(free)} left.", **observed)]


def _to_be_made(folder: Path) -> Finding:
    parent = existing(folder)
    if os.access(parent, os.W_OK | os.X_OK):
        return passed(
            "data_directory", f"{folder} will be made at the first start.", path=str(folder)
        )
    sentence = (
        f"{folder} does not exist, and this user may not make it in {parent}: make it for reeld's user, or set"
        " REELD_DATA_DIR."
    )
    return failed("data_directory", sentence, path=str(folder))


def existing(folder: Path) -> Path:
    """Return a folder or the nearest one above it that exists."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())


async def check_library(patient: Patient) -> list[Finding]:
    """Write a small file into the library, and look how much room there is."""
    settings = patient.settings
    is_ours = settings.library.root_folder == settings.data_dir / "library"
    return await trio.to_thread.run_sync(
        _judge_library, settings.library, is_ours, abandon_on_cancel=True
    )


def _judge_library(library: LibrarySettings, is_ours: bool) -> list[Finding]:
    root = library.root_folder
    observed: dict[str, object] = {"path": str(root)}
    if not root.exists():
        if is_ours:
            return [passed("library", f"{root} will be made at the first start.", **observed)]
        sentence = (
            f"{root} does not exist: make it, mount its disk, or set REELD_LIBRARY_ROOT_FOLDER."
        )
        return [failed("library", sentence, **observed)]
    try:
        write_probe(root)
        if library.group is not None:
            _give_probe(root, library.group)
    except ReeldError as error:
        return [failed("library", error.sentence, reason=error.reason, **observed)]
    free = shutil.disk_usage(root).free
    observed["free_bytes"] = free
    if free < library.free_bytes:
        sentence = f"{root} has {bytes_of(free)} left, less than library.free_bytes: only links can be made. Free some space."
        return [failed("library", sentence, **observed)]
    if free < TIGHT_BYTES:
        return [
            warned("library", f"{root} has {bytes_of(free)} left: free some space.", **observed)
        ]
    return [passed("library", f"{root} is writable and has {bytes_of(free)} left.", **observed)]


def _give_probe(root: Path, group: str) -> None:
    """Give a nameless file in the library to the group that imports are given to."""
    number = group_number(group)
    with tempfile.TemporaryFile(dir=root) as probe:
        try:
            os.fchown(probe.fileno(), -1, number)
        except OSError as error:
            raise AccessDenied(
                f"reeld may not give files in {root} to the group {group} ({error.strerror}): add reeld's user to it"
                f" (usermod -aG {group} reeld), or correct library.group."
            ) from error


async def check_recycle_folder(patient: Patient) -> list[Finding]:
    """See whether replaced files can be kept without copying them."""
    library = patient.settings.library
    return await trio.to_thread.run_sync(_judge_recycle, library, abandon_on_cancel=True)


def _judge_recycle(library: LibrarySettings) -> list[Finding]:
    name, root, recycle = "recycle_folder", library.root_folder, library.recycle
    observed = {"path": str(recycle)}
    if not root.is_dir():
        return []
    if recycle.is_relative_to(root) and not recycle.exists():
        return [passed(name, "Replaced files stay in the library's file system.", **observed)]
    if not recycle.parent.is_dir():
        sentence = f"{recycle.parent} does not exist: make it, or leave library.recycle_folder out."
        return [failed(name, sentence, **observed)]
    try:
        probe = can_link(root, recycle if recycle.is_dir() else recycle.parent)
    except ReeldError as error:
        return [failed(name, error.sentence, reason=error.reason, **observed)]
    if probe.can_link:
        return [passed(name, "Replaced files stay in the library's file system.", **observed)]
    sentence = (
        f"{recycle} lies on another file system than the library, so that every replaced file is copied: leave"
        " library.recycle_folder out, or choose one beside the library."
    )
    return [warned(name, sentence, **observed)]
