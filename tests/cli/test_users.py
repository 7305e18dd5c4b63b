"""The commands for people: on the machine itself, without a key, with passwords that no argument shows."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import trio

from reeld.cli import users
from reeld.cli.app import run_app
from reeld.domain.errors import Refused
from reeld.domain.settings import Settings

PASSWORD = "correct horse battery"


class Terminal(io.StringIO):
    """Standard input that is typed."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def command(
    daemon_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Runs a command with a text on standard input; returns its code and what it printed."""
    monkeypatch.setenv("REELD_DATA_DIR", str(daemon_settings.data_dir))

    async def run(*words: str, given: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        capsys.readouterr()
        code = await trio.to_thread.run_sync(run_app, list(words))
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    return run


async def test_people_are_added_listed_changed_and_removed(
    running_daemon: Any, command: Any
) -> None:
    code, shown = await command("user", "add", "Anna", "--role", "operator", given=f"{PASSWORD}\n")
    assert code == 0, shown
    assert PASSWORD not in shown
    login = {"username": "anna", "password": PASSWORD}
    assert (await running_daemon.stranger.post("/api/login", json=login)).status_code == 200

    code, shown = await command("user", "role", "anna", "admin", "--json")
    assert code == 0, shown
    code, shown = await command("user", "list", "--json")
    document, _ = json.JSONDecoder().raw_decode(shown[shown.index("[\n") :])
    listed = {each["name"]: each["role"] for each in document}
    assert listed == {"admin": "admin", "Anna": "admin"}
    code, shown = await command("user", "list")
    assert "Anna" in shown

    code, shown = await command("user", "password", "anna", given="a new password\n")
    assert code == 0, shown
    assert (await running_daemon.stranger.post("/api/login", json=login)).status_code == 401
    login["password"] = "a new password"
    assert (await running_daemon.stranger.post("/api/login", json=login)).status_code == 200

    assert (await command("user", "remove", "admin"))[0] == 0
    for words in (("remove", "anna"), ("role", "anna", "viewer")):
        code, shown = await command("user", *words)
        assert code == 1
        assert "last administrator" in shown
    code, shown = await command("user", "remove", "nobody")
    assert code == 1
    assert "no user" in shown


@pytest.mark.parametrize("given", ["", "\n", "short\n", f"{'x' * 1025}\n"])
async def test_a_password_that_is_none_or_too_short_or_long_is_refused(
    running_daemon: Any, command: Any, given: str
) -> None:
    code, shown = await command("user", "add", "anna", given=given)
    assert code == 1
    assert "x" * 20 not in shown
    assert [each["name"] for each in (await running_daemon.http.get("/api/users")).json()] == [
        "admin"
    ]


def test_a_password_is_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    typed = iter([PASSWORD, PASSWORD, PASSWORD, "another"])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))
    assert users.read_password() == PASSWORD
    with pytest.raises(Refused, match="two different"):
        users.read_password()


def test_no_command_takes_a_password_as_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["user", "add", "anna", "--password", PASSWORD]) != 0
    assert run_app(["user", "password", "anna", PASSWORD]) != 0
