"""How the commands are called. What they need is imported when they run, so that `--help` is quick."""

from __future__ import annotations

from cyclopts import App

from reeld.cli.declaring import ALONE, Json, examples

secrets = App(
    name="secrets", help="The keys by which stored credentials are encrypted.", group=ALONE
)


@secrets.command(
    help_epilogue=examples("reeld secrets rotate", "reeld secrets rotate --json"),
)
def rotate(*, as_json: Json = False) -> int:
    """Make a new key and encrypt everything anew with it, whether or not a daemon runs. May be repeated after a kill.

    Args:
        as_json: Print JSON on standard output.
    """
    from reeld.cli.secrets._commands import rotate

    return rotate(as_json=as_json)


@secrets.command(help_epilogue=examples("reeld secrets status", "reeld secrets status --json"))
def status(*, as_json: Json = False) -> int:
    """Say where the keys are, and how many rows are encrypted with each.

    Args:
        as_json: Print JSON on standard output.
    """
    from reeld.cli.secrets._commands import status

    return status(as_json=as_json)
