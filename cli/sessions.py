"""What the commands for sessions do."""

from __future__ import annotations

from reeld.cli.client import Daemon
from reeld.cli.output import print_json, say, show, table, time_of

SESSIONS = "/api/sessions"


def show_sessions(*, as_json: bool) -> int:
    """List sessions."""
    sessions = Daemon().get(SESSIONS)
    if as_json:
        print_json(sessions)
        return 0
    rows = (
        (
            each["id"],
            each["name"],
            time_of(each["created_at"]),
            time_of(each["last_used_at"]),
            each["origin"],
            each["agent"],
        )
        for each in sessions
    )
    show(table(("#", "Name", "Since", "Last used", "From", "Browser"), rows))
    return 0


def revoke_session(session_id: int, *, as_json: bool) -> int:
    """End a session."""
    Daemon().delete(f"{SESSIONS}/{session_id}")
    if as_json:
        print_json({"revoked": session_id})
        return 0
    say(f"Session {session_id} has ended: whoever had it must log in again.")
    return 0
