"""The actor tree as a picture for a terminal."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from rich.tree import Tree

_STYLES = {
    "running": "green",
    "starting": "cyan",
    "backoff": "yellow",
    "stopping": "yellow",
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
        (tree["name"], "bold"),
        f"  {tree['strategy']}, {tree['restarts']} restarts, {tree['dead_letters']} dead letters",
    )
    root = Tree(label)
    for child in tree["children"]:
        _add(root, child)
    return root


def _add(parent: Tree, node: Any) -> None:
    branch = parent.add(_label(node))
    for breaker in node["breakers"]:
        state = breaker["state"]
        text = Text.assemble("breaker ", breaker["name"], " ", (state, _STYLES.get(state, "")))
        if breaker["sentence"]:
            text.append(f"  {breaker['sentence']}", "dim")
        branch.add(text)
    for child in node["children"]:
        _add(branch, child)


def _label(node: Any) -> Text:
    state = "paused" if node["paused"] else node["state"]
    text = Text.assemble((node["name"], "bold"), " ", (state, _STYLES.get(state, "yellow")))
    if node["strategy"]:
        text.append(f"  {node['strategy']}", "dim")
    if node["restarts"]:
        text.append(
            f"  {node['restarts']} restarts, {node['restarts_left']} of {node['restart_limit']} left"
        )
    if node["mailbox"] and node["mailbox"]["depth"]:
        text.append(f"  {node['mailbox']['depth']} waiting of {node['mailbox']['capacity']}")
    if node["last_error"] and (node["restarts"] or node["parked"]):
        text.append(f"  {node['last_error']}", "dim")
    return text
