"""Where reeld is on this machine: its program, its user, its folders; and what of that a service cannot use."""

from __future__ import annotations

import os
import pwd
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import reeld
from reeld.domain.errors import Refused

BESIDE: Final = ("-keys", "-backups")
"""How the folders end that lie beside the data directory: of the key file, and of backups."""
STATE: Final = Path("/var/lib")
"""Below it systemd makes the data directory itself, with the right owner (`StateDirectory=`)."""

HOMES: Final = (Path("/home"), Path("/root"), Path("/run/user"))
"""What `ProtectHome=` hides."""

SCRATCH: Final = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - what `PrivateTmp=` replaces
_USER: Final = re.compile(r"[a-z_][a-z0-9_-]{0,30}\$?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where reeld is on this machine. All paths are absolute.

    Attributes:
        command: What runs reeld, without its arguments.
        user: As whom it runs.
        data_dir: Where the database, keys and caches lie.
        media: The one folder that holds downloads and library; None leaves it as it is.
    """

    command: tuple[str, ...]
    user: str = "reeld"
    data_dir: Path = STATE / "reeld"
    media: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not _USER.fullmatch(self.user):
            raise Refused(f"{self.user!r} is no name of a user.", reason="no_user_name")
        if self.user == "root":
            raise Refused(
                "reeld does not run as root in a service: PostgreSQL refuses to, and nothing else needs it."
                " Leave --user out, or name an ordinary user.",
                reason="user_is_root",
            )
        for path in self.paths():
            _require_fit(path)
        if set(self.command[0]) & set("\"'\\"):
            raise Refused(
                f"systemd starts no program with a quote or a backslash in its path, such as {self.command[0]}:"
                " install reeld elsewhere.",
                reason="path_of_program",
            )

    @property
    def state_directory(self) -> str | None:
        """The data directory as `StateDirectory=` names it; None when it lies elsewhere."""
        if self.data_dir == STATE or not self.data_dir.is_relative_to(STATE):
            return None
        name = str(self.data_dir.relative_to(STATE))
        # A colon separates the name from that of a link; anything else that is odd is better quoted as a path.
        return name if re.fullmatch(r"[\w.+-]+(/[\w.+-]+)*", name, re.ASCII) else None

    @property
    def is_in_a_home(self) -> bool:
        """Whether a home holds anything that the service needs: `ProtectHome=true` would hide it."""
        needed = [*self.paths(), *self._program()]
        return any(_is_below(each, HOMES) for path in needed for each in (path, path.resolve()))

    def paths(self) -> Iterator[Path]:
        """Go through the paths that stand in the units."""
        yield Path(self.command[0])
        yield self.data_dir
        if self.media is not None:
            yield self.media

    def has_user(self) -> bool:
        """Whether the user exists."""
        try:
            pwd.getpwnam(self.user)
        except KeyError:
            return False
        return True

    def closed_folder(self) -> Path | None:
        """Return the first folder on the way to the program that the user may not enter; None when all are open."""
        ways = {way for path in self._program() for way in (*path.parents, *path.resolve().parents)}
        shut = (way for way in sorted(ways) if way.is_dir() and not _lets_in(way, self.user))
        return next(shut, None)

    def _program(self) -> tuple[Path, ...]:
        """The script, the interpreter with its library, and reeld's own modules: all must be readable."""
        packages = (Path(folder) for folder in reeld.__path__)
        return (Path(self.command[0]), Path(sys.executable), Path(sys.base_prefix), *packages)


def running_command() -> tuple[str, ...]:
    """Return what runs this very reeld: the script beside the interpreter, else the interpreter and the module."""
    script = Path(sys.executable).parent / "reeld"
    if script.is_file() and os.access(script, os.X_OK):
        return (str(script),)
    return (sys.executable, "-m", "reeld")


def _is_below(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _require_fit(path: Path) -> None:
    if not path.is_absolute():
        raise Refused(f"{path} is no absolute path.", reason="path_not_absolute")
    if not str(path).isprintable():
        raise Refused(
            f"{str(path)!r} holds characters that a unit cannot: choose another folder.",
            reason="path_not_printable",
        )
    if _is_below(path, SCRATCH):
        raise Refused(
            f"{path} lies in a folder for temporary files, of which a service has one of its own: choose another.",
            reason="path_is_temporary",
        )


def _lets_in(folder: Path, user: str) -> bool:
    found = folder.stat()
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return bool(found.st_mode & 0o001)
    if found.st_uid == entry.pw_uid:
        return bool(found.st_mode & 0o100)
    if found.st_gid in os.getgrouplist(user, entry.pw_gid):
        return bool(found.st_mode & 0o010)
    return bool(found.st_mode & 0o001)
