"""Folders held by file descriptor, so that no symbolic link is ever followed below a root.

A root itself was named by the owner and may be a symbolic link. Everything below it is walked one
component at a time with `O_NOFOLLOW`: names there come from torrents and from metadata.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from reeld.actors.importer._failures import AccessDenied, RootFolderDown, UnsafePath, library_side
from reeld.storage.crashpoints import crash_point

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# Non-blocking, or a FIFO among the downloads would hang the thread; regular files ignore it.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Permissions:
    """The modes of what reeld creates; None leaves them to the umask.

    Attributes:
        file_mode: Of copied files. A hard link only ever gains these bits: its mode belongs to the
            download, which must not lose any.
        folder_mode: Of created folders.
        group: Numeric group of created folders and copied files; None leaves it alone.
    """

    file_mode: int | None = None
    folder_mode: int | None = None
    group: int | None = None


class Folder:
    """An open folder. Close it, or use it as a context manager; errors are `OSError`s."""

    __slots__ = ("fd", "path")

    def __init__(self, fd: int, path: Path) -> None:
        self.fd = fd
        self.path = path

    @classmethod
    def open_root(cls, path: Path) -> Folder:
        """Open a root that the owner named; the only place where a symbolic link is followed."""
        return cls(os.open(path, _DIRECTORY), path)

    def child(self, name: str) -> Folder:
        """Open a folder below this one; `NotADirectoryError` when it is a symbolic link."""
        fd = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=self.fd)
        return Folder(fd, self.path / name)

    def make_child(self, name: str, permissions: Permissions) -> bool:
        """Create a folder durably; False when it is there already."""
        try:
            os.mkdir(name, 0o777, dir_fd=self.fd)
        except FileExistsError:
            return False
        crash_point("import.folder.made")
        with self.child(name) as made:
            apply_permissions(made.fd, permissions.folder_mode, permissions.group, made.path)
            made.sync()
        self.sync()
        return True

    def lstat(self, name: str) -> os.stat_result | None:
        """Look at a name itself, never through it; None when there is nothing."""
        try:
            return os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def open_file(self, name: str) -> int:
        """Open a regular file to read; the caller closes the descriptor.

        Raises:
            UnsafePath: It is no regular file.
            OSError: It cannot be opened, or is a symbolic link (ELOOP).
        """
        fd = os.open(name, _READ, dir_fd=self.fd)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return fd
        os.close(fd)
        raise UnsafePath(f"{self.path / name} is no regular file.")

    def names(self) -> list[str]:
        """List what is in the folder, sorted."""
        return sorted(os.listdir(self.fd))  # noqa: PTH208 - pathlib cannot list a descriptor

    def remove_file(self, name: str) -> bool:
        """Remove a name; False when it was not there."""
        try:
            os.unlink(name, dir_fd=self.fd)
        except FileNotFoundError:
            return False
        return True

    def remove_empty(self, name: str) -> bool:
        """Remove a folder below this one if it is empty; False when it is not, or not there."""
        try:
            os.rmdir(name, dir_fd=self.fd)
        except OSError:
            return False
        return True

    def sync(self) -> None:
        """Make the names in this folder survive a power cut."""
        os.fsync(self.fd)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def apply_permissions(fd: int, mode: int | None, group: int | None, path: Path) -> None:
    """Set the mode, and the group if one is wanted, of something reeld created.

    Raises:
        AccessDenied: The group may not be given.
    """
    if group is not None:
        try:
            os.fchown(fd, -1, group)
        except PermissionError:
            raise AccessDenied(
                f"reeld may not give {path} to group {group}: add its user to that group."
            ) from None
    if mode is not None:
        os.fchmod(fd, mode)


def same_file(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether two names lead to one inode."""
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def open_below(
    root: Path, parts: tuple[str, ...], *, opener: Callable[[Path], Folder] = Folder.open_root
) -> Folder:
    """Open an existing folder below a root, refusing symbolic links; raises `OSError`."""
    folder = opener(root)
    for part in parts:
        with folder as parent:
            folder = parent.child(part)
    return folder


@contextlib.contextmanager
def folders_made(root: Path, parts: tuple[str, ...], permissions: Permissions) -> Iterator[Folder]:
    """Open a folder of the library, creating what is missing below the root.

    When the block fails, the folders that were created here and are still empty go away again. The
    root itself is never created: if it is missing, its disk is not mounted.

    Raises:
        RootFolderDown: The root is missing, or its disk fails.
        LibraryUnsafe: A component is a symbolic link or a file.
    """
    with library_side(root):
        folder = open_library(root)
    made = len(parts)
    try:
        for depth, part in enumerate(parts):
            with folder as parent, library_side(parent.path / part):
                if parent.make_child(part, permissions):
                    made = min(made, depth)
                folder = parent.child(part)
        with folder:
            yield folder
    except BaseException:
        if made < len(parts):
            remove_empty_folders(root, parts, keep=made)
        raise


def open_library(root: Path) -> Folder:
    """Open a library root.

    Raises:
        RootFolderDown: It does not exist.
        OSError: It cannot be opened.
    """
    try:
        return Folder.open_root(root)
    except FileNotFoundError:
        raise RootFolderDown(
            f"The root folder {root} does not exist: mount its disk, or correct the setting.",
            reason="root_missing",
        ) from None


def remove_empty_folders(root: Path, parts: tuple[str, ...], *, keep: int = 0) -> None:
    """Remove the folders of a path below a root from the innermost outwards, as long as empty.

    Args:
        root: Never removed.
        parts: The folder's path below the root.
        keep: How many of the outer components stay in any case.
    """
    with contextlib.suppress(OSError):
        for depth in range(len(parts), keep, -1):
            with open_below(root, parts[: depth - 1]) as parent:
                if not parent.remove_empty(parts[depth - 1]):
                    return
                parent.sync()
