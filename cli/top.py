"""`reeld top`: the daemon as it is, again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from reeld.cli.client import Daemon
from reeld.cli.interventions import NONE, Interventions, find_interventions, table_of
from reeld.cli.output import bytes_of, percent, print_json, printable, show, table
from reeld.cli.treeview import STYLES
from reeld.domain.errors import ReeldError

MOST_DOWNLOADS: Final = 8
INCARNATION_LETTERS: Final = 8
"""Of an incarnation's id: enough to see that an actor was started anew, and to find it in the log."""
FULL: Final = 0.8
"""A mailbox that is this full is shown in red, as its alert begins there."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look has seen."""

    info: Any
    tree: Any
    health: Any
    queue: Any
    interventions: Interventions = NONE

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "info": self.info,
            "tree": self.tree,
            "health": self.health,
            "queue": self.queue,
            **self.interventions.to_json(),
        }


def show_top(*, once: bool, seconds: float, as_json: bool) -> int:
    """Show the daemon until Ctrl-C, or once."""
    daemon, console = Daemon(), Console(highlight=False)
    if as_json:
        print_json(look(daemon).to_json())
        return 0
    if once or not console.is_terminal:
        show(picture(look(daemon)))
        return 0
    with Live(console=console, screen=True, auto_refresh=False) as live:
        for drawn in _pictures(daemon, max(seconds, 0.2)):
            live.update(drawn, refresh=True)
    return 0


def _pictures(daemon: Daemon, seconds: float) -> Iterator[RenderableType]:
    seen: Look | None = None
    while True:
        try:
            seen = look(daemon)
            yield picture(seen)
        except ReeldError as error:
            # A daemon that restarts is worth waiting for: this is what people watch it for.
            lost = Text(printable(error.sentence), "red bold")
            yield Group(lost, picture(seen)) if seen else lost
        time.sleep(seconds)


def look(daemon: Daemon) -> Look:
    """Ask the daemon how it is.

    Raises:
        ReeldError: It does not answer.
    """
    return Look(
        info=daemon.get("/info"),
        tree=daemon.get("/control/actors"),
        health=daemon.get_any("/health/detailed"),
        queue=_downloads(daemon),
        interventions=find_interventions(daemon),
    )


def _downloads(daemon: Daemon) -> Any:
    try:
        return daemon.get("/api/queue")
    except ReeldError:
        return []  # the database is away; the rest is worth showing


def picture(seen: Look) -> RenderableType:
    """Draw one look."""
    return Group(_head(seen), Text(""), _actors(seen.tree), Text(""), *_rest(seen))


def _head(seen: Look) -> Text:
    info, tree = seen.info, seen.tree
    status = seen.health["status"]
    style = {"pass": "green", "warn": "yellow"}.get(status, "red")
    return Text.assemble(
        (f"reeld {printable(info['version'])}", "bold"),
        "  ",
        (printable(status), style),
        f"  up {_duration(info['uptime_seconds'])}",
        f"  {info['tasks']} tasks",
        f"  {tree['restarts']} restarts",
        f"  {tree['dead_letters']} dead letters",
    )


def _actors(tree: Any) -> Table:
    rows = (
        (
            printable(node["name"]),
            _state(node),
            _fill(node["mailbox"]),
            node["working"] or "",
            f"{node['restarts']} ({node['restarts_left']} left)",
            printable((node["incarnation"] or "")[:INCARNATION_LETTERS]),
            _breakers(node),
        )
        for node in _leaves(tree)
    )
    columns = ("Actor", "State", "Mailbox", "Busy", "Restarts", "Life", "Breakers")
    return table(columns, rows)


def _leaves(node: Any) -> Iterator[Any]:
    for child in node["children"]:
        if child["children"]:
            yield from _leaves(child)
        else:
            yield child


def _state(node: Any) -> Text:
    state = "paused" if node["paused"] else node["state"]
    return Text(state.replace("_", " "), STYLES.get(state, "yellow"))


def _fill(mailbox: Any) -> Text:
    if mailbox is None:
        return Text("")
    depth, capacity = mailbox["depth"], mailbox["capacity"]
    style = "red" if capacity and depth / capacity >= FULL else ""
    return Text(f"{depth}/{capacity}", style)


def _breakers(node: Any) -> Text:
    text = Text()
    for breaker in node["breakers"]:
        state = breaker["state"]
        name = printable(breaker["name"])
        text.append(f"{name} {state.replace('_', ' ')}  ", STYLES.get(state, "yellow"))
    return text


def _rest(seen: Look) -> Iterator[RenderableType]:
    wrong = [
        (name, check)
        for name, checks in seen.health["checks"].items()
        for check in checks
        if check["status"] != "pass"
    ]
    changed = table_of(seen.interventions)
    if changed is not None:
        yield changed
        yield Text("")
    if wrong:
        rows = (
            (
                printable(name),
                Text(check["status"], "red" if check["status"] == "fail" else "yellow"),
                printable(check.get("output", "")),
            )
            for name, check in wrong
        )
        yield table(("What needs a look", "", ""), rows)
        yield Text("")
    if seen.queue:
        yield _queue(seen.queue[:MOST_DOWNLOADS])


def _queue(downloads: list[Any]) -> Table:
    rows = (
        (
            printable(each["movie_title"]),
            each["state"],
            percent(each["progress"]),
            f"{bytes_of(each['speed'])}/s" if each["speed"] else "",
        )
        for each in downloads
    )
    return table(("Download", "State", "", "Speed"), rows)


def _duration(seconds: float) -> str:
    minutes, days = int(seconds // 60), int(seconds // 86400)
    if days:
        return f"{days} d {minutes // 60 % 24} h"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
