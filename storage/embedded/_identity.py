"""As whom PostgreSQL runs: it refuses to be root."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reeld.storage.errors import EmbeddedServerFailed

if TYPE_CHECKING:
    from pathlib import Path

NOBODY: Final = 65534
"""Any user but 0 will do: inside the namespace it is the only one, outside it is root."""

PROBE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Identity:
    """How to start a program that must not believe to be root.

    Attributes:
        prefix: What to put in front of its command line.
        user: The user and group to become first; None to stay who we are.
    """

    prefix: tuple[str, ...] = ()
    user: tuple[int, int] | None = None

    def command(self, program: Path, *arguments: str) -> list[str]:
        """Return the whole command line."""
        return [*self.prefix, str(program), *arguments]

    def process_options(self) -> dict[str, Any]:
        """Return what `subprocess` needs to become that user."""
        if self.user is None:
            return {}
        uid, gid = self.user
        return {"user": uid, "group": gid, "extra_groups": ()}

    def own(self, path: Path) -> None:
        """Give a file or folder that we made to the user."""
        if self.user is not None:
            os.chown(path, *self.user)


def identity_for(directory: Path) -> Identity:
    """Choose as whom the server of a directory runs. It blocks for some milliseconds under root.

    Not root: as we are. Root, and the directory belongs to somebody else: as its owner. Root, and it is root's own: in
    a user namespace in which root has another number, so that no file changes its owner.

    Args:
        directory: An existing folder.

    Raises:
        EmbeddedServerFailed: We are root, the directory is root's, and there are no user namespaces here.
    """
    if os.geteuid() != 0:
        return Identity()
    owner = directory.stat()
    if owner.st_uid != 0:
        return Identity(user=(owner.st_uid, owner.st_gid))
    prefix = _namespace_prefix()
    if prefix is None or not _works(prefix):
        raise EmbeddedServerFailed(
            f"PostgreSQL refuses to run as root, and user namespaces are switched off here. Run reeld as an ordinary"
            f" user, or give {directory} to one (chown -R), or set REELD_DATABASE_URL.",
            reason="no_user_namespace",
        )
    return Identity(prefix=prefix)


def _namespace_prefix() -> tuple[str, ...] | None:
    unshare = shutil.which("unshare")
    return (unshare, "--user", f"--map-user={NOBODY}", "--") if unshare else None


def _works(prefix: tuple[str, ...]) -> bool:
    try:
        probe = subprocess.run(
            [*prefix, "true"], capture_output=True, timeout=PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0
