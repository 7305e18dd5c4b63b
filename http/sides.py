"""Which paths belong to the ops surface, and which to reeld's own API. Imports nothing, since commands ask it too."""

from __future__ import annotations

import re
from typing import Final

OPERATIONS: Final = ("/health", "/ready", "/metrics", "/info", "/control", "/api/test")
"""Where paths of the ops surface begin."""

_NATIVE: Final = ("/api/", "/control/")
_OF_OTHERS: Final = ("/api/v3/", "/api/schema")
"""Radarr's clients send what Radarr itself does not know; the reference page is a library's."""

_SLASHES: Final = re.compile("/{2,}")
"""Behind a door several slashes count as one: so they must at the door."""


def is_of_operations(path: str) -> bool:
    """Whether a path belongs to the ops surface, however many slashes it is written with."""
    path = _SLASHES.sub("/", path)
    return any(path == each or path.startswith(f"{each}/") for each in OPERATIONS)


def is_native(template: str) -> bool:
    """Whether a route is one of reeld's own API, which takes what it knows and nothing else."""
    return template.startswith(_NATIVE) and not template.startswith(_OF_OTHERS)
