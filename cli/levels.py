"""`reeld log-level`."""

from __future__ import annotations

from typing import Any

from reeld.cli.client import Daemon
from reeld.cli.output import print_json, say, show, table

PATH = "/control/log-levels"


def show_levels(*, as_json: bool) -> int:
    """Show what each logger writes."""
    return _shown(Daemon().get(PATH), as_json)


def change_level(logger: str, level: str, seconds: float | None, *, as_json: bool) -> int:
    """Have a logger write from another level on."""
    order: dict[str, Any] = {"logger": logger, "level": level}
    if seconds is not None:
        order["seconds"] = seconds
    return _shown(Daemon().post(PATH, order), as_json)


def reset_levels(*, as_json: bool) -> int:
    """Take all changes back."""
    return _shown(Daemon().post(f"{PATH}/reset"), as_json)


def _shown(answer: Any, as_json: bool) -> int:
    if as_json:
        print_json(answer)
        return 0
    changed = {each["logger"]: each for each in answer["overrides"]}
    rows = [
        (name, changed[name]["level"] if name in changed else "", _left(changed.get(name)))
        for name in answer["loggers"]
    ]
    say(f"From {answer['level']} on, but for:" if changed else f"From {answer['level']} on.")
    show(table(("Logger", "Level", "For"), rows))
    return 0


def _left(override: Any) -> str:
    if override is None:
        return ""
    left = override["seconds_left"]
    return "until it stops" if left is None else f"{left:.0f} s"
