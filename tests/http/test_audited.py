"""Whatever changes something is noted with who, what and from where: held by the text of every route."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOMS: Final = Path(__file__).resolve().parents[2] / "http"
CHANGES: Final = {"post", "put", "patch", "delete"}

ONLY_LOOK: Final = {
    "decide_name": "a release to judge does not fit into a query",
    "search": "people's words in a query end up in logs",
    "test_formats": "a release to try formats on does not fit into a query",
}
"""Routes that ask with a body and change nothing, and why they have one."""


def changes() -> Iterator[tuple[str, str]]:
    """Every handler of a method that changes something, and its text."""
    for path in ROOMS.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.AsyncFunctionDef) and any(map(_changes, node.decorator_list)):
                yield node.name, ast.get_source_segment(text, node) or ""


def _changes(decorator: ast.expr) -> bool:
    match decorator:
        case ast.Call(func=ast.Name(id=name)):
            return name in CHANGES
        case _:
            return False


def test_every_route_that_changes_something_notes_it() -> None:
    found = dict(changes())
    assert len(found) > 30
    silent = {name for name, text in found.items() if "audit.change(" not in text}
    assert silent == ONLY_LOOK.keys()
