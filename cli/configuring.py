"""`reeld config`: the settings in force, where each comes from, and changing those that may be while reeld runs."""

from __future__ import annotations

import json
from typing import Any

from cyclopts import App

from reeld.cli.declaring import CALLS, Json, examples

configuration = App(
    name="config",
    help="The settings in force, where each comes from, and changing them.",
    group=CALLS,
)


@configuration.command(
    help_epilogue=examples("reeld config show", "reeld config show decision --json")
)
def show(section: str = "", /, *, as_json: Json = False) -> int:
    """Show every setting with its value and its source: default, changed, file, credential or environment.

    Args:
        section: Only settings of this section, such as `decision`, or the one of this name.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.client import Daemon

    found = [
        each
        for each in Daemon().get("/api/settings/sources")
        if not section or each["name"] == section or each["name"].startswith(f"{section}.")
    ]
    _print(found, as_json=as_json)
    return 0


@configuration.command(
    name="set",
    help_epilogue=examples(
        "reeld config set decision.propers do_not_upgrade",
        "reeld config set decision.minimum_free_bytes 10000000000",
        "reeld config set library.folder_template '{Movie Title} ({Release Year})'",
    ),
)
def set_(name: str, value: str, /, *, as_json: Json = False) -> int:
    """Change a setting; it is in force at once, and after a restart.

    Args:
        name: As `reeld config show` shows it.
        value: A number, `true`, `false`, a text, or a list in JSON.
        as_json: Print JSON on standard output.
    """
    return _change(name, _read(value), as_json=as_json)


@configuration.command(help_epilogue=examples("reeld config reset decision.propers"))
def reset(name: str, /, *, as_json: Json = False) -> int:
    """Take a change back: the default is in force again.

    Args:
        name: As `reeld config show` shows it.
        as_json: Print JSON on standard output.
    """
    return _change(name, None, as_json=as_json)


def _change(name: str, value: object, *, as_json: bool) -> int:
    from reeld.cli.client import Daemon

    section, _, field = name.partition(".")
    changed = Daemon().patch("/api/settings", {section: {field: value}})
    _print([each for each in changed if each["name"] == name], as_json=as_json)
    return 0


def _read(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _print(found: list[Any], *, as_json: bool) -> None:
    from reeld.cli.output import print_json, show, table

    if as_json:
        print_json(found)
        return
    rows = (
        (each["name"], _shown(each["value"]), _source(each), "yes" if each["changeable"] else "")
        for each in found
    )
    show(table(("Setting", "Value", "Comes from", "Changeable"), rows))


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _source(setting: dict[str, Any]) -> str:
    by = "by " if setting["source"] == "changed" else ""
    return f"{setting['source']} {by}{setting['where']}".strip()
