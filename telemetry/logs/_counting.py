"""Whoever counts records is told of each that is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reeld.telemetry.logs._redaction import EventDict

_LEVELS = frozenset({"debug", "info", "warning", "error", "critical"})
_listeners: list[Callable[[str], None]] = []


@contextmanager
def counting_records(listener: Callable[[str], None]) -> Iterator[None]:
    """Call `listener` with the level of each record that is written inside the block, from whichever thread."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def count(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Tell those who count, as a processor behind `add_log_level`."""
    level = event.get("level")
    for listener in tuple(_listeners):
        listener(level if level in _LEVELS else "other")
    return event
