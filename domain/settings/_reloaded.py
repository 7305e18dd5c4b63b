"""What came of reading the settings again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Settings were read again.

    Attributes:
        changed: Whether others are in force now; False when they are the same.
        needs_restart: The sections that were changed and that only a restart of the daemon puts in force.
    """

    changed: bool
    needs_restart: tuple[str, ...] = ()
