"""How the commands are called. What they need is imported when they run, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from reeld.cli.declaring import ALONE, Json, examples

backup = App(name="backup", help="Save the database, try what was saved, put it back.", group=ALONE)


@backup.command(
    name="create",
    help_epilogue=examples("reeld backup create", "reeld backup create --verify --json"),
)
def create_backup(
    *, verify: Annotated[bool, Parameter(negative="")] = False, as_json: Json = False
) -> int:
    """Save the database and the key to it, whether or not a daemon runs.

    Args:
        verify: Restore it on trial at once.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.backup._commands import create

    return create(verified=verify, as_json=as_json)


@backup.command(
    name="verify",
    help_epilogue=examples("reeld backup verify", "reeld backup verify reeld-20261127T030000Z"),
)
def verify_backup(name: str = "latest", *, as_json: Json = False) -> int:
    """Check a backup's checksums, restore it on trial and compare the rows. Touches nothing else.

    Args:
        name: As in `reeld backup list`; the newest one when left out.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.backup._commands import verify

    return verify(name, as_json=as_json)


@backup.command(
    name="restore",
    help_epilogue=examples(
        "reeld backup restore latest", "reeld backup restore reeld-20261127T030000Z"
    ),
)
def restore_backup(name: str, *, as_json: Json = False) -> int:
    """Put a backup in the place of the database, which is kept under another name. Stop reeld first.

    Args:
        name: As in `reeld backup list`, or `latest`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.backup._commands import restore

    return restore(name, as_json=as_json)


@backup.command(
    name="list", help_epilogue=examples("reeld backup list", "reeld backup list --json")
)
def list_backups(*, as_json: Json = False) -> int:
    """List the backups, newest first."""
    from reeld.cli.backup._commands import show_list

    return show_list(as_json=as_json)


@backup.command(help_epilogue=examples("reeld backup former", "reeld backup former --drop"))
def former(*, drop: Annotated[bool, Parameter(negative="")] = False, as_json: Json = False) -> int:
    """List the databases whose place a backup has taken.

    Args:
        drop: Drop them for good: do it when you miss nothing.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.backup._commands import former as show_former

    return show_former(drop=drop, as_json=as_json)
