"""The commands; what they need is loaded by the one that runs."""

from __future__ import annotations

from typing import Literal

from cyclopts import App

from reeld.cli.declaring import CALLS, Json, examples

groups = App(
    name="groups",
    help="Release groups: what became of their releases, and whom to trust.",
    group=CALLS,
    help_epilogue=examples(
        "reeld groups", "reeld groups --order best --limit 10", "reeld groups --rule block --json"
    ),
)

Order = Literal["worst", "best", "name", "evidence", "latest"]


@groups.default
def list_groups(
    *,
    search: str | None = None,
    rule: Literal["block", "prefer"] | None = None,
    order: Order = "worst",
    limit: int = 50,
    as_json: Json = False,
) -> int:
    """List the groups that there is evidence or a rule about.

    Args:
        search: Only those with this in their name.
        rule: Only those of which a person says this.
        order: Which come first.
        limit: So many at most.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.groups._commands import show_groups

    return show_groups(search, rule, order, limit, as_json=as_json)


@groups.command(help_epilogue=examples("reeld groups show SPARKS"))
def show(name: str, /, *, limit: int = 20, as_json: Json = False) -> int:
    """Show a group: its evidence over time, and what indexers say of its releases.

    Args:
        name: The group, however it is capitalised.
        limit: So many events at most, the newest.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.groups._commands import show_group

    return show_group(name, limit, as_json=as_json)


@groups.command(help_epilogue=examples("reeld groups block YIFY --note 'cuts the credits'"))
def block(name: str, /, *, note: str = "", as_json: Json = False) -> int:
    """Take no releases of a group, whatever the evidence.

    Args:
        name: The group, known or not.
        note: Why, in a few words.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.groups._commands import set_rule

    return set_rule(name, "block", note, as_json=as_json)


@groups.command(help_epilogue=examples("reeld groups prefer SPARKS"))
def prefer(name: str, /, *, note: str = "", as_json: Json = False) -> int:
    """Count the releases of a group as if its reputation were perfect.

    Args:
        name: The group, known or not.
        note: Why, in a few words.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.groups._commands import set_rule

    return set_rule(name, "prefer", note, as_json=as_json)


@groups.command(help_epilogue=examples("reeld groups clear YIFY"))
def clear(name: str, /, *, as_json: Json = False) -> int:
    """Take the rule about a group back: its evidence speaks again.

    Args:
        name: The group.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.groups._commands import clear_rule

    return clear_rule(name, as_json=as_json)
