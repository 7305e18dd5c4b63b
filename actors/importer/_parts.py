"""Making the new file under its temporary name: hard link, else reflink, else copy."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from reeld.actors.importer._copying import Tick, clone, copy, require_space
from reeld.actors.importer._failures import (
    LinkImpossible,
    LinkRefusal,
    UnsafePath,
    download_side,
    library_side,
)
from reeld.actors.importer._folders import Folder, Permissions, apply_permissions, same_file
from reeld.actors.importer._source import OpenFile
from reeld.domain.acquisition import LinkKind
from reeld.storage.crashpoints import crash_point


class Transfer(StrEnum):
    """Which ways into the library are allowed."""

    LINK_ONLY = "link_only"
    """A hard link or a reflink; never a second set of blocks."""
    LINK_OR_COPY = "link_or_copy"
    COPY = "copy"
    """Always a copy, for a library that must not share files with the downloads."""


_BY_UMASK: Final = Permissions()


@dataclass(frozen=True, slots=True)
class Means:
    """How files may be made.

    Attributes:
        reserve: Bytes that a copy must leave free; Radarr keeps 100 MB.
    """

    transfer: Transfer = Transfer.LINK_OR_COPY
    permissions: Permissions = _BY_UMASK
    reserve: int = 100 * 1024 * 1024


USUAL_MEANS: Final = Means()


@dataclass(frozen=True, slots=True)
class Made:
    """How a part came to be.

    Attributes:
        refusal: Why it is no hard link; None when it is one, or none was wanted.
    """

    link: LinkKind
    refusal: LinkRefusal | None = None


_REFUSALS: Final = {
    errno.EXDEV: LinkRefusal.CROSS_DEVICE,
    errno.EMLINK: LinkRefusal.TOO_MANY_LINKS,
    errno.EOPNOTSUPP: LinkRefusal.UNSUPPORTED,
    errno.ENOSYS: LinkRefusal.UNSUPPORTED,
}


def make_part(
    source: OpenFile,
    folder: Folder,
    part: str,
    means: Means,
    tick: Tick,
) -> Made:
    """Create `part` in `folder` with the source's content, durable except for its name.

    A part left over from an earlier attempt is replaced; one that fails is removed.

    Raises:
        LinkImpossible: Links alone are allowed, and none can be made.
        SourceChanged: The source changed meanwhile.
        RootFolderDown: The library's disk fails.
        NoRoomForCopy: A copy would fill it.
        DownloadsUnreadable: The downloads' disk fails.
        AccessDenied: reeld's user may not do it.
    """
    path = folder.path / part
    with library_side(path):
        if folder.remove_file(part):
            crash_point("import.part.stale_removed")
        refusal = None
        if means.transfer is not Transfer.COPY:
            refusal = _link(source, folder, part)
            if refusal is None:
                crash_point("import.part.linked")
                return Made(LinkKind.HARDLINK)
        return Made(_fill(source, folder, part, means, refusal, tick), refusal)


def hard_link(source: Folder, name: str, target: Folder, new_name: str) -> LinkRefusal | None:
    """Give a file a second name; the answer says why that is impossible, None when it is done."""
    try:
        os.link(name, new_name, src_dir_fd=source.fd, dst_dir_fd=target.fd, follow_symlinks=False)
    except PermissionError as error:
        if error.errno == errno.EACCES:
            raise  # the folder cannot be written: a copy would fail as well
        return _why_not_permitted(source.lstat(name))
    except OSError as error:
        refusal = _REFUSALS.get(error.errno or 0)
        if refusal is None:
            raise
        return refusal
    return None


def _link(source: OpenFile, folder: Folder, part: str) -> LinkRefusal | None:
    # What is about to get a second name should survive a power cut; free when it is clean.
    with download_side(source.path):
        os.fdatasync(source.fd)
    refusal = hard_link(source.folder, source.name, folder, part)
    if refusal is None:
        linked = folder.lstat(part)
        if linked is None or not same_file(linked, source.facts):
            folder.remove_file(part)
            raise UnsafePath(f"{source.path} was swapped for another file while it was linked.")
    return refusal


def _why_not_permitted(facts: os.stat_result | None) -> LinkRefusal:
    """Tell the kernel's hard-link protection from a file system without links: both say EPERM."""
    guarded = Path("/proc/sys/fs/protected_hardlinks")
    with contextlib.suppress(OSError):
        if guarded.read_text().strip() == "0":
            return LinkRefusal.UNSUPPORTED
    if facts is not None and facts.st_uid != os.geteuid():
        return LinkRefusal.PROTECTED_HARDLINKS
    return LinkRefusal.UNSUPPORTED


def _fill(
    source: OpenFile,
    folder: Folder,
    part: str,
    means: Means,
    refusal: LinkRefusal | None,
    tick: Tick,
) -> LinkKind:
    rights = means.permissions
    with _new_file(folder, part) as target:
        crash_point("import.part.created")
        if clone(source, target):
            link = LinkKind.REFLINK
        elif means.transfer is Transfer.LINK_ONLY and refusal is not None:
            raise LinkImpossible(refusal, folder.path / part)
        else:
            require_space(folder, source.facts.st_size, means.reserve)
            copy(source, target, folder, tick)
            link = LinkKind.COPY
        os.utime(target, ns=(source.facts.st_atime_ns, source.facts.st_mtime_ns))
        apply_permissions(target, rights.file_mode, rights.group, folder.path / part)
        os.fsync(target)
        crash_point("import.part.copied")
    return link


@contextlib.contextmanager
def _new_file(folder: Folder, name: str) -> Iterator[int]:
    """Create a file to write; it is removed again when the block fails."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, 0o666, dir_fd=folder.fd)
    try:
        yield fd
    except BaseException:
        with contextlib.suppress(OSError):
            folder.remove_file(name)
        raise
    finally:
        os.close(fd)
