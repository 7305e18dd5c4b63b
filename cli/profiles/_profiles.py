"""What the commands of quality profiles do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from reeld.cli.client import Daemon
from reeld.cli.output import print_json, say, show, table
from reeld.cli.profiles._exchange import import_documents, named
from reeld.domain.errors import NotFound, Refused

ROUTE = "/api/profiles"


def show_profiles(*, as_json: bool) -> int:
    """List profiles."""
    found = Daemon().get(ROUTE)
    if as_json:
        print_json(found)
        return 0
    rows = (
        (each["id"], each["name"], each["cutoff"], _upgrades(each), len(each["format_scores"]))
        for each in found
    )
    show(table(("#", "Name", "Cutoff", "Upgrades", "Formats with points"), rows))
    return 0


def show_profile(name: str, *, as_json: bool) -> int:
    """Show one profile."""
    return _shown(named(Daemon().get(ROUTE), name, "quality profile"), as_json)


def import_files(files: Sequence[Path], *, dry_run: bool, as_json: bool) -> int:
    """Import profiles."""
    return import_documents(ROUTE, "profiles", files, dry_run=dry_run, as_json=as_json)


def export_profiles(name: str | None) -> int:
    """Write profiles as Radarr does."""
    daemon = Daemon()
    if name is None:
        print_json(daemon.get(f"{ROUTE}/export"))
        return 0
    found = named(daemon.get(ROUTE), name, "quality profile")
    print_json(daemon.get(f"{ROUTE}/{found['id']}/export"))
    return 0


def delete_profile(name: str, *, as_json: bool) -> int:
    """Remove a profile."""
    daemon = Daemon()
    found = named(daemon.get(ROUTE), name, "quality profile")
    daemon.delete(f"{ROUTE}/{found['id']}")
    if as_json:
        print_json({"deleted": found["id"], "name": found["name"]})
        return 0
    say(f"{found['name']} is gone.")
    return 0


def change_profile(
    name: str,
    changes: Mapping[str, object],
    scores: Sequence[str],
    allow: Sequence[str],
    refuse: Sequence[str],
    *,
    as_json: bool,
) -> int:
    """Change what is given, and show the profile as it is then."""
    daemon = Daemon()
    found = named(daemon.get(ROUTE), name, "quality profile")
    number = found.pop("id")
    found |= changes
    found["format_scores"] |= dict(map(_score, scores))
    for words, allowed in ((allow, True), (refuse, False)):
        for word in words:
            _item(found["items"], word)["allowed"] = allowed
    return _shown(daemon.put(f"{ROUTE}/{number}", found), as_json)


def _score(given: str) -> tuple[str, int]:
    name, equals, points = given.rpartition("=")
    try:
        return name, int(points if equals else "")
    except ValueError:
        raise Refused(f"{given!r} must look like FORMAT=POINTS.") from None


def _item(items: Sequence[dict[str, Any]], label: str) -> dict[str, Any]:
    for each in items:
        if label == _label(each):
            return each
    known = ", ".join(map(_label, items))
    raise NotFound(f"The profile has no quality or group {label!r}; it has {known}.")


def _label(item: Mapping[str, Any]) -> str:
    return str(item.get("name") or item["qualities"][0])


def _shown(profile: Mapping[str, Any], as_json: bool) -> int:
    if as_json:
        print_json(profile)
        return 0
    say(f"{profile['name']} (number {profile['id']})")
    facts = (
        ("Upgrades", _upgrades(profile)),
        ("Cutoff", profile["cutoff"]),
        ("Language", profile["language"]),
        ("Score at least", profile["min_format_score"]),
        ("Score is enough at", profile["cutoff_format_score"]),
        ("Upgrade by at least", profile["min_upgrade_format_score"]),
        ("Weight of reputations", profile["reputation_weight"]),
    )
    show(table(("", ""), facts))
    show(table(("Quality, best first", ""), map(_row, reversed(profile["items"]))))
    if profile["format_scores"]:
        scores = sorted(profile["format_scores"].items(), key=lambda pair: -pair[1])
        show(table(("Format", "Points"), scores))
    return 0


def _row(item: Mapping[str, Any]) -> tuple[object, ...]:
    members = f" ({', '.join(item['qualities'])})" if item.get("name") else ""
    style = "" if item["allowed"] else "dim"
    return Text(f"{_label(item)}{members}", style=style), "" if item["allowed"] else "refused"


def _upgrades(profile: Mapping[str, Any]) -> str:
    words = {True: "yes", False: "no", None: "by setting"}
    return words[profile["upgrades_allowed"]]
