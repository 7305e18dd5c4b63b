"""Taking the units away again: only those that reeld wrote."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reeld.cli.systemd._installing import not_writable
from reeld.cli.systemd._mark import Condition, condition_of
from reeld.cli.systemd._rendering import MEDIA, SERVICE, TIMER, UNITS
from reeld.domain.errors import Refused

ENABLED_BY: Final = {SERVICE: "multi-user.target.wants", TIMER: "timers.target.wants"}
"""The folders in which `systemctl enable` makes its links."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed, or would be.

    Attributes:
        removed: The files that are gone.
        kept: Files that stay, because reeld did not write them or somebody changed them.
    """

    removed: tuple[Path, ...]
    kept: tuple[Path, ...]


def uninstall(folder: Path, *, force: bool, dry_run: bool) -> Removal:
    """Remove the units from a folder; data, settings and credentials stay. Blocks on the disk.

    Args:
        folder: Where units lie.
        force: Also those that were changed since reeld wrote them.
        dry_run: Only say what would be done.

    Raises:
        Refused: A unit is still enabled, or this user may not write there.
    """
    _require_disabled(folder)
    found = {folder / name: _condition(folder / name) for name in UNITS}
    ours = {Condition.OURS, Condition.CHANGED} if force else {Condition.OURS}
    removed = tuple(path for path, condition in found.items() if condition in ours)
    kept = tuple(p for p, c in found.items() if p not in removed and c is not Condition.ABSENT)
    if not dry_run:
        for path in removed:
            _remove(path)
        with suppress(OSError):  # it holds drop-ins of somebody else, or was not there
            (folder / MEDIA).parent.rmdir()
    return Removal(removed, kept)


def _require_disabled(folder: Path) -> None:
    enabled = [name for name, by in ENABLED_BY.items() if (folder / by / name).is_symlink()]
    if enabled:
        raise Refused(
            f"{' and '.join(enabled)} would be left enabled without a unit. First:"
            f" systemctl disable --now {' '.join(enabled)}",
            reason="unit_enabled",
        )


def _condition(path: Path) -> Condition:
    try:
        return condition_of(path)
    except OSError as error:
        raise Refused(
            f"{path} cannot be read ({error.strerror}).", reason="unit_unreadable"
        ) from error


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise Refused(not_writable(path, error), reason="unit_not_removed") from error
