"""What the commands of an operator do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from rich.tree import Tree

from reeld.cli.client import Daemon
from reeld.cli.durations import read_duration
from reeld.cli.output import print_json, printable, say, show, table, time_of

INNERMOST: Final = 6
"""So many frames of a stack are shown to a person: the innermost say what it waits for."""


def change_actor(name: str, action: str, body: Mapping[str, object], *, as_json: bool) -> int:
    """Do something to an actor and show how it is then."""
    answer = Daemon().post(f"/control/actors/{quote(name, safe='')}/{action}", dict(body))
    return _shown_node(answer, as_json)


def change_breaker(actor: str, breaker: str, action: str, reason: str, *, as_json: bool) -> int:
    """Do something to a breaker and show how its actor is then."""
    path = f"/control/actors/{quote(actor, safe='')}/breakers/{action}"
    return _shown_node(Daemon().post(path, {"breaker": breaker, "reason": reason}), as_json)


def show_keys(*, as_json: bool) -> int:
    """List the keys."""
    keys = Daemon().get("/control/keys")
    if as_json:
        print_json(keys)
        return 0
    rows = (
        (
            each["id"],
            each["name"],
            each["scope"],
            f"{each['prefix']}…",
            _used(each),
            each.get("owner") or "-",
            time_of(each["expires_at"]) if each.get("expires_at") else "never",
        )
        for each in keys
    )
    show(table(("#", "Name", "Scope", "Begins with", "Last used", "Owner", "Ends"), rows))
    return 0


def add_key(name: str, scope: str, expires: str | None = None, *, as_json: bool) -> int:
    """Make a key."""
    order: dict[str, object] = {"name": name, "scope": scope}
    if expires is not None:
        order["expires_at"] = (datetime.now(UTC) + read_duration(expires)).isoformat()
    made = Daemon().post("/control/keys", order)
    if as_json:
        print_json(made)
        return 0
    say(made["key"])
    say(
        f"This is the key {made['name']!r} ({made['scope']}). It is shown this once; send it as X-Api-Key."
    )
    if made["expires_at"] is not None:
        say(f"It ends at {time_of(made['expires_at'])}.")
    return 0


def revoke_key(key_id: int, *, as_json: bool) -> int:
    """Revoke a key."""
    Daemon().post(f"/control/keys/{key_id}/revoke")
    if as_json:
        print_json({"revoked": key_id})
        return 0
    say(f"Key {key_id} is not valid any more.")
    return 0


def show_dump(*, as_json: bool) -> int:
    """Show tasks and threads."""
    dump = Daemon().get("/control/tasks")
    if as_json:
        print_json(dump)
        return 0
    show(_tasks(dump["tasks"]))
    for thread in dump["threads"]:
        say(f"thread {thread['name']}")
        for frame in thread["stack"][-INNERMOST:]:
            say(f"    {_frame(frame)}")
    return 0


def _tasks(tasks: list[Any]) -> Tree:
    root = Tree("tasks", guide_style="dim")
    above = [root]
    for task in tasks:
        del above[task["depth"] + 1 :]
        branch = above[-1].add(printable(task["name"]))
        for frame in task["stack"][-INNERMOST:]:
            branch.add(_frame(frame), style="dim")
        above.append(branch)
    return root


def _frame(frame: Any) -> str:
    return printable(f"{frame['function']}  {frame['file']}:{frame['line']}")


def _used(key: Any) -> str:
    return time_of(key["last_used_at"]) if key["last_used_at"] else "never"


def _shown_node(node: Any, as_json: bool) -> int:
    from reeld.cli.treeview import render_node

    if as_json:
        print_json(node)
    else:
        show(render_node(node))
    return 0
