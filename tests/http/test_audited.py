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


def changes() -> Iterator[tuple[str, str, str]]:
    """The file, the name and the text of every handler that changes something, with what it calls of its own group."""
    for path in ROOMS.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for group in ast.walk(ast.parse(text)):
            if not isinstance(group, ast.FunctionDef):
                continue
            own = {node.name: node for node in group.body if isinstance(node, ast.AsyncFunctionDef)}
            for name, node in own.items():
                if any(map(_changes, node.decorator_list)):
                    yield path.name, name, _text_with_calls(text, node, own)


def _text_with_calls(
    text: str, node: ast.AsyncFunctionDef, own: dict[str, ast.AsyncFunctionDef]
) -> str:
    called = {
        each.func.id
        for each in ast.walk(node)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id in own
    }
    parts = [node, *(own[name] for name in sorted(called))]
    return "".join(ast.get_source_segment(text, part) or "" for part in parts)


def _changes(decorator: ast.expr) -> bool:
    match decorator:
        case ast.Call(func=ast.Name(id=name)):
            return name in CHANGES
        case _:
            return False


def test_every_route_that_changes_something_notes_it() -> None:
    found = list(changes())
    assert len(found) > 60
    silent = {name for _, name, text in found if "audit.change(" not in text}
    assert silent == ONLY_LOOK.keys()
