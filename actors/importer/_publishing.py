"""Giving a part its final name in one atomic step that never clobbers an unknown file."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
from collections.abc import Callable
from typing import Final

from reeld.actors.importer._failures import Occupied, library_side
from reeld.actors.importer._folders import Folder, same_file
from reeld.actors.importer._source import is_regular
from reeld.storage.crashpoints import crash_point

_RENAME_NOREPLACE: Final = 1  # linux/fs.h
_NO_SUCH_RENAME: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def publish(
    folder: Folder, part: str, name: str, *, may_replace: Callable[[os.stat_result], bool]
) -> None:
    """Rename a part to its final name and make the name durable. Running it twice is harmless.

    At every moment the final name shows the old file, wholly, or the new one, wholly.

    Args:
        folder: Where both names live.
        part: The temporary name; it exists.
        name: The final name.
        may_replace: Says whether the file that lies there now is safe elsewhere.

    Raises:
        Occupied: Something that may not be replaced lies there.
        RootFolderDown: The disk fails.
    """
    with library_side(folder.path / name):
        new, current = folder.lstat(part), folder.lstat(name)
        if new is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), part)
        if current is None:
            rename_to_free_name(folder, part, name)
        elif not same_file(new, current):
            if not is_regular(current) or not may_replace(current):
                raise _occupied(folder, name)
            os.rename(part, name, src_dir_fd=folder.fd, dst_dir_fd=folder.fd)
        crash_point("import.file.renamed")
        folder.sync()
        crash_point("import.file.synced")
        # rename() between two names of one inode does nothing, and leaves both.
        folder.remove_file(part)


def _occupied(folder: Folder, name: str) -> Occupied:
    return Occupied(
        f"{folder.path / name} is taken by something that reeld did not put there: move it away."
    )


def rename_to_free_name(folder: Folder, part: str, name: str) -> None:
    """Rename without clobbering, by the best means that the file system has."""
    try:
        if _rename_noreplace(folder.fd, part, name):
            return
        os.link(part, name, src_dir_fd=folder.fd, dst_dir_fd=folder.fd, follow_symlinks=False)
    except FileExistsError:
        raise _occupied(folder, name) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # FAT and some network file systems have neither; the name was free a moment ago.
        os.rename(part, name, src_dir_fd=folder.fd, dst_dir_fd=folder.fd)


def _rename_noreplace(folder: int, part: str, name: str) -> bool:
    """Call renameat2; False when this libc, kernel or file system (NFS) does not have it."""
    call = _renameat2()
    if call is None:
        return False
    if call(folder, os.fsencode(part), folder, os.fsencode(name), _RENAME_NOREPLACE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_SUCH_RENAME:
        return False
    raise OSError(number, os.strerror(number), name)


@functools.cache
def _renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return None
    call.argtypes = (
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_uint,
    )
    call.restype = ctypes.c_int
    return call  # type: ignore[no-any-return]  # ctypes functions are untyped
