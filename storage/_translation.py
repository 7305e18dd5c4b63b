"""From psycopg's errors to reeld's."""

from __future__ import annotations

from typing import Final

import psycopg

from reeld.domain.errors import DatabaseUnavailable, Refused
from reeld.storage.errors import DISK_FULL, StatementTimedOut

REASONS_BY_STATE: Final[dict[str, str]] = {
    "57014": "statement_timeout",
    "55P03": "lock_timeout",
    "40P01": "deadlock",
    "40001": "serialization_failure",
    "25006": "read_only",
    "25P03": "idle_in_transaction",
    "25P04": "transaction_timeout",
    "57P01": "server_stopping",
    "57P02": "server_crashed",
    "57P03": "server_starting",
    "57P05": "idle_session",
    "53100": "disk_full",
    "53200": "server_out_of_memory",
    "53300": "too_many_connections",
    "3D000": "database_missing",
    "28000": "login_refused",
    "28P01": "login_refused",
}
"""SQLSTATEs that mean "not now", by PostgreSQL's appendix A. All of 08 and 53 mean it too."""

DISK_FULL_SECONDS: Final = 30.0
"""When it makes sense to try again: somebody has to make room."""


def unavailable(error: Exception) -> DatabaseUnavailable | None:
    """Return what an error means for those who only need the database: that it cannot serve now, or None."""
    match error:
        case DatabaseUnavailable():
            return error
        case StatementTimedOut():
            return _unavailable("deadline_exceeded", error)
        case psycopg.Error(sqlstate=str(state)):
            return _by_state(state, error)
        case psycopg.OperationalError() | OSError():
            return _unavailable(DatabaseUnavailable.default_reason, error)
        case _:
            return None


def unstorable(error: Exception) -> Refused | None:
    """Return what it means that PostgreSQL keeps no NUL in a text, whoever has sent one; None for any other error.

    psycopg says it before it sends the statement; the server says it of JSON.
    """
    match error:
        case psycopg.DataError(sqlstate=None | "22021" | "22P05"):
            return Refused(
                "A text holds a character that cannot be stored, such as NUL. Send it without.",
                reason="text_not_storable",
            )
        case _:
            return None


def what_was_said(error: Exception) -> str:
    """Return the error's own words, in one line."""
    diagnosis = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return " ".join((diagnosis or str(error)).split()) or type(error).__name__


def sqlstate_class(error: BaseException) -> str:
    """Return the class of the error's SQLSTATE, or `client` when the server said none."""
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return state[:2] if state else "client"


def _by_state(state: str, error: Exception) -> DatabaseUnavailable | None:
    reason = REASONS_BY_STATE.get(state)
    if reason is None and state[:2] in {"08", "53"}:
        reason = DatabaseUnavailable.default_reason
    return _unavailable(reason, error) if reason else None


def _unavailable(reason: str, error: Exception) -> DatabaseUnavailable:
    if reason == "disk_full":
        return DatabaseUnavailable(DISK_FULL, reason=reason, retry_after=DISK_FULL_SECONDS)
    return DatabaseUnavailable(
        f"PostgreSQL cannot serve now: {what_was_said(error)}", reason=reason
    )
