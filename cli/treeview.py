"""The actor tree as a picture for a terminal."""

from __future__ import annotations

from typing import Any, Final

from rich.text import Text
from rich.tree import Tree

from reeld.cli.output import printable

STYLES: Final = {
    "running": "green",
    "starting": "cyan",
    "backoff": "yellow",
    "stopping": "yellow",
    "paused": "yellow",
    "parked": "red",
    "stopped": "red",
    "closed": "green",
    "half_open": "yellow",
    "open": "red",
    "forced_open": "red bold",
    "disabled": "dim",
}


def render_tree(tree: Any) -> Tree:
    """Return the tree that `GET /control/actors` shows."""
    label = Text.assemble(
        (printable(tree["name"]), "bold"),
        (f"  {_words(tree['strategy'])}", "dim"),
        f", {_count(tree['restarts'], 'restart')}, {_count(tree['dead_letters'], 'dead letter')}",
    )
    root = Tree(label, guide_style="dim")
    for child in tree["children"]:
        _add(root, child)
    return root


def render_node(node: Any) -> Tree:
    """Return an actor or a supervisor with what is below it, as `GET /control/actors/{name}` shows it."""
    root = Tree(_label(node), guide_style="dim")
    for breaker in node["breakers"]:
        root.add(_breaker(breaker))
    for child in node["children"]:
        _add(root, child)
    return root


def _add(parent: Tree, node: Any) -> None:
    branch = parent.add(_label(node))
    for breaker in node["breakers"]:
        branch.add(_breaker(breaker))
    for child in node["children"]:
        _add(branch, child)


def _breaker(breaker: Any) -> Text:
    text = Text.assemble("breaker ", printable(breaker["name"]), " ", _state(breaker["state"]))
    if breaker["retry_in"]:
        text.append(f", tries again in {breaker['retry_in']:.0f} s")
    if breaker["sentence"]:
        text.append(f"  {printable(breaker['sentence'])}", "dim")
    return text


def _label(node: Any) -> Text:
    state = "paused" if node["paused"] else node["state"]
    text = Text.assemble((printable(node["name"]), "bold"), " ", _state(state))
    if node["strategy"]:
        text.append(f"  {_words(node['strategy'])}", "dim")
    if node["restarts"]:
        left = f"{node['restarts_left']} of {node['restart_limit']} left"
        text.append(f"  {_count(node['restarts'], 'restart')}, {left}")
    if node["mailbox"] and node["mailbox"]["depth"]:
        text.append(f"  {node['mailbox']['depth']} waiting of {node['mailbox']['capacity']}")
    if node["last_error"] and (node["restarts"] or node["parked"]):
        text.append(f"  {printable(node['last_error'])}", "dim")
    return text


def _state(state: str) -> tuple[str, str]:
    return _words(state), STYLES.get(state, "yellow")


def _words(name: str) -> str:
    return printable(name.replace("_", " "))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
