"""The one line that `systemctl status` shows: what reeld does, and what needs somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reeld.actors.kernel import BreakerState
from reeld.http.surface import Readiness
from reeld.supervisors import NodeSnapshot, TreeSnapshot

LONGEST: Final = 300
MOST_NAMES: Final = 3
"""So many names are spelled out; the rest is a number."""

_OPEN: Final = (BreakerState.OPEN, BreakerState.FORCED_OPEN)


def status_line(
    readiness: Readiness, tree: TreeSnapshot | None, downloads: int | None, *, reloaded: bool = True
) -> str:
    """Return the line, such as `ready: 3 downloads, 1 breaker open (hdbits)`.

    Args:
        readiness: Whether the daemon can do its work.
        tree: The actors; None before they exist.
        downloads: How many are under way; None when nobody knows.
        reloaded: Whether the settings could be read the last time that they were.
    """
    if not readiness.is_ready:
        return one_line(f"{readiness.reason.replace('_', ' ')}: {readiness.sentence}")
    parts = [] if downloads is None else [_counted(downloads, "download")]
    if tree is not None:
        parts += _named(sorted(_open_breakers(tree.children)), "breaker", "open")
        parts += _named(sorted(tree.parked), "actor", "parked")
    if not reloaded:
        parts.append("changed settings are faulty, the former ones hold")
    return one_line(f"ready: {', '.join(parts)}" if parts else "ready")


def one_line(text: str) -> str:
    """Return text as one line of bounded length; a name from outside cannot begin a field of its own."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _open_breakers(nodes: tuple[NodeSnapshot, ...]) -> Iterator[str]:
    for node in nodes:
        yield from (breaker.name for breaker in node.breakers if breaker.state in _OPEN)
        yield from _open_breakers(node.children)


def _named(names: list[str], what: str, how: str) -> list[str]:
    if not names:
        return []
    more = len(names) - MOST_NAMES
    shown = names[:MOST_NAMES] + ([f"{more} more"] if more > 0 else [])
    return [f"{_counted(len(names), what)} {how} ({', '.join(shown)})"]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
