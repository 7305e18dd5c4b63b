"""The runbooks: one page an alert, all of one form, and nothing in them that does not exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from cyclopts import CycloptsError

from reeld.cli.app import app
from reeld.deploy.prometheus import ALERTS, index_page

DOCS: Final = Path(__file__).parents[2] / "docs"
FOLDER: Final = DOCS / "runbooks"
NAMES: Final = sorted({alert.name for alert in ALERTS})
SECTIONS: Final = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
PAGES: Final = [*(FOLDER / f"{name}.md" for name in NAMES), DOCS / "operating.md"]
LONGEST_LINES: Final = 75

PENDING_COMMANDS: Final = ("backup", "dump", "systemd", "top")
"""First words of commands that the command line does not have yet; empty this when it has."""
PENDING_ROUTES: Final = ("POST /control/actors/{name}/unpark",)
"""Routes that the daemon does not have yet; empty this when it has."""


def page_of(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def blocks_of(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def shell_of(text: str) -> Iterator[str]:
    """The lines of the shell blocks without comments, and what stands in the text as code."""
    for block in blocks_of(text, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            yield re.sub(r"\s#.*", "", line)
    yield from re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    )


def reeld_commands_of(text: str) -> Iterator[list[str]]:
    for line in shell_of(text):
        for command in re.findall(
            r"(?:^|[;|(]\s*|\bdo\s+|\bexec\s+)reeld((?:\s+[^;|()&#]+)?)", line
        ):
            yield shlex.split(re.sub(r"\$\w+", "1", command))


def calls_of(text: str) -> Iterator[str]:
    """The calls of the daemon, as method and path."""
    for line in shell_of(text):
        if not line.startswith("curl"):
            continue
        for path in re.findall(r"(?:\$REELD|http://127\.0\.0\.1:7878)(/[^\s'\"?]*)", line):
            yield f"{'POST' if '-X POST' in line else 'GET'} {path}"


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.md")) == sorted([*NAMES, "README"])


def test_the_list_of_pages_is_what_the_table_says() -> None:
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == index_page(), "run `make docs`"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_the_four_sections_and_says_in_each_something_to_do_or_to_know(
    name: str,
) -> None:
    text = page_of(name)
    _, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    titles = [section.partition("\n")[0] for section in sections]
    bodies = dict(
        zip(titles, (section.partition("\n")[2].strip() for section in sections), strict=True)
    )
    assert titles == SECTIONS
    assert all(len(body) > 40 for body in bodies.values())
    assert blocks_of(bodies["Diagnosis"], "sh") or blocks_of(bodies["Diagnosis"], "promql")
    assert blocks_of(text, "promql")
    assert any(True for _ in shell_of(bodies["Mitigation"]))
    assert len(text.splitlines()) <= LONGEST_LINES, "whoever was woken reads one screen"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_begins_with_what_the_table_says_of_its_alert(name: str) -> None:
    rows = [alert for alert in ALERTS if alert.name == name]
    severities = ", ".join(dict.fromkeys(str(alert.severity) for alert in rows))
    head = f"*{severities}* · {rows[0].summary} · dashboard `{rows[0].dashboard}`"
    assert page_of(name).startswith(f"# {name}\n\n{head}\n\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_reeld_command_on_a_page_is_one_of_the_command_line(page: Path) -> None:
    for words in reeld_commands_of(page.read_text(encoding="utf-8")):
        if words and words[0] in PENDING_COMMANDS:
            continue
        try:
            app.parse_args(words, exit_on_error=False, print_error=False)
        except CycloptsError as error:
            pytest.fail(f"reeld {shlex.join(words)}: {error}")


def test_a_command_that_does_not_exist_is_noticed() -> None:
    found = list(
        reeld_commands_of("```sh\nreeld mend --all   # not there\n```\nand `reeld status`")
    )
    assert found == [["mend", "--all"], ["status"]]
    with pytest.raises(CycloptsError):
        app.parse_args(["mend", "--all"], exit_on_error=False, print_error=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_query_on_a_page_can_be_read_and_asks_for_what_exists(
    page: Path, complaints_about: Callable[[str], list[str]]
) -> None:
    for query in blocks_of(page.read_text(encoding="utf-8"), "promql"):
        assert complaints_about(query) == [], query


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_on_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


async def test_every_call_on_a_page_is_a_route_of_the_daemon(running_daemon: Any) -> None:
    answer = await running_daemon.http.get("/api/schema/openapi.json")
    routes = [
        f"{method.upper()} {path}"
        for path, methods in answer.json()["paths"].items()
        for method in methods
    ]
    known = [
        re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route)))
        for route in (*routes, *PENDING_ROUTES)
    ]
    called = {call for page in PAGES for call in calls_of(page.read_text(encoding="utf-8"))}
    assert len(called) > 10
    assert [each for each in sorted(called) if not any(k.fullmatch(each) for k in known)] == []


def test_every_event_that_a_page_looks_for_in_the_log_is_written_by_somebody() -> None:
    rooms = ("actors", "cli", "http", "storage", "supervisors", "telemetry")
    sources = "".join(
        path.read_text(encoding="utf-8")
        for room in rooms
        for path in (DOCS.parent / room).rglob("*.py")
    )
    patterns = {
        event
        for page in PAGES
        for line in shell_of(page.read_text(encoding="utf-8"))
        for found in re.findall(r"journalctl .*grep (?:-E )?'?([\w|]+)'?$", line.strip())
        for event in found.split("|")
        if "_" in event
    }
    assert len(patterns) > 10
    assert [event for event in sorted(patterns) if f'"{event}' not in sources] == []
