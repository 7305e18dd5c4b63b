"""The folder of the embedded server: what lies where, and who may use it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reeld.storage.errors import DataDirectoryBusy, EmbeddedServerFailed

if TYPE_CHECKING:
    from reeld.storage.embedded._identity import Identity

SOCKET_NAME: Final = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH: Final = 107
"""sun_path holds 108 bytes, one of them the final zero."""

LARGEST_LOG_BYTES: Final = 10 * 1024 * 1024


class ServerDirectory:
    """The folder that holds one embedded server.

    It holds `data` (PostgreSQL's own), `run` (the socket), `postgres.log` and `lock`, and after an upgrade the old data
    (`data.16`) and its dump. Only the owner may enter it.

    Args:
        root: The folder; made when missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.data = self.root / "data"
        self.log = self.root / "postgres.log"
        self._lock_file = self.root / "lock"
        self._lock: int | None = None

    def prepare(self) -> None:
        """Make the folder, readable by its owner alone."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)

    def lock(self) -> None:
        """Take the folder for this process; the kernel gives it back when the process ends, however it ends.

        Raises:
            DataDirectoryBusy: Another process has it.
        """
        descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 4096, 0)
            os.close(descriptor)
            raise DataDirectoryBusy(
                f"Another reeld ({_describe(holder)}) works in {self.root}."
                " Stop that one first, or set REELD_DATA_DIR to another folder."
            ) from None
        note = json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note, 0)
        self._lock = descriptor

    def unlock(self) -> None:
        """Give the folder back. The file stays: removing it would let two processes lock two files."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def major(self) -> int | None:
        """Return the major version of the data, or None when there is none yet.

        Raises:
            EmbeddedServerFailed: The file that says it makes no sense.
        """
        try:
            text = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return None
        if not text.isdigit():
            raise EmbeddedServerFailed(f"{self.data / 'PG_VERSION'} is damaged: restore a backup.")
        return int(text)

    def socket_folder(self, identity: Identity) -> Path:
        """Return the folder for the socket, made and checked: below the root unless that path is unfit for one."""
        folder = self.root / "run"
        if _unfit(folder):
            folder = self._short_folder()
        folder.mkdir(mode=0o700, exist_ok=True)
        identity.own(folder)
        self._check_private(folder, identity)
        return folder

    def open_log(self, identity: Identity) -> int:
        """Open the server's log for appending; one that has grown large is put aside first."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        identity.own(self.log)
        return descriptor

    def _short_folder(self) -> Path:
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        for base in (runtime, tempfile.gettempdir(), "/tmp"):  # noqa: S108  checked below
            folder = Path(base) / f"reeld-{os.geteuid()}-{name}" if base else None
            if folder and folder.parent.is_dir() and not _unfit(folder):
                return folder
        raise EmbeddedServerFailed(
            f"No folder is short enough for a socket of {self.root}: choose a shorter REELD_DATA_DIR."
        )

    def _check_private(self, folder: Path, identity: Identity) -> None:
        # In a shared folder such as /tmp somebody else may have been here first.
        found = folder.lstat()
        owner = identity.user[0] if identity.user else os.geteuid()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
            raise EmbeddedServerFailed(f"{folder} belongs to somebody else: remove it.")
        folder.chmod(0o700)


def _unfit(folder: Path) -> bool:
    # A comma separates hosts in a connection string, and folders in PostgreSQL's setting; quotes quote them there.
    path = os.fsencode(folder / SOCKET_NAME)
    return len(path) > LONGEST_SOCKET_PATH or b"," in path or b'"' in path


def _describe(note: bytes) -> str:
    try:
        holder = json.loads(note)
        return f"process {int(holder['pid'])} on {holder['host']}"
    except (ValueError, KeyError, TypeError):
        return "an unknown process"
