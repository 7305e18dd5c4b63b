"""From where qBittorrent saves to the library: is it seen here, and can it be linked?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import trio

from reeld.actors.importer._failures import AccessDenied, LinkRefusal
from reeld.actors.importer._orders import local_folder
from reeld.actors.importer.linkprobe import can_link
from reeld.cli.doctor._findings import Finding, failed, passed, warned
from reeld.domain.errors import ReeldError
from reeld.domain.settings import ImportMode, LibrarySettings, PathMapping

ENTRIES: Final = 500
"""So many entries of the downloads are looked at for a file of somebody else."""
_PROTECTED: Final = Path("/proc/sys/fs/protected_hardlinks")


async def check_downloads(
    remote: str, mappings: tuple[PathMapping, ...], library: LibrarySettings
) -> list[Finding]:
    """Look at the folder that qBittorrent saves to, and link a small file from there into the library.

    Args:
        remote: The folder, as qBittorrent names it.
        mappings: Where this machine sees qBittorrent's folders.
        library: The library.
    """
    return await trio.to_thread.run_sync(
        _judge, remote, local_folder(remote, mappings), library, abandon_on_cancel=True
    )


def _judge(remote: str, folder: Path, library: LibrarySettings) -> list[Finding]:
    if not folder.is_dir():
        return [_not_seen(remote, folder)]
    root = library.root_folder
    observed = {"save_path": remote, "here": str(folder)}
    if root.is_dir() and root.resolve().is_relative_to(folder.resolve()):
        sentence = (
            f"The library {root} lies inside qBittorrent's folder {folder}, where removing downloads may remove it:"
            " keep them beside each other."
        )
        return [failed("downloads", sentence, **observed), *_judge_links(folder, library)]
    if not os.access(folder, os.R_OK | os.X_OK):
        sentence = f"This user may not look into {folder}: give reeld's user access to it."
        return [failed("downloads", sentence, **observed)]
    seen = passed("downloads", f"qBittorrent's downloads are seen here as {folder}.", **observed)
    return [seen, *_judge_links(folder, library)]


def _not_seen(remote: str, folder: Path) -> Finding:
    sentence = (
        f"qBittorrent saves to {remote}, but there is no {folder} on this machine. If it is seen here under another"
        " name, set qbittorrent.path_mappings (remote, local); in Docker, give both containers the same volume."
    )
    return failed("downloads", sentence, save_path=remote, here=str(folder))


def _judge_links(folder: Path, library: LibrarySettings) -> list[Finding]:
    name, root = "hard_links", library.root_folder
    if not root.is_dir():
        return []
    try:
        probe = can_link(folder, root)
    except AccessDenied as error:
        sentence = f"Whether downloads can be linked cannot be tried, since this user may not write there: {error.sentence}"
        return [warned(name, sentence, reason=error.reason)]
    except ReeldError as error:
        return [failed(name, error.sentence, reason=error.reason)]
    if probe.can_link:
        return [_judge_owners(folder)]
    observed = {"reason": str(probe.refusal), "reflink": probe.can_reflink}
    if library.import_mode is ImportMode.STRICT and not probe.can_reflink:
        sentence = f"library.import_mode is strict, and nothing can be linked. {probe.sentence}"
        return [failed(name, sentence, **observed)]
    return [warned(name, probe.sentence, **observed)]


def _judge_owners(folder: Path) -> Finding:
    """Our own file could be linked; with `protected_hardlinks`, one of somebody else's may not be."""
    foreign = next(_foreign_files(folder), None) if _links_are_protected() else None
    if foreign is None:
        return passed(
            "hard_links", "Downloads can be linked into the library: imports take no space."
        )
    sentence = f"{foreign} belongs to somebody else. {LinkRefusal.PROTECTED_HARDLINKS.remedy}"
    return warned("hard_links", sentence, reason=str(LinkRefusal.PROTECTED_HARDLINKS))


def _links_are_protected() -> bool:
    try:
        return os.geteuid() != 0 and _PROTECTED.read_text().strip() != "0"
    except OSError:
        return False


def _foreign_files(folder: Path) -> Iterator[Path]:
    """Yield downloaded files that this user neither owns nor may write."""
    for parent, _, names in islice(os.walk(folder), ENTRIES):
        for name in names[:ENTRIES]:
            path = Path(parent, name)
            try:
                owner = path.lstat().st_uid
            except OSError:
                continue
            if owner != os.geteuid() and not os.access(path, os.R_OK | os.W_OK):
                yield path
