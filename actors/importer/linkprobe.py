"""Finding out by trying whether downloads can be linked into the library.

Comparing device numbers would lie: two bind mounts of one file system share theirs and still refuse
the link, and Btrfs subvolumes differ in theirs.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reeld.actors.importer._copying import clone
from reeld.actors.importer._failures import LinkRefusal, download_side, library_side
from reeld.actors.importer._folders import Folder, open_library
from reeld.actors.importer._parts import hard_link
from reeld.actors.importer._source import opened_in


@dataclass(frozen=True, slots=True)
class LinkProbe:
    """What the trial showed.

    Attributes:
        refusal: Why a hard link is impossible; None when it worked.
        can_reflink: Whether blocks can be shared instead; tried only when hard links fail.
        sentence: For a person: what imports will do, and how to mend it.
    """

    refusal: LinkRefusal | None
    can_reflink: bool
    sentence: str

    @property
    def can_link(self) -> bool:
        """Whether hard links work."""
        return self.refusal is None


def can_link(download_folder: Path, root_folder: Path) -> LinkProbe:
    """Try a real hard link with a small file of reeld's own; nothing stays behind.

    Args:
        download_folder: Where the download client puts finished files; reeld must be able to write.
        root_folder: The library's root folder.

    Raises:
        SourceMissing: The download folder does not exist here.
        DownloadsUnreadable: The downloads' disk fails or is read-only.
        RootFolderDown: The root folder is missing, or its disk fails.
        AccessDenied: reeld's user may not write in one of them.
    """
    name = f".reeld-probe-{secrets.token_hex(8)}"
    with contextlib.ExitStack() as stack:
        with download_side(download_folder):
            downloads = stack.enter_context(Folder.open_root(download_folder))
            stack.enter_context(probe_file(downloads, name))
        with library_side(root_folder):
            library = stack.enter_context(open_library(root_folder))
            refusal = hard_link(downloads, name, library, name)
            if refusal is None:
                library.remove_file(name)
                return LinkProbe(None, False, "Imports are hard links: they take no space.")
            reflink = _can_reflink(downloads, name, library)
    outcome = "share blocks (reflink)" if reflink else "copy, which takes time and space"
    return LinkProbe(refusal, reflink, f"Imports will {outcome}. {refusal.remedy}")


@contextlib.contextmanager
def probe_file(folder: Folder, name: str) -> Iterator[int]:
    """Keep a small file, durably written, for the length of the block; raises `OSError`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, 0o600, dir_fd=folder.fd)
    try:
        os.write(fd, b"reeld tries whether this folder and the library share a file system\n")
        os.fsync(fd)
        yield fd
    finally:
        os.close(fd)
        with contextlib.suppress(OSError):
            folder.remove_file(name)


def _can_reflink(downloads: Folder, name: str, library: Folder) -> bool:
    with opened_in(downloads, name) as source, probe_file(library, name) as target:
        return clone(source, target)
