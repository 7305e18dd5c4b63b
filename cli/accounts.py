"""The commands for people who may log in."""

from __future__ import annotations

from typing import Literal, TypeAlias

from cyclopts import App

from reeld.cli.declaring import Json, examples
from reeld.cli.operate import OPERATING

RoleName: TypeAlias = Literal["viewer", "operator", "admin"]

user = App(name="user", help="People who may log in.", group=OPERATING)


session = App(name="session", help="Browsers that are logged in.", group=OPERATING)
people = (session, user)


@session.command(name="list", help_epilogue=examples("reeld session list"))
def list_sessions(*, as_json: Json = False) -> int:
    """List who is logged in, since when and from where."""
    from reeld.cli.sessions import show_sessions

    return show_sessions(as_json=as_json)


@session.command(name="revoke", help_epilogue=examples("reeld session revoke 7"))
def revoke_session(session_id: int, /, *, as_json: Json = False) -> int:
    """End a session at once; its open pages hear no more within seconds.

    Args:
        session_id: Its number in `reeld session list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.sessions import revoke_session

    return revoke_session(session_id, as_json=as_json)


@user.command(name="list", help_epilogue=examples("reeld user list"))
def list_users(*, as_json: Json = False) -> int:
    """List who may log in, and as what."""
    from reeld.cli.users import show_users

    return show_users(as_json=as_json)


@user.command(
    name="add",
    help_epilogue=examples("reeld user add anna --role operator", "reeld user add tv < password"),
)
def add_user(name: str, /, *, role: RoleName = "viewer", as_json: Json = False) -> int:
    """Add somebody who may log in. The password is asked for, or read from standard input.

    Args:
        name: Letters, digits, dots, underscores, at signs and dashes.
        role: viewer looks, operator adds and restarts, admin may do everything.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.users import add_user

    return add_user(name, role, as_json=as_json)


@user.command(name="role", help_epilogue=examples("reeld user role anna admin"))
def set_role(name: str, role: RoleName, /, *, as_json: Json = False) -> int:
    """Give somebody another role. Their sessions end.

    Args:
        name: As `reeld user list` shows it.
        role: viewer looks, operator adds and restarts, admin may do everything.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.users import set_role

    return set_role(name, role, as_json=as_json)


@user.command(name="password", help_epilogue=examples("reeld user password admin"))
def set_password(name: str, /, *, as_json: Json = False) -> int:
    """Set somebody's password: one that was forgotten, too. It is asked for, or read from standard input.

    Args:
        name: As `reeld user list` shows it.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.users import set_password

    return set_password(name, as_json=as_json)


@user.command(name="remove", help_epilogue=examples("reeld user remove anna"))
def remove_user(name: str, /, *, as_json: Json = False) -> int:
    """Remove somebody: sessions and keys end at once. The last administrator stays.

    Args:
        name: As `reeld user list` shows it.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.users import remove_user

    return remove_user(name, as_json=as_json)
