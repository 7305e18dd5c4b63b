"""Values as Radarr writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

import msgspec

SECONDS_OF_DAY: Final = 24 * 3600
MASK: Final = "********"
"""What stands for a secret in an answer. One that comes back so means: unchanged."""

Json = dict[str, Any]


def present(**members: Any) -> Json:
    """Return an object without the members that are None: Radarr leaves nulls out, and Homarr refuses them."""
    return {name: value for name, value in members.items() if value is not None}


def moment(value: datetime | None) -> str | None:
    """Write a time: `2026-01-31T10:00:00Z`."""
    if value is None:
        return None
    return f"{value.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()}Z"


def day(value: date | None) -> str | None:
    """Write a calendar date as the midnight that begins it."""
    return None if value is None else moment(datetime.combine(value, time(), UTC))


def span(seconds: float | None) -> str | None:
    """Write a length of time as .NET does: `01:02:03`, with days in front when there are any: `2.01:02:03`."""
    if seconds is None:
        return None
    days, rest = divmod(max(int(seconds), 0), SECONDS_OF_DAY)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}.{clock}" if days else clock


def encode(document: Any) -> bytes:
    """Write a document as JSON."""
    return msgspec.json.encode(document)


def lowered(table: Mapping[str, str], value: str) -> str:
    """Return Radarr's word for one of ours; the word itself where it has the same."""
    return table.get(value, value)
