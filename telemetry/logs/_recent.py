"""The last records, kept in memory for a person to look at: bounded in number and size, redacted like all others."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reeld.telemetry.logs._redaction import EventDict

MOST_RECORDS: Final = 2000
LONGEST_VALUE: Final = 500
"""Characters of one value; a traceback is cut to its end, where the error stands."""
_OWN: Final = frozenset({"event", "level", "timestamp", "logger"})


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record.

    Attributes:
        number: Ascending without gaps since the daemon started.
        at: In ISO 8601, UTC.
        fields: What else it says, each as a short text.
    """

    number: int
    at: str
    level: str
    logger: str
    event: str
    fields: Mapping[str, str]


class RecentRecords:
    """A ring of records. Threads write to it too."""

    def __init__(self, most: int = MOST_RECORDS) -> None:
        self._records: deque[LogRecord] = deque(maxlen=most)
        self._lock = threading.Lock()
        self._number = 0

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        """Keep a record, as a processor behind the redaction."""
        fields = {name: _short(value) for name, value in event.items() if name not in _OWN}
        with self._lock:
            self._number += 1
            self._records.append(
                LogRecord(
                    self._number,
                    str(event.get("timestamp", "")),
                    str(event.get("level", "info")),
                    str(event.get("logger", "")),
                    _short(event.get("event", "")),
                    fields,
                )
            )
        return event

    def latest(self, *, before: int | None = None) -> list[LogRecord]:
        """Return the records, newest first; `before` is the number that ended the page before."""
        with self._lock:
            there = list(self._records)
        return [each for each in reversed(there) if before is None or each.number < before]


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST_VALUE else f"...{text[-LONGEST_VALUE:]}"


recent: Final = RecentRecords()
"""The ring of this process."""
