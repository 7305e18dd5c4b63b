"""What the commands for people do."""

from __future__ import annotations

import getpass
import sys
from typing import Any, Final

from reeld.cli.client import Daemon
from reeld.cli.output import print_json, say, show, table, time_of
from reeld.domain.errors import NotFound, Refused
from reeld.domain.password import LONGEST_PASSWORD

USERS: Final = "/api/users"


def show_users(*, as_json: bool) -> int:
    """List users."""
    users = Daemon().get(USERS)
    if as_json:
        print_json(users)
        return 0
    rows = ((each["name"], each["role"], _seen(each)) for each in users)
    show(table(("Name", "Role", "Last login"), rows))
    return 0


def add_user(name: str, role: str, *, as_json: bool) -> int:
    """Add a user."""
    daemon = Daemon()
    made = daemon.post(USERS, {"username": name, "role": role, "password": read_password()})
    return _said(made, f"{made['name']} may log in now, as {made['role']}.", as_json=as_json)


def set_role(name: str, role: str, *, as_json: bool) -> int:
    """Change a role."""
    daemon = Daemon()
    changed = daemon.put(f"{USERS}/{_id_of(daemon, name)}", {"role": role})
    return _said(changed, f"{changed['name']} is {changed['role']} now.", as_json=as_json)


def set_password(name: str, *, as_json: bool) -> int:
    """Set a password."""
    daemon = Daemon()
    number = _id_of(daemon, name)
    daemon.put(f"{USERS}/{number}/password", {"password": read_password()})
    sentence = f"{name} has a new password. Sessions of before have ended."
    return _said({"changed": name}, sentence, as_json=as_json)


def remove_user(name: str, *, as_json: bool) -> int:
    """Remove a user."""
    daemon = Daemon()
    daemon.delete(f"{USERS}/{_id_of(daemon, name)}")
    return _said({"removed": name}, f"{name} may not log in any more.", as_json=as_json)


def read_password() -> str:
    """Return a password from the terminal, typed twice, or from the first line of standard input.

    Never from an argument, which every process on the machine can read.

    Raises:
        Refused: Both were not the same, or there was none.
    """
    if not sys.stdin.isatty():
        # One more, so that one that is too long is refused and not cut.
        password = sys.stdin.readline(LONGEST_PASSWORD + 2).rstrip("\r\n")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise Refused("These were two different passwords. Nothing was changed.")
    if not password:
        raise Refused("The password is empty. Type it, or give it on standard input.")
    return password


def _id_of(daemon: Daemon, name: str) -> int:
    for each in daemon.get(USERS):
        if each["name"].lower() == name.lower():
            return int(each["id"])
    raise NotFound(f"There is no user {name!r}: see `reeld user list`.")


def _said(document: Any, sentence: str, *, as_json: bool) -> int:
    if as_json:
        print_json(document)
    else:
        say(sentence)
    return 0


def _seen(user: Any) -> str:
    return time_of(user["last_login_at"]) if user["last_login_at"] else "never"
