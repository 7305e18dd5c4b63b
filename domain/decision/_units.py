"""Amounts as sentences say them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

MIB: Final = 1024 * 1024
GIB: Final = 1024 * MIB


def bytes_text(size: int) -> str:
    """Return bytes as people read them: `512 MiB`, `7.4 GiB`."""
    return f"{size / GIB:.1f} GiB" if abs(size) >= GIB else f"{size // MIB} MiB"


def span_text(span: timedelta) -> str:
    """Return a span of time as people read it: `45 minutes`, `13 hours`, `9 days`."""
    minutes = round(span.total_seconds() / 60)
    for size, unit in ((24 * 60, "days"), (60, "hours")):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
