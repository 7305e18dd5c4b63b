"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console(highlight=False, soft_wrap=False)


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table without frills. Cells are plain text: a name from outside cannot colour or link anything."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(_printable(str(cell))) for cell in row))
    return made


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def percent(share: float) -> str:
    """Return a share of 0 to 1 as a percentage; nothing for 0."""
    return f"{share:.0%}" if share else ""


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
