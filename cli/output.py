"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

console = Console(highlight=False, markup=False, emoji=False)

WIDE: Final = 10_000
"""Columns of a table that goes into a file or a pipe: a line there is never folded."""

_UNSEEN = re.compile(r"[^\x20-\x7e\n]")

Cell = object
"""A cell of a table: `Text` keeps its colours, anything else is shown as plain text."""


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(to_json(value, indent=2) + "\n")


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Return JSON in which everything that a terminal would obey instead of show is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return _UNSEEN.sub(lambda found: _escaped(found[0]), text)


def _escaped(letter: str) -> str:
    return letter if letter.isprintable() and _can_print(letter) else json.dumps(letter)[1:-1]


def _can_print(letter: str) -> bool:
    encoding = (sys.stdout.encoding or "ascii").lower()
    if encoding == "utf-8":
        return True
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def show(what: RenderableType) -> None:
    """Print something for people: as wide as the terminal, and a line a line where there is none."""
    if console.is_terminal:
        console.print(what)
        return
    lines = io.StringIO()
    Console(file=lines, width=WIDE, color_system=None, highlight=False).print(what)
    for line in lines.getvalue().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def say(sentence: str) -> None:
    """Print a sentence; what came from outside in it cannot colour or move anything."""
    sys.stdout.write(printable(sentence) + "\n")


def complain(sentence: str) -> None:
    """Print on standard error what went wrong."""
    sys.stderr.write(f"reeld: {printable(sentence)}\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    """Return a table without frills; the cells of a row are in the order of the columns."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(plain(cell) for cell in row))
    return made


def plain(cell: Cell) -> Text:
    """Return a cell as text; a name from outside cannot colour or link anything."""
    if isinstance(cell, Text):
        return cell
    return Text("" if cell is None else printable(str(cell)))


def printable(text: str) -> str:
    """Return text in which what is not printable is replaced, line breaks excepted."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def percent(share: float) -> str:
    """Return a share of 0 to 1 as a percentage; nothing for 0. Only what is whole is 100 %."""
    return f"{int(share * 100)}%" if share else ""


def bytes_of(count: int | None) -> str:
    """Return a number of bytes as people write it."""
    if count is None:
        return ""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def time_of(text: str) -> str:
    """Return a time of the API in local time, to the second."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
