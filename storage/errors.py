"""What can go wrong between reeld and its database, beyond `DatabaseUnavailable`.

All but the first carry a reason and a sentence that says what to do.

psycopg.OperationalError
└── StatementTimedOut           a statement passed the deadline of its connection
ReeldError
├── LeadershipLost              another process leads now: this one must not write any more
├── LeadershipHeld              another daemon works on this database
├── DataDirectoryBusy           another daemon works in this data directory
├── EmbeddedServerFailed        the embedded PostgreSQL did not start, or cannot run here
├── MigrationRefused            the schema and this version of reeld do not fit together
├── BackupFailed                a backup could not be made, checked or put back this time
├── BackupBusy                  another process works in the folder of the backups
└── BackupUnusable              a backup is damaged, foreign or too new: trying again cannot help
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import psycopg

from reeld.domain.errors import ReeldError, Refused, Unavailable

if TYPE_CHECKING:
    from datetime import datetime


SQLSTATE_CLASSES: Final = (
    "08",
    "22",
    "23",
    "25",
    "40",
    "42",
    "53",
    "54",
    "55",
    "57",
    "58",
    "XX",
    "client",
)
"""The classes of PostgreSQL's appendix A that reeld can meet, and the word for an error without one."""

DISK_FULL: Final = (
    "The disk of PostgreSQL's data is full: reeld still shows what it knows, and writes nothing. Make room on the disk"
    " of REELD_DATA_DIR, or of the server of REELD_DATABASE_URL; nothing is lost, and work goes on by itself then."
)
"""For a person, when PostgreSQL has no room to write."""


class StatementTimedOut(psycopg.OperationalError):
    """A statement passed the deadline of its connection: it was cancelled, or its connection closed."""


class LeadershipLost(ReeldError):
    """Another process took over: nothing of this transaction was written."""

    default_reason = "leadership_lost"

    def __init__(self, epoch: int) -> None:
        super().__init__(
            f"Another reeld took over this database after this one had led it in epoch {epoch}."
            " This process stops writing; run only one daemon on a database."
        )
        self.epoch = epoch


class LeadershipHeld(ReeldError):
    """Another daemon works on this database.

    Args:
        host: The machine it runs on.
        pid: Its process there.
        since: When it took the lead.
        lease_seconds: Seconds until its lease ends, if it does not renew it.
    """

    default_reason = "leadership_held"

    def __init__(self, *, host: str, pid: int, since: datetime, lease_seconds: float) -> None:
        super().__init__(
            f"Another reeld works on this database: process {pid} on {host},"
            f" since {since:%Y-%m-%d %H:%M:%S %Z}. Stop that one first, or give this one a database of its own."
        )
        self.host = host
        self.pid = pid
        self.since = since
        self.lease_seconds = lease_seconds


class DataDirectoryBusy(ReeldError):
    """Another daemon works in this data directory."""

    default_reason = "data_directory_busy"


class EmbeddedServerFailed(ReeldError):
    """The embedded PostgreSQL did not start, or cannot run here."""

    default_reason = "embedded_server_failed"


class MigrationRefused(ReeldError):
    """The schema and this version of reeld do not fit together."""

    default_reason = "migration_refused"


class BackupFailed(ReeldError):
    """A backup could not be made, checked or put back this time."""

    default_reason = "backup_failed"


class BackupBusy(Unavailable):
    """Another process works in the folder of the backups."""

    default_reason = "backup_busy"


class BackupUnusable(Refused):
    """A backup is damaged, foreign or too new."""

    default_reason = "backup_damaged"
