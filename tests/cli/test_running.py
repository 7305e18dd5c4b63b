from __future__ import annotations

import json
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reeld.cli.running import make_folders, sentence_of
from reeld.domain.errors import DatabaseUnavailable, ReeldError, Refused
from reeld.domain.settings import LibrarySettings, Settings

Start = Callable[..., Any]


@pytest.fixture
def start(tmp_path: Path, daemon_starter: Start) -> Iterator[Start]:
    """Starts daemons and sees that none is left."""
    started: list[Any] = []

    def begin(*flags: str, **environ: str) -> Any:
        given = {
            "REELD_DATA_DIR": str(tmp_path / "data"),
            "REELD_BIND": "127.0.0.1:0",
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            **environ,
        }
        started.append(daemon_starter(given, tmp_path, *flags))
        return started[-1]

    yield begin
    for run in started:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


def key_in(said: str) -> str:
    (line,) = [line for line in said.splitlines() if line.startswith("API key")]
    return line.rsplit(" ", 1)[1]


def url_in(said: str) -> str:
    return said.split("reeld is ready at ")[1].split(maxsplit=1)[0]


def test_the_first_start_shows_a_key_once_and_sigterm_ends_it_well(
    start: Start, tmp_path: Path
) -> None:
    first = start()
    first.wait_until_ready()
    url, key = url_in(first.said), key_in(first.said)
    with httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/ready").status_code == 200
        assert client.get("/api/movies").status_code == 401
        assert client.get("/api/movies", headers={"X-Api-Key": key}).status_code == 200
    note = tmp_path / "data" / "daemon.json"
    assert json.loads(note.read_text())["url"] == url
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert first.stop() == 0
    assert not note.exists()

    second = start()
    second.wait_until_ready()
    assert "API key" not in second.said
    with httpx.Client(base_url=url_in(second.said), trust_env=False) as client:
        assert client.get("/api/movies", headers={"X-Api-Key": key}).status_code == 200
    assert second.stop(signal.SIGINT) == 0


def test_a_second_daemon_on_the_same_data_is_refused_and_harms_nothing(start: Start) -> None:
    first = start(REELD_API_KEY="a-key-of-ours")
    first.wait_until_ready()
    assert "API key" not in first.said
    assert "a-key-of-ours" not in first.said
    second = start(REELD_API_KEY="a-key-of-ours")
    assert second.end() == 1
    (sentence,) = [line for line in second.said.splitlines() if line.startswith("reeld: ")]
    assert str(first.process.pid) in sentence
    assert "REELD_DATA_DIR" in sentence
    assert "Traceback" not in second.said
    answer = httpx.get(
        f"{url_in(first.said)}/api/movies",
        headers={"X-Api-Key": "a-key-of-ours"},
        trust_env=False,
    )
    assert answer.status_code == 200
    assert json.loads((first.data / "daemon.json").read_text())["pid"] == first.process.pid
    assert first.stop() == 0


def test_a_port_in_use_is_named_with_its_setting(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        run = start(REELD_BIND=f"127.0.0.1:{other.getsockname()[1]}")
        assert run.end() == 1
    assert "REELD_BIND" in run.said
    assert "Traceback" not in run.said


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"REELD_TMDB_REQUESTS_PER_SECOND": "hunter22"}, "tmdb.requests_per_second"),
        ({"REELD_BIND": "hunter22"}, "bind"),
        ({"REELD_DATABASE_URL": "mysql://hunter22"}, "database_url"),
    ],
)
def test_a_bad_setting_is_named_and_its_value_is_not(
    start: Start, variables: dict[str, str], named: str
) -> None:
    run = start(**variables)
    assert run.end() == 1
    assert run.said.startswith(f"reeld: {named}: ")
    assert "hunter22" not in run.said
    assert len(run.said.splitlines()) == 1


def test_a_data_directory_that_cannot_be_made_is_told(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = start(REELD_DATA_DIR=str(tmp_path / "file" / "data"))
    assert run.end() == 1
    assert "REELD_DATA_DIR" in run.said
    assert "Traceback" not in run.said


def test_flags_win_over_variables(start: Start, tmp_path: Path) -> None:
    run = start("--data-dir", str(tmp_path / "other"), "--bind", "nonsense")
    assert run.end() == 1
    assert run.said.startswith("reeld: bind: ")


# What can be seen without a process


def test_a_library_that_somebody_named_is_not_made(tmp_path: Path) -> None:
    named = tmp_path / "named"
    make_folders(Settings(data_dir=tmp_path / "data", library=LibrarySettings(root_folder=named)))
    assert not named.exists()
    ours = tmp_path / "data" / "library"
    make_folders(Settings(data_dir=tmp_path / "data", library=LibrarySettings(root_folder=ours)))
    assert ours.is_dir()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_the_innermost_foreseen_sentence_is_what_a_person_must_know() -> None:
    inner = Refused("Set REELD_BIND.")
    middle = DatabaseUnavailable("outer")
    middle.__cause__ = inner
    outer = ExceptionGroup("", [ExceptionGroup("", [middle])])
    assert sentence_of(outer) == "Set REELD_BIND."
    assert sentence_of(ValueError("as it is")) == "ValueError: as it is"


def test_a_circle_of_causes_does_not_go_on_for_ever() -> None:
    one, other = ReeldError("one"), ReeldError("other")
    one.__cause__, other.__cause__ = other, one
    assert sentence_of(one) in {"one", "other"}
