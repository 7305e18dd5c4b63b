"""Which paths belong to the ops surface. Imports nothing, since commands ask it too."""

from __future__ import annotations

from typing import Final

OPERATIONS: Final = ("/health", "/ready", "/metrics", "/info", "/control", "/api/test")
"""Where paths of the ops surface begin."""


def is_of_operations(path: str) -> bool:
    """Whether a path belongs to the ops surface."""
    return any(path == each or path.startswith(f"{each}/") for each in OPERATIONS)
