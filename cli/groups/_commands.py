"""What the commands do."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from rich.text import Text

from reeld.cli.client import Daemon
from reeld.cli.groups._pictures import bar, history_of, styled, words_of_rule
from reeld.cli.output import print_json, printable, say, show, table, time_of
from reeld.domain.reputation import require_key

DRAWN: Final = 1000
"""So many events make the picture: the API's largest page."""


def show_groups(
    search: str | None, rule: str | None, order: str, limit: int, *, as_json: bool
) -> int:
    """List groups."""
    page = Daemon().get("/api/groups", search=search, rule=rule, order=order, limit=limit)
    if as_json:
        print_json(page)
        return 0
    if not page["groups"]:
        say("There is no such group." if search or rule else "Nothing is known of any group yet.")
        return 0
    rows = (
        (each["group"], bar(each), each["evidence"], words_of_rule(each["rule"]))
        for each in page["groups"]
    )
    show(table(("Group", "Reputation", "Evidence", "Rule"), rows))
    if page["next"] is not None:
        say(f"{page['total'] - page['next']} more: --limit shows them.")
    return 0


def show_group(name: str, limit: int, *, as_json: bool) -> int:
    """Show one group."""
    detail = Daemon().get(_path(name), limit=limit if as_json else DRAWN)
    if as_json:
        print_json(detail)
        return 0
    group = detail["group"]
    show(Text.assemble((printable(group["group"]), "bold"), "  ", bar(group)))
    say(_sentence(group["evidence"]))
    if group["rule"]:
        say(f"A person says: {words_of_rule(group['rule']).plain}.")
    if detail["shares"]:
        show(table(("What", "How often", "Remembered", "For", "Against"), _shares(detail)))
    _show_indexers(detail["indexers"])
    if detail["events"]:
        show(history_of(detail["events"]))
        show(table(("When", "What", "Release"), map(_event, detail["events"][:limit])))
    return 0


def set_rule(name: str, rule: str, note: str, *, as_json: bool) -> int:
    """Block or prefer a group."""
    said = Daemon().put(f"{_path(name)}/rule", {"rule": rule, "note": note})
    if as_json:
        print_json(said)
        return 0
    say(f"{name} is {'blocked' if rule == 'block' else 'preferred'} from now on.")
    return 0


def clear_rule(name: str, *, as_json: bool) -> int:
    """Take a rule back."""
    Daemon().delete(f"{_path(name)}/rule")
    if as_json:
        print_json({"cleared": name})
        return 0
    say(f"No rule holds for {name} any more: its evidence speaks.")
    return 0


def _path(name: str) -> str:
    require_key(name)
    return f"/api/groups/{quote(name, safe='')}"


def _sentence(evidence: str) -> str:
    return f"{evidence[:1].upper()}{evidence[1:]}."


def _shares(detail: Any) -> list[tuple[object, ...]]:
    return [
        (
            _words(each["kind"]),
            each["count"],
            f"{each['remembered']:.2f}",
            f"+{each['good']:.2f}" if each["good"] else "",
            f"-{each['bad']:.2f}" if each["bad"] else "",
        )
        for each in detail["shares"]
    ]


def _show_indexers(facts: Any) -> None:
    if not facts["offers"]:
        say("No indexer offers anything of it now.")
        return
    said = ", ".join(
        f"{facts[what]} {what}" for what in ("internal", "scene", "freeleech") if facts[what]
    )
    offers = "1 release" if facts["offers"] == 1 else f"{facts['offers']} releases"
    say(f"Indexers offer {offers}{': ' + said if said else ''}.")
    months = ((each["month"], each["offers"], _seeders(each)) for each in facts["months"])
    show(table(("First seen", "Releases", "Seeders (median)"), months))


def _seeders(month: Any) -> str:
    return "" if month["seeders"] is None else f"{month['seeders']:g}"


def _event(event: Any) -> tuple[object, ...]:
    return (
        time_of(event["at"]),
        styled(event["kind"], _words(event["kind"])),
        event["release_title"],
    )


def _words(kind: str) -> str:
    return kind.replace("_", " ")
