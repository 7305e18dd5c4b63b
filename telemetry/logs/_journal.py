"""Records as entries of the systemd journal with fields of their own (systemd.journal-fields(7)).

Lines on standard error reach the journal too, as mere text. Over its own socket an entry keeps its fields, so that
`journalctl REELD_ACTOR=qbit` and `journalctl TRACE_ID=…` find it, and its priority, so that `journalctl -p warning` does.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

SOCKET: Final = "/run/systemd/journal/socket"
IDENTIFIER: Final = "reeld"
LONGEST_VALUE: Final = 8 * 1024
"""Bytes of a value in an entry that was too large for one datagram."""

_PRIORITIES: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
"""Of syslog(3)."""
_OWN_NAMES: Final = {"trace_id": "TRACE_ID", "span_id": "SPAN_ID"}
_UNFIT: Final = re.compile(r"[^A-Z0-9_]")
_NOT_REPEATED: Final = frozenset({"event", "level", "timestamp", "exception"})


def is_journal(descriptor: int, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a file descriptor leads to the journal: what `JOURNAL_STREAM` is for (systemd.exec(5))."""
    try:
        stat = os.fstat(descriptor)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{stat.st_dev}:{stat.st_ino}"


def entry(_logger: object, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a record into the fields of an entry, as the last processor."""
    name, level = str(event.get("event", "")), str(event.get("level", "info"))
    told = {key: value for key, value in event.items() if key not in _NOT_REPEATED}
    message = " ".join([name, *(f"{key}={value}" for key, value in told.items())])
    if exception := event.get("exception"):
        message += f"\n{exception}"
    fields = {
        "MESSAGE": message,
        "PRIORITY": str(_PRIORITIES.get(level, 3)),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "REELD_EVENT": name,
        **{_field(key): str(value) for key, value in told.items()},
    }
    return {"fields": fields}


def _field(key: str) -> str:
    return _OWN_NAMES.get(key) or f"REELD_{_UNFIT.sub('_', key.upper())}"[:64]


def encode(fields: Mapping[str, str]) -> bytes:
    """Return the datagram of an entry (https://systemd.io/JOURNAL_NATIVE_PROTOCOL)."""
    parts = []
    for name, value in fields.items():
        data = value.encode("utf-8", "replace")
        if b"\n" in data:
            parts.append(b"%s\n%s%s\n" % (name.encode(), len(data).to_bytes(8, "little"), data))
        else:
            parts.append(b"%s=%s\n" % (name.encode(), data))
    return b"".join(parts)


class Journal:
    """The journal's socket. Sending never waits: what the journal does not take goes to standard error.

    Args:
        path: Of the socket.

    Raises:
        OSError: There is none.
    """

    def __init__(self, path: str = SOCKET) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def send(self, fields: Mapping[str, str]) -> None:
        """Send one entry."""
        try:
            self._socket.send(encode(fields))
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                self._send_elsewhere(fields)
                return
            self._send_cut(fields)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _send_cut(self, fields: Mapping[str, str]) -> None:
        cut = {name: value[:LONGEST_VALUE] for name, value in fields.items()}
        try:
            self._socket.send(encode(cut))
        except OSError:
            self._send_elsewhere(cut)

    @staticmethod
    def _send_elsewhere(fields: Mapping[str, str]) -> None:
        # sd-daemon(3): a number in angle brackets is the line's priority.
        lines = fields["MESSAGE"].splitlines() or [""]
        sys.stderr.write("".join(f"<{fields['PRIORITY']}>{line}\n" for line in lines))
        sys.stderr.flush()


class JournalLogger:
    """What structlog writes to: takes what `entry` made.

    Args:
        name: The logger's.
        send: Sends an entry.
    """

    def __init__(self, name: str, send: Callable[[Mapping[str, str]], None]) -> None:
        self.name = name
        self._send = send

    def msg(self, *, fields: Mapping[str, str]) -> None:
        """Send one entry."""
        self._send(fields)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg
