from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

from reeld import __version__
from reeld.cli import app as app_module
from reeld.cli.app import app
from reeld.cli.endings import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE
from reeld.domain.movie import Stage
from reeld.storage.work import WorkState


def paths(of: App, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The commands that do something, each as the words that call it."""
    for name in of:
        if name.startswith("-"):
            continue
        words = (*above, name)
        below = list(paths(of[name], words))
        yield from below or [words]


COMMANDS = sorted(paths(app))


def test_every_command_is_there() -> None:
    assert {" ".join(words) for words in COMMANDS} == {
        "actor drain",
        "actor pause",
        "actor restart",
        "actor resume",
        "actor unpark",
        "breaker disable",
        "breaker open",
        "breaker reset",
        "backup create",
        "backup former",
        "backup list",
        "backup restore",
        "backup verify",
        "config reset",
        "config set",
        "config show",
        "decide",
        "demo",
        "doctor",
        "download add",
        "dump",
        "events",
        "formats delete",
        "formats export",
        "formats import",
        "formats list",
        "formats show",
        "formats test",
        "groups block",
        "groups clear",
        "groups prefer",
        "groups show",
        "history",
        "indexer add",
        "indexer list",
        "indexer remove",
        "indexer test",
        "key add",
        "key list",
        "key revoke",
        "user list",
        "user add",
        "user role",
        "user password",
        "user remove",
        "log-level",
        "movie add",
        "movie find",
        "movie list",
        "movie releases",
        "movie search",
        "movie why",
        "parse",
        "profiles delete",
        "profiles export",
        "profiles import",
        "profiles list",
        "profiles set",
        "profiles show",
        "queue",
        "run",
        "secrets rotate",
        "secrets status",
        "session list",
        "session revoke",
        "status",
        "top",
        "wanted cutoff",
        "wanted missing",
        "systemd install",
        "systemd uninstall",
        "work discard",
        "work list",
        "work retry",
    }


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_help_of_a_command_has_an_example(words: tuple[str, ...], command: Any) -> None:
    answer = command(*words, "--help")
    assert answer.code == 0
    assert "Examples:" in answer.out
    assert f"reeld {' '.join(words)}" in answer.out.split("Examples:")[1]


@pytest.mark.parametrize("words", [words for words in COMMANDS if words != ("run",)], ids=" ".join)
def test_a_command_that_shows_something_can_show_it_as_json(
    words: tuple[str, ...], command: Any
) -> None:
    assert "--json" in command(*words, "--help").out


@pytest.mark.parametrize(
    ("words", "values"),
    [(("movie", "list", "--stage"), Stage), (("work", "list", "--state"), WorkState)],
)
def test_a_choice_is_shown_in_the_help_and_in_what_is_said_about_a_wrong_one(
    words: tuple[str, ...], values: type[StrEnum], command: Any
) -> None:
    helped = command(*words[:-1], "--help").out
    answer = command(*words, "nope")
    assert answer.code == EXIT_USAGE
    for value in values:
        assert value in helped.replace("-", "_")
        assert value in (answer.out + answer.err).replace("-", "_")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_help_says_what_every_argument_is(words: tuple[str, ...], command: Any) -> None:
    found = app
    for word in words:
        found = found[word]
    for argument in found.assemble_argument_collection(parse_docstring=True):
        assert argument.parameter.help, argument.names


def test_the_help_says_where_settings_are_listed_and_how_another_daemon_is_called(
    command: Any,
) -> None:
    said = " ".join(command("--help").out.split())
    assert "docs/settings.md" in said
    for variable in ("REELD_DATA_DIR", "REELD_URL", "REELD_API_KEY"):
        assert variable in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("movie", "nonsense"),
        ("status", "--nonsense"),
        ("movie", "search", "x"),
        ("parse",),
    ],
)
def test_a_command_that_does_not_exist_is_a_usage_error(
    arguments: tuple[str, ...], command: Any
) -> None:
    answer = command(*arguments)
    assert answer.code == EXIT_USAGE
    assert answer.out == "" or answer.err == ""


def test_the_version_is_told(command: Any) -> None:
    assert command("--version").out.strip() == __version__


def test_a_name_is_parsed_as_a_table_and_as_json(command: Any) -> None:
    name = "The.General.1926.1080p.BluRay.x264-GROUP"
    assert "The General" in command("parse", name).out
    assert command("parse", name, "--json").document["year"] == 1926


def test_without_a_daemon_a_command_says_how_to_have_one(command: Any, tmp_path: Any) -> None:
    environ = {"REELD_DATA_DIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    for words in (("status",), ("movie", "list"), ("queue",), ("history",), ("work", "list")):
        answer = command(*words, "--json", environ=environ)
        assert answer.code == EXIT_FAILED
        assert answer.out == ""
        assert "reeld run" in answer.err


def test_a_setting_that_is_wrong_is_named(command: Any, tmp_path: Any) -> None:
    answer = command("status", environ={"REELD_BIND": "hunter22", "XDG_CONFIG_HOME": str(tmp_path)})
    assert answer.code == EXIT_FAILED
    assert answer.err.startswith("reeld: bind: ")
    assert "hunter22" not in answer.err


def test_ctrl_c_ends_a_command_without_a_traceback(
    command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app_module, "app", interrupted)
    answer = command("status")
    assert answer.code == EXIT_INTERRUPTED
    assert answer.err == ""


def test_nothing_is_written_any_more_to_a_reader_that_went_away() -> None:
    script = (
        "import os, sys; from reeld.cli import app\n"
        "def chatter(*_, **__):\n"
        "    while True: print('x' * 1000)\n"
        "app.app = chatter\n"
        "code = app.run_app([])\n"
        "print(os.readlink('/proc/self/fd/1'), file=sys.stderr); sys.exit(code)"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read().decode().strip() == os.devnull
    assert process.returncode == EXIT_FAILED


@contextmanager
def a_doctor_in_the_middle(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`reeld doctor` that waits for an answer of TMDB, its first lines written."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environ = {name: text for name, text in os.environ.items() if not name.startswith("REELD_")}
        environ |= {
            "REELD_DATA_DIR": str(tmp_path / "data"),
            "XDG_CONFIG_HOME": str(tmp_path),
            "REELD_TMDB_TOKEN": "token",
            "REELD_TMDB_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "reeld", "doctor"],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            silent.settimeout(120)
            connection, _ = silent.accept()
            with connection:
                yield process
        finally:
            process.kill()
            process.communicate()


@pytest.mark.timeout(300)
def test_ctrl_c_ends_checks_that_run_at_once_without_a_traceback(tmp_path: Path) -> None:
    with a_doctor_in_the_middle(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == EXIT_INTERRUPTED
    assert said == ""


def test_checks_that_run_at_once_end_without_a_traceback_when_their_reader_goes_away() -> None:
    command = [sys.executable, "-m", "reeld", "doctor"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == EXIT_FAILED
    assert said == b""


def test_the_help_loads_nothing_heavy() -> None:
    script = (
        "import sys, json; from reeld.cli.app import run_app; code = run_app(['--help'])\n"
        "heavy = [m for m in ('litestar', 'httpx', 'psycopg', 'guessit', 'feedparser', 'trio') if m in sys.modules]\n"
        "print(json.dumps(heavy), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stderr) == []
