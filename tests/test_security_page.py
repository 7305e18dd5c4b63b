"""The page of mistakes names tests that there are; and one of them is here."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from reeld.telemetry import CATALOGUE
from reeld.telemetry.catalogue import Free, Living

ROOT = Path(__file__).resolve().parents[1]
ROOMS = (
    "actors",
    "cli",
    "domain",
    "http",
    "migrations",
    "services",
    "storage",
    "supervisors",
    "telemetry",
)
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "security.md").read_text())


def test_the_page_names_a_test_for_each_mistake() -> None:
    rows = [
        line
        for line in (ROOT / "docs" / "security.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    assert len(NAMED) == len(rows) - 1


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_test_that_the_page_names_is_there(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {
        each.name
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_the_page_names_each_label_of_the_metrics_that_holds_what_somebody_has_set() -> None:
    page = (ROOT / "docs" / "security.md").read_text().partition("## What an open")[2]
    lines = [line for line in page.splitlines() if line.startswith("- `")]
    named = {each for line in lines for each in re.findall(r"`(\w+)`", line.partition(":")[0])}
    open_ones = {
        name
        for metric in CATALOGUE
        for label in metric.about
        if isinstance(label.domain, Living | Free)
        for name in label.names
    }
    assert named == open_ones


def test_nothing_is_run_by_a_shell() -> None:
    found = []
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _is_of_a_shell(node):
                    found.append(f"{path}:{node.lineno}")
    assert found == []


def _is_of_a_shell(call: ast.Call) -> bool:
    asks = any(each.arg == "shell" and not _is_false(each.value) for each in call.keywords)
    return asks or ast.unparse(call.func) in {"os.system", "os.popen", "subprocess.getoutput"}


def _is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False
