"""Every reason that the code gives is in the one list of reasons, and that list names no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from reeld.domain.reasons import REASONS

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("actors", "cli", "domain", "http", "migrations", "services", "storage", "supervisors")
MADE_BY = {"Objection", "Why", "_violation"}
"""What takes a reason without naming it."""


def reasons_in(tree: ast.AST) -> Iterator[str]:
    """Every literal that becomes a reason; what is said in words, such as why an actor stops, is none."""
    for node in ast.walk(tree):
        for value in _values(node):
            for literal in ast.walk(value):
                match literal:
                    case ast.Constant(value=str(text)) if re.fullmatch(r"[a-z][a-z0-9_]*", text):
                        yield text


def _values(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if (
            name in MADE_BY
        ):
            yield from _alternatives(first)
        case ast.Assign(targets=[ast.Name(id="reason" | "default_reason")], value=value):
            yield from _alternatives(value)
        case ast.AnnAssign(target=ast.Name(id="default_reason"), value=ast.expr() as value):
            yield from _alternatives(value)
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg == "reason":
                yield from _alternatives(keyword.value)


def _alternatives(value: ast.expr) -> Iterator[ast.expr]:
    match value:
        case ast.Constant():
            yield value
        case ast.IfExp(body=body, orelse=orelse):
            yield from (body, orelse)
        case ast.BoolOp(values=values):
            yield from (each for each in values if isinstance(each, ast.Constant))


def given() -> set[str]:
    found: set[str] = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            found |= set(reasons_in(ast.parse(path.read_text(encoding="utf-8"))))
    return found


def test_every_reason_is_in_the_list_and_the_list_names_no_other() -> None:
    code = given()
    assert code - REASONS == set(), "add them to domain/reasons.py, or use one that is there"
    assert REASONS - code == set(), "nothing gives them any more: take them out of the list"


def test_a_reason_is_found_however_it_is_given() -> None:
    source = """
class A(E):
    default_reason = "one"
reason = "two" if x else "three"
raise E("Sentence.", reason="four")
raise self._violation("five", "what")
stop(reason="the tree stops")
"""
    assert set(reasons_in(ast.parse(source))) == {"one", "two", "three", "four", "five"}
