"""What the commands of custom formats do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from reeld.cli.client import Daemon
from reeld.cli.output import print_json, say, show, table
from reeld.cli.profiles._exchange import import_documents, named

ROUTE = "/api/customformats"


def show_formats(*, as_json: bool) -> int:
    """List formats."""
    found = Daemon().get(ROUTE)
    if as_json:
        print_json(found)
        return 0
    if not found:
        say(
            "There is no custom format. `reeld formats import` brings in those of a Radarr or of the TRaSH Guides."
        )
        return 0
    rows = ((each["id"], each["name"], _kinds(each["conditions"])) for each in found)
    show(table(("#", "Name", "Conditions"), rows))
    return 0


def show_format(name: str, *, as_json: bool) -> int:
    """Show one format."""
    found = named(Daemon().get(ROUTE), name, "custom format")
    if as_json:
        print_json(found)
        return 0
    say(f"{found['name']} (number {found['id']})")
    rows = (
        (each["name"], each["kind"], _manner(each), _wanted(each["fields"]))
        for each in found["conditions"]
    )
    show(table(("Condition", "Kind", "", "Wants"), rows))
    return 0


def import_files(files: Sequence[Path], *, dry_run: bool, as_json: bool) -> int:
    """Import formats."""
    return import_documents(ROUTE, "formats", files, dry_run=dry_run, as_json=as_json)


def export_formats(name: str | None) -> int:
    """Write formats as Radarr does."""
    daemon = Daemon()
    if name is None:
        print_json(daemon.get(f"{ROUTE}/export"))
        return 0
    found = named(daemon.get(ROUTE), name, "custom format")
    print_json(daemon.get(f"{ROUTE}/{found['id']}/export"))
    return 0


def delete_format(name: str, *, as_json: bool) -> int:
    """Remove a format."""
    daemon = Daemon()
    found = named(daemon.get(ROUTE), name, "custom format")
    daemon.delete(f"{ROUTE}/{found['id']}")
    if as_json:
        print_json({"deleted": found["id"], "name": found["name"]})
        return 0
    say(f"{found['name']} is gone, and its points in every profile.")
    return 0


def tell_formats(
    release: str, name: str | None, facts: Mapping[str, object], *, as_json: bool
) -> int:
    """Tell which formats a release has."""
    answer = Daemon().post(f"{ROUTE}/test", {"name": release, **facts})
    if name is not None:
        answer["formats"] = [named(answer["formats"], name, "custom format")]
    if as_json:
        print_json(answer)
        return 0
    told = [each for each in answer["formats"] if each["matches"] or name is not None]
    if not told:
        say("None of the formats matches.")
    show(table(("Format", "Condition", "Kind", "", "Says"), _verdicts(told)))
    return 0


def _verdicts(formats: Sequence[Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    for each in formats:
        title: object = Text(each["name"], style="bold" if each["matches"] else "dim")
        for condition in each["conditions"]:
            said = _said(condition["satisfied"])
            yield (title, condition["name"], condition["kind"], _manner(condition), said)
            title = ""


def _said(satisfied: bool | None) -> Text:
    if satisfied is None:
        return Text("out of time", style="red")
    return Text("yes", style="green") if satisfied else Text("no", style="dim")


def _kinds(conditions: Sequence[Mapping[str, Any]]) -> str:
    counted: dict[str, int] = {}
    for each in conditions:
        counted[each["kind"]] = counted.get(each["kind"], 0) + 1
    return ", ".join(f"{count} {kind}" for kind, count in counted.items())


def _manner(condition: Mapping[str, Any]) -> str:
    words = ("required" if condition["required"] else "", "not" if condition["negate"] else "")
    return " ".join(word for word in words if word)


def _wanted(fields: Mapping[str, Any]) -> str:
    if set(fields) == {"value"}:
        return str(fields["value"])
    return ", ".join(f"{name} {value}" for name, value in fields.items())
