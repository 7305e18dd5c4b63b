"""The values that the metrics know are those that the code uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from reeld.actors.importer import FAILURE_REASONS
from reeld.cli.labels import ACTORS, KNOWN_LABELS, REPOSITORIES, SUPERVISORS
from reeld.services.operations import OPERATIONS

ROOT: Final = Path(__file__).resolve().parents[2]


def text_of(*rooms: str) -> Iterator[tuple[Path, str]]:
    for room in rooms:
        for path in (ROOT / room).rglob("*.py"):
            yield path, path.read_text(encoding="utf-8")


def test_every_operation_of_every_client_is_known() -> None:
    used: dict[str, set[str]] = {}
    for path, text in text_of("services"):
        for name in re.findall(r"\.operation\(\"(\w+)\"\)", text):
            # The folder is named after what it reads, the service after one of it.
            service = {"feeds": "feed"}.get(path.parent.name, path.parent.name)
            used.setdefault(service, set()).add(name)
    assert used == {service: set(names) for service, names in OPERATIONS.items()}


def test_everybody_who_asks_the_database_is_known() -> None:
    rooms = ("actors", "cli", "http", "supervisors", "storage")
    used = {
        name
        for _, text in text_of(*rooms)
        for name in re.findall(r"(?:labelled|\bresources\.of)\(\"(\w+)\"\)", text)
    }
    assert len(used) > 10
    assert used <= set(REPOSITORIES)


def test_the_actors_and_supervisors_are_those_of_the_tree() -> None:
    text = (ROOT / "supervisors" / "tree.py").read_text(encoding="utf-8")
    leaves = set(re.findall(r"_(?:leaf|core)\(\s*\"(\w+)\"", text))
    # The actors of indexers come and go, and are told apart by their numbers.
    assert leaves | {"torznab"} == set(ACTORS)
    supervisors: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Name(id="SupervisorSpec"), keywords=keywords):
                supervisors |= {name_in(each.value) for each in keywords if each.arg == "name"}
    assert supervisors == set(SUPERVISORS)


def name_in(value: Any) -> str:
    assert isinstance(value, ast.Constant)
    return str(value.value)


def test_every_reason_that_the_importer_gives_is_known() -> None:
    given = {
        reason
        for _, text in text_of("actors/importer")
        for reason in re.findall(r"(?:default_reason = |[( ]reason=)\"(\w+)\"", text)
    }
    failures = (ROOT / "actors" / "importer" / "_failures.py").read_text(encoding="utf-8")
    given |= set(re.findall(r"errno\.\w+: \(\"(\w+)\"", failures))
    assert len(given) > 25
    assert given <= set(FAILURE_REASONS)


def test_values_are_plain_words() -> None:
    for name, values in KNOWN_LABELS.items():
        if name == "quality":
            continue
        for value in values:
            for word in value if isinstance(value, tuple) else (value,):
                assert re.fullmatch(r"[A-Za-z0-9_]+", word), (name, value)
