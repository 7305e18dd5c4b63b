"""What can go wrong with files, as typed errors whose sentences say how to mend it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

from reeld.domain.errors import NotFound, ReeldError, Refused, ServiceDown, Unavailable


class RootFolderDown(ServiceDown):
    """The disk below a root folder fails: full, read-only, broken or not mounted.

    This is what opens the root folder's breaker.
    """

    default_reason = "root_folder_down"

    def __init__(self, sentence: str, *, reason: str) -> None:
        super().__init__(sentence, service="root_folder", reason=reason)


class DownloadsUnreadable(Unavailable):
    """The disk that holds the downloads fails; the library's root folder is not to blame."""

    default_reason = "downloads_unreadable"


class DownloadMissing(DownloadsUnreadable):
    """The downloads' disk is there, and what was downloaded is not."""

    default_reason = "download_missing"


class AccessDenied(Unavailable):
    """reeld's user may not do what it has to do: a person has to change owners or modes."""

    default_reason = "access_denied"


class UnsafePath(Refused):
    """A path that leaves its root, runs through a symbolic link, or is no regular file."""

    default_reason = "unsafe_path"


class LibraryUnsafe(Unavailable):
    """A path of the library runs through a symbolic link: a person has to mend it."""

    default_reason = "library_unsafe"


class NoRoomForCopy(Unavailable):
    """The disk works, but this copy would fill it; links still can be made."""

    default_reason = "disk_full"


class NameTooLong(Refused):
    """A file name has more bytes than the file system takes."""

    default_reason = "name_too_long"


class Occupied(Refused):
    """Something that reeld will not replace lies under the final name."""

    default_reason = "destination_occupied"


class SourceMissing(NotFound):
    """A file is not where it should be."""

    default_reason = "source_missing"


class SourceChanged(ReeldError):
    """The downloaded file is not, or no longer, what was announced."""

    default_reason = "source_changed"


class VerificationFailed(ReeldError):
    """The placed file is not the downloaded one."""

    default_reason = "verification_failed"


class LinkRefusal(StrEnum):
    """Why a hard link could not be made."""

    CROSS_DEVICE = "cross_device"
    PROTECTED_HARDLINKS = "protected_hardlinks"
    TOO_MANY_LINKS = "too_many_links"
    UNSUPPORTED = "link_unsupported"

    @property
    def remedy(self) -> str:
        """A sentence that says how a person makes hard links work."""
        return _REMEDIES[self]


_REMEDIES: Final = {
    LinkRefusal.CROSS_DEVICE: (
        "The downloads and the library lie on different file systems or mounts: put both below "
        "one mount (in Docker one volume for both, in a systemd unit one path of ReadWritePaths=), or allow copies."
    ),
    LinkRefusal.PROTECTED_HARDLINKS: (
        "The kernel (fs.protected_hardlinks) lets reeld link only files that it owns or may "
        "write: run reeld as the download client's user, or in its group with umask 002."
    ),
    LinkRefusal.TOO_MANY_LINKS: (
        "The file has as many names as its file system allows: remove some, or allow copies."
    ),
    LinkRefusal.UNSUPPORTED: (
        "This file system has no hard links: move the library to one that has them "
        "(ext4, XFS, Btrfs, ZFS), or allow copies."
    ),
}


class LinkImpossible(Unavailable):
    """Only links are allowed, and none can be made.

    Args:
        refusal: Why the kernel refused the link.
        path: The library file that was to be made.
    """

    default_reason = "link_impossible"

    def __init__(self, refusal: LinkRefusal, path: Path) -> None:
        super().__init__(f"{path} cannot be linked. {refusal.remedy}", reason=refusal.value)
        self.refusal = refusal


_DISK_REASONS: Final = {
    errno.ENOSPC: ("disk_full", "has no space left: free some"),
    errno.EDQUOT: ("disk_full", "is over its quota: free some space or raise it"),
    errno.EROFS: ("read_only", "is mounted read-only: check the disk and mount it writable"),
    errno.EIO: ("io_error", "has input/output errors: check the disk"),
    errno.ENXIO: ("io_error", "lost its device: check the disk"),
    errno.ENODEV: ("io_error", "lost its device: check the disk"),
    errno.ESTALE: ("stale_mount", "is a stale network mount: mount it again"),
    errno.ENOTCONN: ("stale_mount", "is a disconnected network mount: mount it again"),
    errno.ETIMEDOUT: ("stale_mount", "does not answer: check the network mount"),
    errno.EHOSTDOWN: ("stale_mount", "does not answer: check the network mount"),
}


@contextmanager
def library_side(path: Path) -> Iterator[None]:
    """Turn an `OSError` about `path` of the library into a typed error.

    Raises:
        RootFolderDown: The disk fails.
        SourceMissing: There is nothing.
        ReeldError: Another of this module's errors.
    """
    try:
        yield
    except OSError as error:
        known = _DISK_REASONS.get(error.errno or 0)
        if known is None:
            raise _common(error, path, LibraryUnsafe) from error
        reason, sentence = known
        raise RootFolderDown(f"The disk of {path} {sentence}.", reason=reason) from error


@contextmanager
def download_side(path: Path) -> Iterator[None]:
    """Turn an `OSError` about the downloaded `path` into a typed error.

    Raises:
        DownloadsUnreadable: The disk fails.
        SourceMissing: There is nothing.
        ReeldError: Another of this module's errors.
    """
    try:
        yield
    except OSError as error:
        known = _DISK_REASONS.get(error.errno or 0)
        if known is None:
            raise _common(error, path, UnsafePath) from error
        reason, sentence = known
        raise DownloadsUnreadable(f"The disk of {path} {sentence}.", reason=reason) from error


def _common(error: OSError, path: Path, unsafe: type[LibraryUnsafe | UnsafePath]) -> ReeldError:
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return AccessDenied(
                f"reeld may not touch {path}: give its user access to the file and its folders."
            )
        case errno.ELOOP | errno.ENOTDIR | errno.EISDIR:
            return unsafe(f"{path} runs through a symbolic link or is no regular file.")
        case errno.ENAMETOOLONG:
            return NameTooLong(f"{path} has a name that is too long for its file system.")
        case errno.ENOENT:
            return SourceMissing(
                f"{path} does not exist: check the path that the download client reports."
            )
        case _:
            name = errno.errorcode.get(error.errno or 0, "unknown")
            return ReeldError(f"{path} failed with {name}: check its file system.")
