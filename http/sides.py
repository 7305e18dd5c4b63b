"""Which paths belong to the ops surface. Imports nothing, since commands ask it too."""

from __future__ import annotations

import re
from typing import Final

OPERATIONS: Final = ("/health", "/ready", "/metrics", "/info", "/control", "/api/test")
"""Where paths of the ops surface begin."""

_SLASHES: Final = re.compile("/{2,}")
"""Behind a door several slashes count as one: so they must at the door."""


def is_of_operations(path: str) -> bool:
    """Whether a path belongs to the ops surface, however many slashes it is written with."""
    path = _SLASHES.sub("/", path)
    return any(path == each or path.startswith(f"{each}/") for each in OPERATIONS)
