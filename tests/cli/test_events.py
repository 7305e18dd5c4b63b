from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, ClassVar

import pytest
import trio

from reeld.cli.events import _following
from reeld.cli.events._socket import Lost
from reeld.domain.errors import ReeldError
from reeld.domain.history import EventKind
from reeld.storage import Database
from reeld.storage.events import append

KEY = "the-key-of-the-tests"


async def tell(database: Database, number: int, **more: object) -> None:
    async with database.transaction() as conn:
        await append(
            conn, EventKind.MOVIE_SEARCHED, number, {"movie_id": number, "found": 0, **more}
        )


async def run(url: str, *words: str, key: str = KEY) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "REELD_URL": url, "REELD_API_KEY": key}
    command = [sys.executable, "-m", "reeld", "events", *words]

    def done() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=60, check=False
        )

    return await trio.to_thread.run_sync(done)


async def test_events_are_shown_as_lines_for_people_and_as_json_for_programs(
    running_daemon: Any, database: Database
) -> None:
    url = running_daemon.started.url
    await tell(database, 7, source="hd\x1b[31mbits")
    await tell(database, 8)
    shown = await run(url, "--since", "0", "--topic", "movie", "--once", "--json")
    assert shown.returncode == 0, shown.stderr
    messages = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [each["kind"] for each in messages] == ["hello", *["movie.searched"] * 2, "current"]
    shown = await run(url, "--since", "0", "--once", "--topic", "movie")
    first, second = shown.stdout.splitlines()
    assert "movie.searched" in first
    assert "movie_id=8" in second
    assert "\x1b" not in shown.stdout
    refused = await run(url, key="a-wrong-key")
    assert refused.returncode == 1
    assert "API key" in refused.stderr


class Socket:
    """A daemon that says one thing each time, and then is gone."""

    opened: ClassVar[list[str]] = []

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.opened.append(url.partition("?")[2])
        if len(self.opened) == 2:
            raise Lost("It restarts.")

    def __enter__(self) -> Any:
        seq = len(self.opened)
        kind = "current" if seq == 4 else "hello"
        return iter([json.dumps({"seq": seq, "kind": kind, "at": "", "data": {}})])

    def __exit__(self, *_: object) -> None:
        if len(self.opened) < 4:
            raise Lost("It was closed with 1001.")


@pytest.fixture
def restarting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    Socket.opened = []
    monkeypatch.setattr(_following, "EventSocket", Socket)
    monkeypatch.setattr(_following, "AGAIN_SECONDS", 0)
    monkeypatch.setenv("REELD_URL", "http://127.0.0.1:1")
    return Socket.opened


def test_a_lost_connection_is_resumed_after_what_was_seen_last(restarting: list[str]) -> None:
    assert _following.follow_events([], None, once=True, as_json=True) == 0
    assert restarting == ["", "since=1", "since=1", "since=3"]


def test_a_daemon_that_stays_away_ends_the_command(
    restarting: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_following, "TRIES", 0)
    with pytest.raises(ReeldError) as caught:
        _following.follow_events([], 0, once=True, as_json=True)
    assert caught.value.reason == "no_daemon"
