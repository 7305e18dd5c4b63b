"""The knobs that every simulator has: ways in which a server fails whatever it serves."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, Self, get_type_hints

import msgspec
import trio

DownAs = Literal["503", "502", "html", "drop", "hang", "refuse"]
"""How a server is down: an error status, a proxy's page with status 200, a reset, silence, or no listener at all."""


class UnknownKnob(ValueError):
    """A knob that the simulator does not have, or a value that it does not take."""


@dataclass(slots=True)
class Knobs:
    """Faults over HTTP. Subclasses add the faults of their protocol.

    Every `*_next` and `drop_*` knob counts down by one with each request it has spoiled.
    """

    down_for: float = 0.0
    """Seconds, counted from when it was turned, in which the server is down."""
    down_as: DownAs = "503"
    """What being down looks like from outside."""
    latency: float = 0.0
    """Seconds before each answer."""
    body_rate: int = 0
    """Bytes per second at which bodies are sent; 0 is full speed."""
    only: str = ""
    """Faults hit only requests whose path starts with this."""
    fail_next: int = 0
    """So many requests answer `fail_status` and have no effect."""
    fail_status: int = 503
    """The status of those answers."""
    retry_after: str = ""
    """The `Retry-After` header of those answers: seconds or an HTTP date; empty leaves it out."""
    html_next: int = 0
    """So many requests answer 200 with an HTML page and have no effect."""
    empty_next: int = 0
    """So many requests take effect and answer with an empty body."""
    garble_next: int = 0
    """So many requests take effect and answer with the first half of the body, as if that were all."""
    truncate_next: int = 0
    """So many requests take effect; the connection is reset in the middle of the answer."""
    drop_before: int = 0
    """So many connections are reset before the request takes effect."""
    drop_after: int = 0
    """So many connections are reset after the request took effect: applied, but no answer."""
    down_since: float = -math.inf
    """When `down_for` was turned, on trio's clock."""

    @property
    def down(self) -> bool:
        """Whether the server is down now."""
        return trio.current_time() < self.down_since + self.down_for

    def turn(self, values: dict[str, Any]) -> None:
        """Set knobs by name.

        Raises:
            UnknownKnob: A name or a value is wrong; nothing was changed.
        """
        hints = get_type_hints(type(self))
        checked = {name: _check(name, value, hints) for name, value in values.items()}
        for name, value in checked.items():
            setattr(self, name, value)
        if "down_for" in checked:
            self.down_since = trio.current_time()

    def take(self, name: str) -> bool:
        """Use up one of a counting knob; False when none is left."""
        left: int = getattr(self, name)
        if left <= 0:
            return False
        setattr(self, name, left - 1)
        return True

    def hits(self, path: str) -> bool:
        """Whether faults hit requests to this path."""
        return path.startswith(self.only)

    def shown(self) -> dict[str, Any]:
        """The knobs as plain values."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name != "down_since"
        }

    @classmethod
    def untouched(cls) -> Self:
        """Knobs that spoil nothing."""
        return cls()


def _check(name: str, value: object, hints: dict[str, Any]) -> object:
    if name not in hints or name == "down_since":
        raise UnknownKnob(f"There is no knob {name!r}. Known knobs: {', '.join(sorted(hints))}.")
    try:
        return msgspec.convert(value, hints[name])
    except msgspec.ValidationError as error:
        raise UnknownKnob(f"The knob {name!r} does not take {value!r}: {error}.") from error
