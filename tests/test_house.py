"""How the house is laid out: who may import whom, and what a module must have."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
LINKS: Final = ROOT / "src" / "reeld"

MAY_IMPORT: Final[dict[str, tuple[str, ...] | None]] = {
    "domain": (),
    "grafana": (),
    "telemetry": (),
    "storage": ("domain", "telemetry"),
    "migrations": ("storage.connection", "storage.conninfo", "storage.errors", "domain.errors"),
    "services": ("domain", "telemetry"),
    "actors": ("services", "storage", "domain", "telemetry"),
    "supervisors": ("actors", "storage", "telemetry", "domain"),
    "http": ("actors.kernel", "supervisors", "storage", "domain", "telemetry"),
    "simulators": ("domain",),
    "deploy": (),
    "cli": None,
}
"""What each room may import beside itself; None: everything, because it puts the parts together."""

ONLY_THE_FACE: Final = {("http", "supervisors"): "supervisors", ("http", "actors"): "actors.kernel"}
"""Where a room may use another one's public face and none of its modules."""

LONGEST_FILE: Final = 450
EMPTY_NAMES: Final = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}

ROOMS: Final = tuple(MAY_IMPORT)


def modules_of(room: str) -> list[Path]:
    return sorted(path for path in (ROOT / room).rglob("*.py") if "__pycache__" not in path.parts)


ALL_MODULES: Final = [path for room in ROOMS for path in modules_of(room)]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it: also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                # `from reeld.storage import work` may name a module as well as a value.
                yield from (f"{module}.{each.name}" for each in names)
            case ast.ImportFrom(level=level) if level:
                pytest.fail(f"{name_of(path)} imports relatively, in line {node.lineno}")


def rooms_used_by(room: str) -> dict[str, set[str]]:
    """The modules of other rooms that a room imports, by importing file."""
    used: dict[str, set[str]] = {}
    for path in modules_of(room):
        for name in imports_of(path):
            package, *rest = name.split(".")
            if package == "reeld" and rest and rest[0] in ROOMS and rest[0] != room:
                used.setdefault(name_of(path), set()).add(".".join(rest))
    return used


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_the_rooms_below_it(room: str) -> None:
    allowed = MAY_IMPORT[room]
    if allowed is None:
        return
    wrong = {
        file: sorted(outside)
        for file, names in rooms_used_by(room).items()
        if (
            outside := {n for n in names if not f"{n}.".startswith(tuple(f"{a}." for a in allowed))}
        )
    }
    assert not wrong


@pytest.mark.parametrize(("room", "other"), ONLY_THE_FACE)
def test_the_web_server_knows_only_the_face_of_the_rooms_that_it_steers(
    room: str, other: str
) -> None:
    face = ONLY_THE_FACE[room, other]
    names = {n for each in rooms_used_by(room).values() for n in each if n.split(".")[0] == other}
    deeper = {n for n in names if n.removeprefix(f"{face}.").count(".") or n == other}
    assert names
    assert not deeper


def test_no_circle_runs_through_the_rooms() -> None:
    edges = {
        room: {n.split(".")[0] for names in rooms_used_by(room).values() for n in names}
        for room in ROOMS
    }
    while edges:
        leaves = {room for room, needs in edges.items() if not needs & set(edges)}
        assert leaves, f"a circle runs through {sorted(edges)}"
        edges = {room: needs for room, needs in edges.items() if room not in leaves}


@pytest.mark.parametrize("folder", [*ROOMS, "tests"])
def test_no_module_is_imported_without_the_name_of_its_package(folder: str) -> None:
    # `import storage` works from the checkout and loads a second copy of every class.
    standard = {"http"}
    wrong = [
        f"{name_of(path)}: {name}"
        for path in modules_of(folder)
        for name in imports_of(path)
        if (first := name.split(".")[0]) in ROOMS and first not in standard
    ]
    assert not wrong


def test_no_folder_shadows_the_http_package_of_the_standard_library() -> None:
    assert not (ROOT / "http" / "__init__.py").exists()
    assert not list((ROOT / "tests").rglob("__init__.py"))
    script = "import http, http.server; print(http.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert str(ROOT) not in done.stdout


def test_the_package_holds_one_relative_link_for_each_room() -> None:
    links = {path.name: path.readlink() for path in LINKS.iterdir() if path.is_symlink()}
    assert set(links) == set(ROOMS)
    for room, target in links.items():
        assert target == Path("../..") / room
        assert (LINKS / room).resolve() == ROOT / room


def test_every_python_folder_of_the_root_is_a_room() -> None:
    apart = {"src", "tests", "bench", "dist", "build", "docs"}
    folders = {path.relative_to(ROOT).parts[0] for path in ROOT.glob("[!.]*/**/*.py")} - apart
    assert folders == set(ROOMS)


@pytest.mark.parametrize("path", ALL_MODULES, ids=name_of)
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if not path.name.startswith("_") or path.name == "__init__.py":
        assert ast.get_docstring(ast.parse(text)), "it has no docstring"
    assert len(text.splitlines()) <= LONGEST_FILE
    assert not {part.strip("_").removesuffix(".py") for part in path.parts} & EMPTY_NAMES
    assert "TO" + "DO" not in text
    assert "FIX" + "ME" not in text


# Writes go through the fence --------------------------------------------------------------------------------------------

WRITES: Final = re.compile(
    r"\b(INSERT\s+INTO|DELETE\s+FROM|UPDATE\s+\w+(\s+\w+)?\s+SET|TRUNCATE)\b"
)


def unfenced(path: Path) -> Iterator[str]:
    """Every statement that a file runs on a database itself, not in a transaction of it, which is what is fenced."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = {
        target.id: ast.unparse(node.value)
        for node in tree.body
        for target in assigned(node)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
    }
    for function in ast.walk(tree):
        if isinstance(function, ast.AsyncFunctionDef):
            readers = {
                each.arg
                for each in function.args.args
                if each.annotation is not None and ast.unparse(each.annotation) == "Reader"
            }
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and (sql := statement_of(call, readers)) is not None:
                    yield known.get(sql, sql)


def assigned(node: ast.stmt) -> list[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target for target in targets if isinstance(target, ast.Name)]


def statement_of(call: ast.Call, readers: set[str]) -> str | None:
    """Return the statement of a call such as `database.fetch_one(sql)` or `fetch_one(source, sql)`."""
    match call.func, call.args:
        case ast.Attribute(value=on, attr="fetch_all" | "fetch_one" | "execute"), [sql, *_]:
            there = ast.unparse(on)
        case ast.Name(id="fetch_all" | "fetch_one"), [on, sql, *_]:
            there = ast.unparse(on)
        case _:
            return None
    return ast.unparse(sql) if there in readers or there.endswith("database") else None


@pytest.mark.parametrize("path", ALL_MODULES, ids=name_of)
def test_nothing_is_written_past_the_fence(path: Path) -> None:
    assert [sql for sql in unfenced(path) if WRITES.search(sql)] == []


def test_a_write_past_the_fence_is_seen(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(
        "_FORGET: Final = '''DELETE FROM work'''\n"
        "async def one(self): await self._database.execute('UPDATE work SET state = 1')\n"
        "async def two(source: Reader): await fetch_one(source, _FORGET)\n"
        "async def three(database): await database.fetch_all('SELECT 1 FOR UPDATE')\n"
    )
    assert [bool(WRITES.search(sql)) for sql in unfenced(bad)] == [True, True, False]
