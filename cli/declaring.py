"""What the declarations of commands share."""

from __future__ import annotations

from typing import Annotated, Final

from cyclopts import Group, Parameter

CALLS: Final = Group("Calling a running daemon", sort_key=2)
ALONE: Final = Group("Without a daemon", sort_key=4)

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON on standard output.")]


def examples(*lines: str) -> str:
    """Return the end of a command's help."""
    return "Examples:\n\n" + "\n".join(f"  {line}" for line in lines)
