"""What README.md shows is so: its settings can be read, its routes answer, its tree is the daemon's."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reeld.cli.app import app
from reeld.cli.settings import known_variables, read_settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def section(title: str) -> str:
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def block(text: str, language: str = "") -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


# Settings


def test_the_settings_shown_can_be_used_as_they_stand(tmp_path: Path) -> None:
    text = block(README, "toml")
    file = tmp_path / "reeld.toml"
    file.write_text(text, encoding="utf-8")
    settings = read_settings({"REELD_CONFIG": str(file)})
    shown = tomllib.loads(text)
    for name in ("tmdb", "hdbits", "qbittorrent", "library", "decision"):
        section_read = getattr(settings, name)
        for key in shown[name]:
            assert getattr(section_read, key) is not None, f"{name}.{key}"
    assert [feed.name for feed in settings.feeds] == [feed["name"] for feed in shown["feeds"]]
    assert str(settings.data_dir) == shown["data_dir"]


def test_what_is_shown_commented_out_can_be_used_too(tmp_path: Path) -> None:
    file = tmp_path / "reeld.toml"
    text = re.sub(r"^# (?=\w+ = )", "", block(README, "toml"), flags=re.MULTILINE)
    text = text.replace("postgresql://…", "postgresql://u:p@db/reeld").replace("…", "as-you-like")
    file.write_text(text, encoding="utf-8")
    settings = read_settings({"REELD_CONFIG": str(file)})
    assert settings.database_url
    assert settings.server.api_key
    assert settings.server.metrics_token


def test_every_variable_that_is_named_exists() -> None:
    named = set(re.findall(r"REELD_[A-Z_]+[A-Z]", README))
    others = {"REELD_CONFIG", "REELD_URL", "REELD_REQUIRE_SERVICES"}
    assert named <= known_variables() | others


# Commands


def test_every_command_that_is_shown_exists() -> None:
    fenced = "".join(re.findall(r"^```\n(.*?)^```", README, re.DOTALL | re.MULTILINE))
    code = [*fenced.splitlines(), *re.findall(r"`([^`\n]+)`", README)]
    calls = (re.match(r"(?:\.venv/bin/)?reeld ([a-z-]+)(?: ([a-z-]+))?", line) for line in code)
    shown = [(found[1], found[2]) for found in calls if found]
    assert shown
    for first, second in shown:
        command = app[first]
        if second and list(command):
            below = [name for name in command if not name.startswith("-")]
            assert not below or second in below, f"reeld {first} {second}"


# Routes


def routes(table: str) -> Iterator[tuple[str, str]]:
    """Method and path of each route that the table names; a path without a method answers those of the one before."""
    base, methods = "", {"GET"}
    for row in table.splitlines():
        for code in re.findall(r"`([^`]+)`", row.split("|")[1] if row.startswith("|") else ""):
            *given, path = code.split()
            methods = METHODS & set(given) or methods
            whole = path if not path.startswith("/{") else base + path
            base = base if path.startswith("/{") else whole.split("/{")[0]
            for method in methods if given else {"any"}:
                yield method, re.sub(r"{[^}]*}", "{}", whole)


async def test_every_route_of_the_table_exists_and_wants_the_key_as_is_said(
    running_daemon: Any,
) -> None:
    document = (await running_daemon.http.get("/api/schema/openapi.json")).json()
    there = {
        re.sub(r"{[^}]*}", "{}", path): {method.upper() for method in item}
        for path, item in document["paths"].items()
    }
    table = section("Over HTTP")
    shown = list(routes(table))
    assert len(shown) > 10
    for method, path in shown:
        assert path in there, path
        assert method == "any" or method in there[path], f"{method} {path}"
    rows = [row for row in table.splitlines() if row.startswith("| `")]
    without_key = {path for _, path in routes(rows[0])}
    for method, path in shown:
        answer = await running_daemon.stranger.request(
            "GET" if method == "any" else method, path.replace("{}", "1")
        )
        if path in without_key:
            assert answer.status_code == 200, path
        elif method != "any":
            assert answer.status_code == 401, path


# The tree


@pytest.fixture
async def branches(running_daemon: Any) -> dict[str, tuple[str, list[str]]]:
    """The branches of the daemon's tree: strategy and the names of their children."""
    tree = (await running_daemon.http.get("/control/actors")).json()
    return {
        node["name"]: (
            node["strategy"].replace("_", "-"),
            [child["name"] for child in node["children"]],
        )
        for node in [tree, *tree["children"]]
    }


async def test_the_tree_shown_is_the_daemon_s(branches: dict[str, tuple[str, list[str]]]) -> None:
    drawn = block(section("The actor tree"))
    root, *below = (line for line in drawn.splitlines() if line.strip())
    shown = {"root": (root.split()[1], [line.split()[1] for line in below])}
    for line in below:
        _, name, strategy, children = re.split(r"\s+", line, maxsplit=3)
        names = re.match(r"[a-z]+(?: · [a-z]+)*", children)
        assert names is not None
        shown[name] = (strategy, names[0].split(" · "))
    assert shown == branches
