"""A downloaded file, opened so that nobody can swap it for another while it is imported."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from reeld.actors.importer._failures import SourceChanged, download_side, library_side
from reeld.actors.importer._folders import Folder, open_below, open_library
from reeld.actors.importer._paths import safe_parts


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A regular file held by descriptor together with the folder it lies in.

    Attributes:
        facts: What `fstat` said when it was opened; the inode never changes.
    """

    folder: Folder
    name: str
    fd: int
    facts: os.stat_result

    @property
    def path(self) -> Path:
        """Where it lies, for people."""
        return self.folder.path / self.name

    def require_unchanged(self) -> None:
        """Check that nobody wrote to the file since it was opened.

        Raises:
            SourceChanged: Somebody did.
        """
        now = os.fstat(self.fd)
        if (now.st_size, now.st_mtime_ns) != (self.facts.st_size, self.facts.st_mtime_ns):
            raise SourceChanged(f"{self.path} changed while it was imported: it is tried again.")


Side = Callable[[Path], AbstractContextManager[None]]
"""`download_side` or `library_side`: whose errors a failing file makes."""


@contextlib.contextmanager
def opened(root: Path, relative: str, *, side: Side = download_side) -> Iterator[OpenFile]:
    """Open a file below a root without following a symbolic link.

    Args:
        root: Named by the owner or the download client's settings; trusted.
        relative: Not trusted.
        side: Whose file it is.

    Raises:
        UnsafePath: The path climbs, runs through a symbolic link, or is no regular file.
        SourceMissing: Nothing lies there.
        DownloadsUnreadable: The downloads' disk fails.
        RootFolderDown: The library's disk fails.
        AccessDenied: reeld's user may not read it.
    """
    parts = safe_parts(relative)
    with contextlib.ExitStack() as stack:
        with side(root / relative):
            opener = open_library if side is library_side else Folder.open_root
            folder = stack.enter_context(open_below(root, parts[:-1], opener=opener))
            fd = folder.open_file(parts[-1])
            stack.callback(os.close, fd)
            facts = os.fstat(fd)
        yield OpenFile(folder, parts[-1], fd, facts)


@contextlib.contextmanager
def opened_in(folder: Folder, name: str) -> Iterator[OpenFile]:
    """Open a file of an open folder; raises `OSError`, or `UnsafePath` for no regular file."""
    fd = folder.open_file(name)
    try:
        yield OpenFile(folder, name, fd, os.fstat(fd))
    finally:
        os.close(fd)


def is_regular(facts: os.stat_result | None) -> bool:
    """Whether there is a file, and a regular one."""
    return facts is not None and stat.S_ISREG(facts.st_mode)
